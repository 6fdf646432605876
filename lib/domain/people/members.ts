import { query, transaction, type Statement, type Transaction } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashPassword, hashToken, newToken } from "@/lib/platform/secrets";
import { assertPassword, normalizeEmail, PUT_MEMBER } from "./accounts";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/* Who belongs to a workspace, and as what. A workspace keeps at least one owner, whatever happens at once. */

export interface Member {
  userId: string;
  name: string;
  email: string;
  role: Role;
  since: Date;
  /** Has an account, but has not set a password yet: the one-time link still works, or it is too old. */
  invitation: "OPEN" | "EXPIRED" | null;
  /** API keys in force, which stop when the person leaves. */
  apiKeys: number;
  /** Is the only owner: can neither be removed nor given another role. */
  lastOwner: boolean;
}

const LIST: Statement = {
  name: "list-members",
  text: `select u.id as "userId", u.name, u.email, m.role, m.created_at as since,
           case when u.invite_hash is null then null when u.invite_until > $2 then 'OPEN' else 'EXPIRED' end as invitation,
           (select count(*)::int from api_keys k where k.workspace_id = m.workspace_id and k.user_id = m.user_id and k.revoked_at is null) as "apiKeys",
           m.role = 'OWNER' and count(*) filter (where m.role = 'OWNER') over () = 1 as "lastOwner"
         from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 order by m.created_at, u.id`,
};

/** The members of a workspace, oldest first. */
export async function listMembers(ctx: Context, workspaceSlug: string): Promise<Member[]> {
  const { workspaceId } = authorize(ctx, "manage members", workspaceSlug);
  return query<Member>(LIST, [workspaceId, ctx.now]);
}

const LOCK_WORKSPACE: Statement = {
  name: "members-lock-workspace",
  text: `select id from workspaces where id = $1 for no key update`,
};
const FIND_USER: Statement = { name: "members-find-user", text: `select id, name from users where email = $1` };
const FIND_MEMBER: Statement = {
  name: "members-find-member",
  text: `select u.id, m.role, u.name from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 and m.user_id = $2`,
};
const OTHER_OWNER: Statement = {
  name: "members-other-owner",
  text: `select 1 as found from memberships where workspace_id = $1 and role = 'OWNER' and user_id <> $2 limit 1`,
};

interface MemberRow {
  id: string;
  name: string;
  role: Role;
}

async function assertOwnerRemains(
  tx: Transaction,
  workspaceId: string,
  user: { id: string; name: string },
): Promise<void> {
  if ((await tx.query(OTHER_OWNER, [workspaceId, user.id])).length > 0) return;
  throw new DomainError("last_owner", `${user.name} is the last owner. Make somebody else an owner first.`);
}

/** Gives a member another role, under the workspace's lock; nothing when it is theirs already. */
async function putRole(
  tx: Transaction,
  ctx: Context,
  workspaceId: string,
  member: MemberRow,
  role: Role,
): Promise<void> {
  if (member.role === role) return;
  if (member.role === "OWNER") await assertOwnerRemains(tx, workspaceId, member);
  await tx.query(PUT_MEMBER, [workspaceId, member.id, role, ctx.now]);
  await recordAudit(tx, ctx, [
    {
      workspaceId,
      action: "member.role_changed",
      targetType: "user",
      targetId: member.id,
      targetName: member.name,
      details: { role, before: member.role },
    },
  ]);
}

/** How long the one-time link to set a password works. */
export const INVITE_MS = 7 * 24 * 60 * 60 * 1000;

const inviteUntil = (ctx: Context): Date => new Date(ctx.now.getTime() + INVITE_MS);

const INSERT_USER: Statement = {
  name: "members-insert-user",
  text: `insert into users (id, email, name, invite_hash, invite_until, created_at) values ($1, $2, $3, $4, $5, $6)`,
};

/** A one-time link's token: answered once, stored nowhere. */
export interface Invite {
  token: string;
  until: Date;
}

export interface AddedMember {
  userId: string;
  name: string;
  /** The role until now, of somebody who was a member already. */
  before: Role | null;
  invite: Invite | null;
}

/**
 * Adds a person to a workspace, or changes the role of one who belongs to it. Somebody without an account gets one, and
 * an invite for a link to set their password. Repeating does nothing.
 * Throws `invalid_input`, `already_exists` when somebody else makes the account at this moment, and `last_owner` when the
 * last one's role would fall.
 */
export async function addMember(
  ctx: Context,
  input: { workspaceSlug: string; email: string; name?: string | undefined; role: Role },
): Promise<AddedMember> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  const email = normalizeEmail(input.email);
  return refuseDuplicate(`Somebody is making an account for ${email} at this moment. Try again.`, () =>
    transaction(async (tx) => {
      await tx.query(LOCK_WORKSPACE, [workspaceId]);
      const [known] = await tx.query<{ id: string; name: string }>(FIND_USER, [email]);
      const [member] = known ? await tx.query<MemberRow>(FIND_MEMBER, [workspaceId, known.id]) : [];
      if (member) {
        await putRole(tx, ctx, workspaceId, member, input.role);
        return { userId: member.id, name: member.name, before: member.role, invite: null };
      }
      const invite = known ? null : { token: newToken(), until: inviteUntil(ctx) };
      const user = known ?? { id: newId(), name: parseName(input.name?.trim() || email.split("@")[0]!) };
      if (invite)
        await tx.query(INSERT_USER, [user.id, email, user.name, hashToken(invite.token), invite.until, ctx.now]);
      await tx.query(PUT_MEMBER, [workspaceId, user.id, input.role, ctx.now]);
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "member.added",
          targetType: "user",
          targetId: user.id,
          targetName: user.name,
          details: { role: input.role },
        },
      ]);
      return { userId: user.id, name: user.name, before: null, invite };
    }),
  );
}

/** Gives a member another role. Repeating does nothing. Throws `not_found` for nobody of this workspace, `last_owner`. */
export async function changeRole(
  ctx: Context,
  input: { workspaceSlug: string; userId: string; role: Role },
): Promise<void> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  await transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    const [member] = await tx.query<MemberRow>(FIND_MEMBER, [workspaceId, input.userId]);
    if (!member) throw new DomainError("not_found", "This person is not a member any more. Reload the page.");
    await putRole(tx, ctx, workspaceId, member, input.role);
  });
}

/**
 * Takes a person out of a workspace, with their API keys for it, whose next call is refused. What they made or deleted
 * stays. Repeating does nothing. Throws `last_owner`.
 */
export async function removeMember(ctx: Context, input: { workspaceSlug: string; userId: string }): Promise<void> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  await transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    const [member] = await tx.query<MemberRow>(FIND_MEMBER, [workspaceId, input.userId]);
    if (!member) return;
    if (member.role === "OWNER") await assertOwnerRemains(tx, workspaceId, member);
    await tx.query(
      { name: "members-delete-keys", text: "delete from api_keys where workspace_id = $1 and user_id = $2" },
      [workspaceId, input.userId],
    );
    await tx.query(
      { name: "members-delete", text: "delete from memberships where workspace_id = $1 and user_id = $2" },
      [workspaceId, input.userId],
    );
    await recordAudit(tx, ctx, [
      { workspaceId, action: "member.removed", targetType: "user", targetId: input.userId, targetName: member.name },
    ]);
  });
}

const FOREIGN_MEMBERSHIP: Statement = {
  name: "members-foreign-membership",
  text: `select 1 as found from memberships theirs where theirs.user_id = $1 and not exists (
           select 1 from memberships ours where ours.workspace_id = theirs.workspace_id and ours.user_id = $2 and ours.role = 'OWNER') limit 1`,
};

const RENEW: Statement = {
  name: "renew-invite",
  text: `update users set invite_hash = $2, invite_until = $3 where id = $1 and invite_hash is not null returning name`,
};

/**
 * Makes a new one-time link for a member who has not set a password yet; the old one stops working.
 * Who holds the link signs in as that person, so it is made only by an owner of every workspace that the person is in.
 * Throws `not_found` when the person is no member, or has a password; `forbidden`.
 */
export async function renewInvite(ctx: Context, input: { workspaceSlug: string; userId: string }): Promise<Invite> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  const invite = { token: newToken(), until: inviteUntil(ctx) };
  await transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    const [member] = await tx.query<MemberRow>(FIND_MEMBER, [workspaceId, input.userId]);
    const [renewed] = member ? await tx.query(RENEW, [member.id, hashToken(invite.token), invite.until]) : [];
    if (!member || !renewed)
      throw new DomainError(
        "not_found",
        "This person has set a password already, or is not a member any more. Reload the page.",
        { field: "invitation" },
      );
    if (ctx.actor.type === "USER" && (await tx.query(FOREIGN_MEMBERSHIP, [member.id, ctx.actor.userId])).length > 0) {
      throw new DomainError(
        "forbidden",
        `${member.name} belongs to another workspace too. Ask its owner, or whoever runs this server, for a new link.`,
        { field: "invitation" },
      );
    }
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "member.invite_renewed",
        targetType: "user",
        targetId: member.id,
        targetName: member.name,
      },
    ]);
  });
  return invite;
}

const noSuchInvite = (): DomainError =>
  new DomainError(
    "not_found",
    "This link was used already, or is too old. Ask an owner of your workspace for a new one.",
    { field: "invite" },
  );

const FIND_INVITE: Statement = {
  name: "find-invite",
  text: `select email, name from users where invite_hash = $1 and invite_until > now()`,
};

/** Whom a one-time link is for; looking does not use it up. Throws `not_found`, alike for used, too old and unknown. */
export async function getInvite(token: string): Promise<{ email: string; name: string }> {
  const [invited] = await query<{ email: string; name: string }>(FIND_INVITE, [hashToken(token)]);
  if (!invited) throw noSuchInvite();
  return invited;
}

const ACCEPT: Statement = {
  name: "accept-invite",
  text: `update users set password_hash = $2, invite_hash = null, invite_until = null, session_version = session_version + 1
         where invite_hash = $1 and invite_until > now() returning id, name, email, date_trunc('milliseconds', now()) as now`,
};
const MEMBERSHIPS: Statement = {
  name: "members-workspaces-of-user",
  text: `select workspace_id as "workspaceId" from memberships where user_id = $1 order by workspace_id`,
};

/**
 * Sets the password of whoever holds a one-time link, and ends their sessions. The link is then used up: of two at once,
 * one wins. Throws `not_found` as getInvite, `invalid_input`.
 */
export async function acceptInvite(input: { token: string; password: string }): Promise<{ email: string }> {
  assertPassword(input.password);
  await getInvite(input.token); // a guess costs no password hash
  const passwordHash = await hashPassword(input.password);
  return transaction(async (tx) => {
    const [user] = await tx.query<{ id: string; name: string; email: string; now: Date }>(ACCEPT, [
      hashToken(input.token),
      passwordHash,
    ]);
    if (!user) throw noSuchInvite();
    const ctx: Context = {
      actor: { type: "USER", userId: user.id, name: user.name, memberships: [] },
      now: user.now,
      requestId: newId(),
    };
    const workspaces = await tx.query<{ workspaceId: string }>(MEMBERSHIPS, [user.id]);
    await recordAudit(
      tx,
      ctx,
      workspaces.map(({ workspaceId }) => ({
        workspaceId,
        action: "member.joined" as const,
        targetType: "user" as const,
        targetId: user.id,
        targetName: user.name,
      })),
    );
    return { email: user.email };
  });
}
