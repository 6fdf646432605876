import { prisma, transaction, type Transaction } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashToken } from "@/lib/platform/secrets";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { takeLocks, workspaceLock } from "@/lib/domain/locks";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { normalizeEmail } from "./accounts";
import { newInvite, type Invite } from "./invitations";

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

/** The members of a workspace, oldest first. */
export async function listMembers(ctx: Context, workspaceSlug: string): Promise<Member[]> {
  const { workspaceId } = authorize(ctx, "manage members", workspaceSlug);
  const members = await prisma().membership.findMany({
    where: { workspaceId },
    orderBy: [{ createdAt: "asc" }, { userId: "asc" }],
    select: {
      userId: true,
      role: true,
      createdAt: true,
      user: {
        select: {
          name: true,
          email: true,
          inviteHash: true,
          inviteUntil: true,
          _count: { select: { apiKeys: { where: { workspaceId, revokedAt: null } } } },
        },
      },
    },
  });
  const owners = members.filter(({ role }) => role === "OWNER").length;
  return members.map(({ userId, role, createdAt, user: { name, email, inviteHash, inviteUntil, _count } }) => ({
    userId,
    name,
    email,
    role,
    since: createdAt,
    invitation: inviteHash === null ? null : inviteUntil && inviteUntil > ctx.now ? "OPEN" : "EXPIRED",
    apiKeys: _count.apiKeys,
    lastOwner: role === "OWNER" && owners === 1,
  }));
}

interface MemberRow {
  id: string;
  name: string;
  role: Role;
}

/** A member, by the row that the workspace's lock keeps as it is. */
export async function findMember(tx: Transaction, workspaceId: string, userId: string): Promise<MemberRow | null> {
  const found = await tx.membership.findUnique({
    where: { workspaceId_userId: { workspaceId, userId } },
    select: { role: true, user: { select: { id: true, name: true } } },
  });
  return found && { ...found.user, role: found.role };
}

async function assertOwnerRemains(
  tx: Transaction,
  workspaceId: string,
  user: { id: string; name: string },
): Promise<void> {
  if (await tx.membership.findFirst({ where: { workspaceId, role: "OWNER", userId: { not: user.id } } })) return;
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
  await tx.membership.update({
    where: { workspaceId_userId: { workspaceId, userId: member.id } },
    data: { role },
  });
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
      await takeLocks(tx, workspaceLock(workspaceId));
      const known = await tx.user.findUnique({ where: { email }, select: { id: true, name: true } });
      const member = known && (await findMember(tx, workspaceId, known.id));
      if (member) {
        await putRole(tx, ctx, workspaceId, member, input.role);
        return { userId: member.id, name: member.name, before: member.role, invite: null };
      }
      const invite = known ? null : newInvite(ctx);
      const user = known ?? { id: newId(), name: parseName(input.name?.trim() || email.split("@")[0]!) };
      if (invite)
        await tx.user.create({
          data: { ...user, email, inviteHash: hashToken(invite.token), inviteUntil: invite.until, createdAt: ctx.now },
        });
      await tx.membership.create({ data: { workspaceId, userId: user.id, role: input.role, createdAt: ctx.now } });
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
    await takeLocks(tx, workspaceLock(workspaceId));
    const member = await findMember(tx, workspaceId, input.userId);
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
    await takeLocks(tx, workspaceLock(workspaceId));
    const member = await findMember(tx, workspaceId, input.userId);
    if (!member) return;
    if (member.role === "OWNER") await assertOwnerRemains(tx, workspaceId, member);
    await tx.apiKey.deleteMany({ where: { workspaceId, userId: input.userId } });
    await tx.membership.delete({ where: { workspaceId_userId: { workspaceId, userId: input.userId } } });
    await recordAudit(tx, ctx, [
      { workspaceId, action: "member.removed", targetType: "user", targetId: input.userId, targetName: member.name },
    ]);
  });
}
