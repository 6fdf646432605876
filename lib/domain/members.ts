import { query, transaction, type Statement, type Transaction } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashPassword, hashToken, newToken } from "@/lib/platform/secrets";
import { assertPassword, normalizeEmail, PUT_MEMBER } from "./accounts";
import { recordAudit } from "./audit";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { authorize } from "./permissions";

/* Who belongs to a workspace, and as what. A workspace keeps at least one owner, whatever happens at once. */

export interface Member {
  userId: string;
  name: string;
  email: string;
  role: Role;
  since: Date;
  /** Has an account, but has not set a password yet. */
  invited: boolean;
}

const LIST: Statement = {
  name: "list-members",
  text: `select u.id as "userId", u.name, u.email, m.role, m.created_at as since, u.invite_hash is not null as invited
         from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 order by m.created_at, u.id`,
};

/** The members of a workspace, oldest first. */
export async function listMembers(ctx: Context, workspaceSlug: string): Promise<Member[]> {
  const { workspaceId } = authorize(ctx, "manage members", workspaceSlug);
  return query<Member>(LIST, [workspaceId]);
}

const LOCK_WORKSPACE: Statement = { name: "members-lock-workspace", text: `select id from workspaces where id = $1 for no key update` };
const FIND_USER: Statement = { name: "members-find-user", text: `select id, name from users where email = $1` };
const FIND_ROLE: Statement = { name: "members-find-role", text: `select m.role, u.name from memberships m join users u on u.id = m.user_id where m.workspace_id = $1 and m.user_id = $2` };
const OTHER_OWNER: Statement = {
  name: "members-other-owner",
  text: `select 1 as found from memberships where workspace_id = $1 and role = 'OWNER' and user_id <> $2 limit 1`,
};

async function assertOwnerRemains(tx: Transaction, workspaceId: string, user: { id: string; name: string }): Promise<void> {
  if ((await tx.query(OTHER_OWNER, [workspaceId, user.id])).length > 0) return;
  throw new DomainError("last_owner", `${user.name} is the last owner. Make somebody else an owner first.`);
}

/** How long the one-time link to set a password works. */
export const INVITE_MS = 7 * 24 * 60 * 60 * 1000;

const INSERT_USER: Statement = {
  name: "members-insert-user",
  text: `insert into users (id, email, name, invite_hash, invite_until, created_at) values ($1, $2, $3, $4, $5, $6)`,
};

/**
 * Adds a person to a workspace, or changes the role of one who belongs to it. Somebody without an account gets one, and
 * `inviteToken` for a one-time link to set their password: answered once, stored nowhere.
 * Throws `invalid_input`, and `last_owner` when the last one's role would fall.
 */
export async function addMember(ctx: Context, input: { workspaceSlug: string; email: string; name?: string | undefined; role: Role }): Promise<{ userId: string; inviteToken: string | null }> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  const email = normalizeEmail(input.email);
  return transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    let [user] = await tx.query<{ id: string; name: string }>(FIND_USER, [email]);
    let inviteToken: string | null = null;
    if (!user) {
      user = { id: newId(), name: input.name?.trim() || email.split("@")[0]! };
      inviteToken = newToken();
      await tx.query(INSERT_USER, [user.id, email, user.name, hashToken(inviteToken), new Date(ctx.now.getTime() + INVITE_MS), ctx.now]);
    }
    const [before] = await tx.query<{ role: Role }>(FIND_ROLE, [workspaceId, user.id]);
    if (before?.role === "OWNER" && input.role !== "OWNER") await assertOwnerRemains(tx, workspaceId, user);
    await tx.query(PUT_MEMBER, [workspaceId, user.id, input.role, ctx.now]);
    await recordAudit(tx, ctx, [{ workspaceId, action: before ? "member.role_changed" : "member.added", targetType: "user", targetId: user.id, targetName: user.name, details: { role: input.role, before: before?.role ?? null } }]);
    return { userId: user.id, inviteToken };
  });
}

/**
 * Takes a person out of a workspace, with their API keys for it. What they made or deleted stays.
 * Repeating does nothing. Throws `last_owner`.
 */
export async function removeMember(ctx: Context, input: { workspaceSlug: string; userId: string }): Promise<void> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  await transaction(async (tx) => {
    await tx.query(LOCK_WORKSPACE, [workspaceId]);
    const [member] = await tx.query<{ role: Role; name: string }>(FIND_ROLE, [workspaceId, input.userId]);
    if (!member) return;
    if (member.role === "OWNER") await assertOwnerRemains(tx, workspaceId, { id: input.userId, name: member.name });
    await tx.query({ name: "members-delete-keys", text: "delete from api_keys where workspace_id = $1 and user_id = $2" }, [workspaceId, input.userId]);
    await tx.query({ name: "members-delete", text: "delete from memberships where workspace_id = $1 and user_id = $2" }, [workspaceId, input.userId]);
    await recordAudit(tx, ctx, [{ workspaceId, action: "member.removed", targetType: "user", targetId: input.userId, targetName: member.name }]);
  });
}

const ACCEPT: Statement = {
  name: "accept-invite",
  text: `update users set password_hash = $2, invite_hash = null, invite_until = null, session_version = session_version + 1
         where invite_hash = $1 and invite_until > now() returning email`,
};

/** Sets the password of whoever holds a one-time link; the link is then used up. Throws `not_found`, `invalid_input`. */
export async function acceptInvite(input: { token: string; password: string }): Promise<{ email: string }> {
  assertPassword(input.password);
  const [user] = await query<{ email: string }>(ACCEPT, [hashToken(input.token), await hashPassword(input.password)]);
  if (!user) throw new DomainError("not_found", "This link was used already, or is too old. Ask an owner of your workspace for a new one.");
  return user;
}
