import type { Role } from "@/lib/platform/generated/enums";
import type { Context, Membership } from "./context";
import { DomainError } from "./errors";
import type { Scope } from "./scopes";

export { SCOPES, type Scope } from "./scopes";

const EVERYBODY: readonly Role[] = ["OWNER", "EDITOR", "VIEWER"];
const WRITERS: readonly Role[] = ["OWNER", "EDITOR"];
const OWNERS: readonly Role[] = ["OWNER"];

/**
 * Who may do what: the roles that grant a permission to a session, and the scope that grants it to a key, which needs
 * its owner's role as well. `scope: null` means by no key, ever.
 */
export const PERMISSIONS = {
  "read workspace": { roles: EVERYBODY, scope: "workspace:read" },
  "read projects": { roles: EVERYBODY, scope: "project:read" },
  "read trash": { roles: EVERYBODY, scope: "project:read" },
  "create project": { roles: WRITERS, scope: "project:create" },
  "update project": { roles: WRITERS, scope: "project:update" },
  "upload images": { roles: WRITERS, scope: "image:upload" },
  "remove images": { roles: WRITERS, scope: "image:delete" },
  "read versions": { roles: EVERYBODY, scope: "version:read" },
  "create version": { roles: WRITERS, scope: "version:create" },
  "update version": { roles: WRITERS, scope: "version:update" },
  "run trainings": { roles: WRITERS, scope: "training-job:create" },
  "work on trainings": { roles: WRITERS, scope: "training-job:run" },
  "hand in models": { roles: WRITERS, scope: "model:deploy" },
  predict: { roles: EVERYBODY, scope: "model:infer" },
  "read api keys": { roles: OWNERS, scope: "api-key:read" },
  "create api key": { roles: OWNERS, scope: "api-key:create" },
  "revoke api key": { roles: OWNERS, scope: "api-key:revoke" },
  purge: { roles: OWNERS, scope: null },
  "manage members": { roles: OWNERS, scope: null },
  "read audit log": { roles: OWNERS, scope: null },
} as const satisfies Record<string, { roles: readonly Role[]; scope: Scope | null }>;

export type Permission = keyof typeof PERMISSIONS;

/**
 * The first line of every domain function, and the only way from a workspace's slug to its id.
 * Not a member: `not_found`, the same answer as for a slug that does not exist. Needs no query: the actor carries its
 * memberships, read by the statement that checked the key or the session.
 */
export function authorize(ctx: Context, permission: Permission, workspaceSlug: string): Membership {
  const { actor } = ctx;
  const membership = actor.memberships.find((m) => m.slug === workspaceSlug);
  if (!membership) throw new DomainError("not_found", "There is no such workspace, or you are not a member of it.");
  if (actor.type === "SYSTEM") return membership;

  const rule: { roles: readonly Role[]; scope: Scope | null } = PERMISSIONS[permission];
  const roleGrants = rule.roles.includes(membership.role);
  if (actor.type === "USER") {
    if (!roleGrants)
      throw new DomainError(
        "forbidden",
        `Your role in "${membership.slug}" is ${membership.role.toLowerCase()}, which does not include this. Ask an owner.`,
      );
    return membership;
  }
  if (rule.scope === null) throw new DomainError("missing_scope", "No API key can do this: sign in to the web app.");
  if (!actor.scopes.includes(rule.scope))
    throw new DomainError("missing_scope", `This API key lacks the scope ${rule.scope}. Use a key that has it.`, {
      scope: rule.scope,
    });
  if (!roleGrants)
    throw new DomainError(
      "missing_scope",
      `This API key's owner is ${membership.role.toLowerCase()} of "${membership.slug}", which does not include this.`,
    );
  return membership;
}

/** Whether `authorize` would let the actor pass: for pages, which offer only what may be done. Throws `not_found` as it does. */
export function allows(ctx: Context, permission: Permission, workspaceSlug: string): boolean {
  try {
    authorize(ctx, permission, workspaceSlug);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.code !== "not_found") return false;
    throw error;
  }
}

/** Guards what only our own jobs do. Anybody else gets `forbidden`. */
export function authorizeSystem(ctx: Context): void {
  if (ctx.actor.type !== "SYSTEM") throw new DomainError("forbidden", "Only the system's own jobs do this.");
}
