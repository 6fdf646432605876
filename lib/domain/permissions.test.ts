import { expect, test } from "vitest";
import type { Context, Membership } from "@/lib/domain/context";
import { allows, authorize, authorizeSystem, PERMISSIONS, SCOPES, type Permission } from "@/lib/domain/permissions";
import { outcomeOf } from "@/lib/testing/lifecycle";

const ROLES = ["OWNER", "EDITOR", "VIEWER"] as const;
const memberOf = (role: Membership["role"]): Membership => ({ workspaceId: "w", slug: "acme", name: "Acme", role });
const contextOf = (actor: Context["actor"]): Context => ({ actor, now: new Date(0), requestId: "r" });
const session = (role: Membership["role"]) =>
  contextOf({ type: "USER", userId: "u", name: "Ada", memberships: [memberOf(role)] });
const key = (role: Membership["role"], scopes: readonly (typeof SCOPES)[number][]) =>
  contextOf({ type: "API_KEY", keyId: "k", userId: "u", name: "Ada", scopes, memberships: [memberOf(role)] });

const codeOf = (ctx: Context, permission: Permission, slug = "acme") =>
  outcomeOf(Promise.resolve().then(() => authorize(ctx, permission, slug)));

const names = Object.keys(PERMISSIONS) as Permission[];

test.each(names)(
  "to %s takes a role that has it; a key takes the one scope and its owner's role besides",
  async (name) => {
    const { roles, scope }: { roles: readonly string[]; scope: (typeof SCOPES)[number] | null } = PERMISSIONS[name];
    for (const role of ROLES) {
      const granted = roles.includes(role);
      expect([role, await codeOf(session(role), name)]).toEqual([role, granted ? "done" : "forbidden"]);
      const byAllScopes = scope !== null && granted ? "done" : "missing_scope";
      expect([role, await codeOf(key(role, SCOPES), name)]).toEqual([role, byAllScopes]);
      const others = SCOPES.filter((one) => one !== scope);
      expect([role, await codeOf(key(role, others), name)]).toEqual([role, "missing_scope"]);
      expect(allows(session(role), name, "acme")).toBe(granted);
    }
  },
);

test("no key purges or reads what only owners in the web app may, whatever its scopes", async () => {
  for (const name of ["purge", "manage members", "read audit log"] as const)
    expect([name, await codeOf(key("OWNER", SCOPES), name)]).toEqual([name, "missing_scope"]);
});

test("a workspace that one is no member of is as one that does not exist", async () => {
  for (const ctx of [session("OWNER"), key("OWNER", SCOPES)])
    for (const name of names) expect(await codeOf(ctx, name, "globex")).toBe("not_found");
  expect(() => allows(session("OWNER"), "purge", "globex")).toThrow("not_found");
});

test("a job of ours may do everything in the workspace that it works for, and nobody else is one", async () => {
  const job = contextOf({ type: "SYSTEM", job: "purge", memberships: [memberOf("OWNER")] });
  for (const name of names) expect(await codeOf(job, name)).toBe("done");
  expect(() => authorizeSystem(job)).not.toThrow();
  expect(() => authorizeSystem(session("OWNER"))).toThrow("forbidden");
  expect(() => authorizeSystem(key("OWNER", SCOPES))).toThrow("forbidden");
});
