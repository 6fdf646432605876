import { prisma, statement, transaction } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashPassword } from "@/lib/platform/secrets";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { authorizeSystem } from "@/lib/domain/permissions";

/* Users, workspaces and who belongs to which. */

/** An e-mail address as it is stored. Throws `invalid_input`. */
export const normalizeEmail = (email: string): string => {
  const normal = email.trim().toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(normal) || normal.length > 254)
    throw new DomainError("invalid_input", `"${email}" is not an e-mail address.`, { field: "email" });
  return normal;
};

/** Throws `invalid_input` for a password that is too short to be one. */
export function assertPassword(password: string): void {
  if (password.length < 8)
    throw new DomainError("invalid_input", "The password must have at least 8 characters.", { field: "password" });
}

/** Makes a user who signs in with a password of at least 8 characters. Throws `already_exists`, `invalid_input`. */
export async function createUser(
  ctx: Context,
  input: { email: string; name: string; password: string },
): Promise<{ userId: string; email: string }> {
  authorizeSystem(ctx);
  const email = normalizeEmail(input.email);
  assertPassword(input.password);
  const userId = newId();
  const passwordHash = await hashPassword(input.password);
  await refuseDuplicate(`There is a user ${email} already.`, () =>
    prisma().user.create({ data: { id: userId, email, name: input.name, passwordHash, createdAt: ctx.now } }),
  );
  return { userId, email };
}

/** Gives a user another password and ends their sessions; an open invitation is used up. Throws `not_found`. */
export async function setPassword(ctx: Context, input: { email: string; password: string }): Promise<void> {
  authorizeSystem(ctx);
  const changed = await prisma().user.updateMany({
    where: { email: normalizeEmail(input.email) },
    data: {
      passwordHash: await hashPassword(input.password),
      sessionVersion: { increment: 1 },
      inviteHash: null,
      inviteUntil: null,
    },
  });
  if (changed.count === 0) throw new DomainError("not_found", `There is no user ${input.email}.`);
}

/** The user with an e-mail address. Throws `not_found`. */
export async function getUserByEmail(ctx: Context, email: string): Promise<{ id: string; name: string }> {
  authorizeSystem(ctx);
  const user = await prisma().user.findUnique({
    where: { email: normalizeEmail(email) },
    select: { id: true, name: true },
  });
  if (!user) throw new DomainError("not_found", `There is no user ${email}.`);
  return user;
}

/** Locks, those of all workspaces in one order. */
const LOCK_WORKSPACES_OF_USER = statement({
  name: "lock-workspaces-of-user",
  text: `
select w.id, w.slug, m.role from workspaces w join memberships m on m.workspace_id = w.id
where m.user_id = $1 order by w.id for no key update of w`,
});

/**
 * Deletes a user with their memberships and API keys, whose next call is refused. What they made, trashed or purged
 * stays and keeps their id. Throws `not_found`, and `last_owner` while a workspace would be left without one.
 */
export async function deleteUser(ctx: Context, input: { email: string }): Promise<{ userId: string }> {
  const user = await getUserByEmail(ctx, input.email);
  await transaction(async (tx) => {
    const workspaces = await tx.query<{ id: string; slug: string; role: Role }>(LOCK_WORKSPACES_OF_USER, [user.id]);
    for (const workspace of workspaces) {
      if (workspace.role !== "OWNER") continue;
      const other = await tx.membership.findFirst({
        where: { workspaceId: workspace.id, role: "OWNER", userId: { not: user.id } },
      });
      if (!other) {
        throw new DomainError(
          "last_owner",
          `${input.email} is the last owner of "${workspace.slug}". Make somebody else an owner first.`,
        );
      }
    }
    await tx.apiKey.deleteMany({ where: { userId: user.id } });
    await tx.membership.deleteMany({ where: { userId: user.id } });
    await tx.user.deleteMany({ where: { id: user.id } }); // of two at once, the second finds nobody
    await recordAudit(
      tx,
      ctx,
      workspaces.map((w) => ({
        workspaceId: w.id,
        action: "user.deleted" as const,
        targetType: "user" as const,
        targetId: user.id,
        targetName: user.name,
      })),
    );
  });
  return { userId: user.id };
}
