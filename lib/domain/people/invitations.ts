import { query, statement, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { hashPassword, hashToken, newToken } from "@/lib/platform/secrets";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { takeLocks, workspaceLock } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { assertPassword } from "./accounts";

/* One-time links with which somebody new sets a password. */

/** How long the one-time link to set a password works. */
export const INVITE_MS = 7 * 24 * 60 * 60 * 1000;

/** A one-time link's token: answered once, stored nowhere. */
export interface Invite {
  token: string;
  until: Date;
}

/** A new link, valid for INVITE_MS from now. */
export const newInvite = (ctx: Context): Invite => ({
  token: newToken(),
  until: new Date(ctx.now.getTime() + INVITE_MS),
});

/**
 * Makes a new one-time link for a member who has not set a password yet; the old one stops working.
 * Who holds the link signs in as that person, so it is made only by an owner of every workspace that the person is in.
 * Throws `not_found` when the person is no member, or has a password; `forbidden`.
 */
export async function renewInvite(ctx: Context, input: { workspaceSlug: string; userId: string }): Promise<Invite> {
  const { workspaceId } = authorize(ctx, "manage members", input.workspaceSlug);
  const invite = newInvite(ctx);
  await transaction(async (tx) => {
    await takeLocks(tx, workspaceLock(workspaceId));
    const member = await tx.membership.findUnique({
      where: { workspaceId_userId: { workspaceId, userId: input.userId } },
      select: { user: { select: { id: true, name: true } } },
    });
    const renewed =
      member &&
      (await tx.user.updateMany({
        where: { id: member.user.id, inviteHash: { not: null } },
        data: { inviteHash: hashToken(invite.token), inviteUntil: invite.until },
      }));
    if (!member || renewed?.count !== 1)
      throw new DomainError(
        "not_found",
        "This person has set a password already, or is not a member any more. Reload the page.",
        { field: "invitation" },
      );
    const { actor } = ctx;
    const elsewhere =
      actor.type === "USER" &&
      (await tx.membership.findFirst({
        where: {
          userId: member.user.id,
          workspace: { memberships: { none: { userId: actor.userId, role: "OWNER" } } },
        },
        select: { workspaceId: true },
      }));
    if (elsewhere) {
      throw new DomainError(
        "forbidden",
        `${member.user.name} belongs to another workspace too. Ask its owner, or whoever runs this server, for a new link.`,
        { field: "invitation" },
      );
    }
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "member.invite_renewed",
        targetType: "user",
        targetId: member.user.id,
        targetName: member.user.name,
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

/** The database's clock: whoever has the link is nobody yet, and has no context. */
const FIND_INVITE = statement({
  name: "find-invite",
  text: `select email, name from users where invite_hash = $1 and invite_until > now()`,
});

/** Whom a one-time link is for; looking does not use it up. Throws `not_found`, alike for used, too old and unknown. */
export async function getInvite(token: string): Promise<{ email: string; name: string }> {
  const [invited] = await query<{ email: string; name: string }>(FIND_INVITE, [hashToken(token)]);
  if (!invited) throw noSuchInvite();
  return invited;
}

/** The database's clock, and of two at once one wins. */
const ACCEPT = statement({
  name: "accept-invite",
  text: `
update users set password_hash = $2, invite_hash = null, invite_until = null, session_version = session_version + 1
where invite_hash = $1 and invite_until > now() returning id, name, email, date_trunc('milliseconds', now()) as now`,
});
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
    const workspaces = await tx.membership.findMany({
      where: { userId: user.id },
      orderBy: { workspaceId: "asc" },
      select: { workspaceId: true },
    });
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
