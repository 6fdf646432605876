import { prisma, query, transaction, type Statement } from "@/lib/platform/db";
import type { Role } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { hashPassword } from "@/lib/platform/secrets";
import { recordAudit } from "@/lib/domain/audit";
import type { Context, Membership } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { authorizeSystem } from "@/lib/domain/permissions";
import { assertSlug } from "@/lib/domain/slugs";

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

const INSERT_USER: Statement = {
  name: "insert-user",
  text: `insert into users (id, email, name, password_hash, created_at) values ($1, $2, $3, $4, $5)`,
};

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
    query(INSERT_USER, [userId, email, input.name, passwordHash, ctx.now]),
  );
  return { userId, email };
}

const SET_PASSWORD: Statement = {
  name: "set-password",
  text: `update users set password_hash = $2, session_version = session_version + 1, invite_hash = null, invite_until = null where email = $1 returning id`,
};

/** Gives a user another password and ends their sessions; an open invitation is used up. Throws `not_found`. */
export async function setPassword(ctx: Context, input: { email: string; password: string }): Promise<void> {
  authorizeSystem(ctx);
  const changed = await query(SET_PASSWORD, [normalizeEmail(input.email), await hashPassword(input.password)]);
  if (changed.length === 0) throw new DomainError("not_found", `There is no user ${input.email}.`);
}

const FIND_USER: Statement = { name: "find-user", text: `select id, name from users where email = $1` };

/** The user with an e-mail address. Throws `not_found`. */
export async function getUserByEmail(ctx: Context, email: string): Promise<{ id: string; name: string }> {
  authorizeSystem(ctx);
  const [user] = await query<{ id: string; name: string }>(FIND_USER, [normalizeEmail(email)]);
  if (!user) throw new DomainError("not_found", `There is no user ${email}.`);
  return user;
}

const LOCK_WORKSPACES_OF_USER: Statement = {
  name: "lock-workspaces-of-user",
  text: `select w.id, w.slug, m.role from workspaces w join memberships m on m.workspace_id = w.id where m.user_id = $1 order by w.id for no key update of w`,
};

const OTHER_OWNERS: Statement = {
  name: "other-owners",
  text: `select 1 as found from memberships where workspace_id = $1 and role = 'OWNER' and user_id <> $2 limit 1`,
};

/**
 * Deletes a user with their memberships and API keys, whose next call is refused. What they made, trashed or purged
 * stays and keeps their id. Throws `not_found`, and `last_owner` while a workspace would be left without one.
 */
export async function deleteUser(ctx: Context, input: { email: string }): Promise<{ userId: string }> {
  const user = await getUserByEmail(ctx, input.email);
  await transaction(async (tx) => {
    const workspaces = await tx.query<{ id: string; slug: string; role: Role }>(LOCK_WORKSPACES_OF_USER, [user.id]);
    for (const workspace of workspaces) {
      const others = await tx.query(OTHER_OWNERS, [workspace.id, user.id]);
      if (workspace.role === "OWNER" && others.length === 0) {
        throw new DomainError(
          "last_owner",
          `${input.email} is the last owner of "${workspace.slug}". Make somebody else an owner first.`,
        );
      }
    }
    await tx.query({ name: "delete-keys-of-user", text: "delete from api_keys where user_id = $1" }, [user.id]);
    await tx.query({ name: "delete-memberships-of-user", text: "delete from memberships where user_id = $1" }, [
      user.id,
    ]);
    await tx.query({ name: "delete-user", text: "delete from users where id = $1" }, [user.id]);
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

const INSERT_WORKSPACE: Statement = {
  name: "insert-workspace",
  text: `insert into workspaces (id, slug, name, created_at) values ($1, $2, $3, $4)`,
};
export const PUT_MEMBER: Statement = {
  name: "put-member",
  text: `insert into memberships (workspace_id, user_id, role, created_at) values ($1, $2, $3::"Role", $4)
         on conflict (workspace_id, user_id) do update set role = excluded.role`,
};

/** Makes a workspace with its first owner. Throws `already_exists`, `invalid_input`, `not_found`. */
export async function createWorkspace(
  ctx: Context,
  input: { slug: string; name: string; ownerEmail: string },
): Promise<{ workspaceId: string; slug: string }> {
  const owner = await getUserByEmail(ctx, input.ownerEmail);
  assertSlug(input.slug);
  const workspaceId = newId();
  await refuseDuplicate(`There is a workspace "${input.slug}" already.`, () =>
    transaction(async (tx) => {
      await tx.query(INSERT_WORKSPACE, [workspaceId, input.slug, input.name, ctx.now]);
      await tx.query(PUT_MEMBER, [workspaceId, owner.id, "OWNER", ctx.now]);
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "workspace.created",
          targetType: "workspace",
          targetId: workspaceId,
          targetName: input.name,
        },
      ]);
    }),
  );
  return { workspaceId, slug: input.slug };
}

/** A membership in any workspace as its owner's, for our own jobs. Throws `not_found`. */
export async function systemMembership(workspaceSlug: string): Promise<Membership> {
  const workspace = await prisma().workspace.findUnique({
    where: { slug: workspaceSlug },
    select: { id: true, slug: true, name: true },
  });
  if (!workspace) throw new DomainError("not_found", `There is no workspace "${workspaceSlug}".`);
  return { workspaceId: workspace.id, slug: workspace.slug, name: workspace.name, role: "OWNER" };
}
