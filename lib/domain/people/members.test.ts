import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildMember, buildUser, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, keyContext, memberContext, outcomeOf } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { authenticateKey } from "./api-keys";
import { renewInvite } from "./invitations";
import { addMember, changeRole, listMembers, removeMember } from "./members";
import { authenticateSession } from "./sessions";

let made = 0;
const newEmail = (): string => `invited-${(made += 1)}@example.org`;

const refOf = (world: World, user: { id: string }) => ({ workspaceSlug: world.workspace.slug, userId: user.id });
const roles = async (world: World) =>
  Object.fromEntries(
    (await prisma().membership.findMany({ where: { workspaceId: world.workspace.id } })).map((m) => [m.userId, m.role]),
  );

async function invite(world: World, options: { email?: string; now?: Date } = {}) {
  const ctx = await userContext(world, options.now ? { now: options.now } : {});
  const email = options.email ?? newEmail();
  const added = await addMember(ctx, { workspaceSlug: world.workspace.slug, email, role: "VIEWER" });
  return { ...added, id: added.userId, email, token: added.invite!.token };
}

test("owners alone see and change members, and no key ever does", async () => {
  const world = await buildWorld();
  const victim = await invite(world);
  const before = [await roles(world), await auditedActions(world)];
  const contexts = [
    [await memberContext(world, "EDITOR"), "forbidden"],
    [await memberContext(world, "VIEWER"), "forbidden"],
    [await keyContext(world), "missing_scope"],
    [await userContext(await buildWorld()), "not_found"],
  ] as const;
  const withMembers = await roles(world);
  for (const [ctx, code] of contexts) {
    expect(await outcomeOf(listMembers(ctx, world.workspace.slug))).toBe(code);
    expect(
      await outcomeOf(addMember(ctx, { workspaceSlug: world.workspace.slug, email: newEmail(), role: "OWNER" })),
    ).toBe(code);
    expect(await outcomeOf(changeRole(ctx, { ...refOf(world, victim), role: "OWNER" }))).toBe(code);
    expect(await outcomeOf(removeMember(ctx, refOf(world, victim)))).toBe(code);
    expect(await outcomeOf(renewInvite(ctx, refOf(world, victim)))).toBe(code);
  }
  expect(await roles(world)).toEqual(withMembers);
  expect(await auditedActions(world)).toEqual(before[1]);
});

test("members are listed with their role, their keys in force, and whether they are the last owner", async () => {
  const world = await buildWorld();
  const editor = await buildMember(world, "EDITOR");
  const invited = await invite(world);
  await buildApiKey(world, { userId: editor.id });
  await buildApiKey(world, { userId: editor.id, revokedAt: new Date() });
  const list = async () => listMembers(await userContext(world), world.workspace.slug);
  expect(await list()).toMatchObject([
    { userId: world.owner.id, role: "OWNER", lastOwner: true, apiKeys: 0, invitation: null },
    { userId: editor.id, role: "EDITOR", lastOwner: false, apiKeys: 1, invitation: null },
    { userId: invited.id, role: "VIEWER", lastOwner: false, apiKeys: 0, invitation: "OPEN" },
  ]);
  await changeRole(await userContext(world), { ...refOf(world, editor), role: "OWNER" });
  expect((await list()).map((member) => member.lastOwner)).toEqual([false, false, false]);
});

test("the last owner can be neither removed nor given another role, by either way", async () => {
  const world = await buildWorld();
  const [ctx, ref] = [await userContext(world), refOf(world, world.owner)];
  const { email } = await prisma().user.findUniqueOrThrow({ where: { id: world.owner.id } });
  expect(await outcomeOf(removeMember(ctx, ref))).toBe("last_owner");
  expect(await outcomeOf(changeRole(ctx, { ...ref, role: "EDITOR" }))).toBe("last_owner");
  expect(await outcomeOf(addMember(ctx, { workspaceSlug: world.workspace.slug, email, role: "VIEWER" }))).toBe(
    "last_owner",
  );
  expect(await outcomeOf(changeRole(ctx, { ...ref, role: "OWNER" }))).toBe("done");
  expect([await roles(world), await auditedActions(world)]).toEqual([{ [world.owner.id]: "OWNER" }, []]);
});

test.each([
  ["remove each other", removeMember, removeMember],
  ["remove and demote each other", removeMember, demote],
  ["demote each other", demote, demote],
])("two owners who %s at once leave one owner", async (_what, first, second) => {
  const world = await buildWorld();
  const other = await buildMember(world, "OWNER");
  const [a, b] = [await userContext(world), await userContext(world, { user: other })];
  const outcomes = await raceAt(
    ["workspaces", world.workspace],
    [() => outcomeOf(first(a, refOf(world, other))), () => outcomeOf(second(b, refOf(world, world.owner)))],
  );
  expect(outcomes).toEqual(["done", "last_owner"]);
  expect(await roles(world)).toMatchObject({ [world.owner.id]: "OWNER" });
});

function demote(...[ctx, ref]: Parameters<typeof removeMember>): Promise<void> {
  return changeRole(ctx, { ...ref, role: "EDITOR" });
}

test("a role changes once, and the log has both roles", async () => {
  const world = await buildWorld();
  const [ctx, editor] = [await userContext(world), await buildMember(world, "EDITOR")];
  await changeRole(ctx, { ...refOf(world, editor), role: "VIEWER" });
  await changeRole(ctx, { ...refOf(world, editor), role: "VIEWER" });
  const events = await prisma().auditEvent.findMany({ where: { workspaceId: world.workspace.id } });
  expect(events).toMatchObject([
    { action: "member.role_changed", targetId: editor.id, details: { before: "EDITOR", role: "VIEWER" } },
  ]);
});

test("the role of somebody who is no member is not changed, and makes nobody one", async () => {
  const world = await buildWorld();
  const stranger = await buildUser();
  expect(await outcomeOf(changeRole(await userContext(world), { ...refOf(world, stranger), role: "OWNER" }))).toBe(
    "not_found",
  );
  expect(Object.keys(await roles(world))).toEqual([world.owner.id]);
});

test("somebody who has an account is added without an invite, whatever the case of the address", async () => {
  const world = await buildWorld();
  const user = await buildUser({ name: "Grace" });
  const ctx = await userContext(world);
  const input = { workspaceSlug: world.workspace.slug, email: ` ${user.email.toUpperCase()}`, role: "EDITOR" as const };
  expect(await addMember(ctx, input)).toEqual({ userId: user.id, name: "Grace", before: null, invite: null });
  expect(await addMember(ctx, input)).toEqual({ userId: user.id, name: "Grace", before: "EDITOR", invite: null });
  expect(await auditedActions(world)).toEqual(["member.added"]);
});

test.each(["", "ada", "ada@", "@example.org", "a b@example.org", `${"x".repeat(250)}@example.org`])(
  "%j is not an e-mail address",
  async (email) => {
    const world = await buildWorld();
    await expect(
      addMember(await userContext(world), { workspaceSlug: world.workspace.slug, email, role: "EDITOR" }),
    ).rejects.toMatchObject({ code: "invalid_input", details: { field: "email" } });
  },
);

test("a removed member is out at once, with their API keys for this workspace and no other", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const ctx = await userContext(world);
  const editor = await buildMember(world, "EDITOR");
  await prisma().membership.create({ data: { workspaceId: other.workspace.id, userId: editor.id, role: "EDITOR" } });
  const [key, elsewhere] = [
    await buildApiKey(world, { userId: editor.id }),
    await buildApiKey(other, { userId: editor.id }),
  ];
  await authenticateKey(key, "r");
  await removeMember(ctx, refOf(world, editor));
  await removeMember(ctx, refOf(world, editor));
  await expect(authenticateKey(key, "r")).rejects.toMatchObject({ code: "unauthorized" });
  await authenticateKey(elsewhere, "r");
  expect(
    (await authenticateSession({ userId: editor.id, sessionVersion: 1 }, "r")).actor.memberships.map((m) => m.slug),
  ).toEqual([other.workspace.slug]);
  expect(await auditedActions(world)).toEqual(["member.removed"]);
});

test("two owners who add the same new person at once make one account", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const email = newEmail();
  const results = await Promise.all(
    [world, other].map(async (w) =>
      outcomeOf(addMember(await userContext(w), { workspaceSlug: w.workspace.slug, email, role: "EDITOR" })),
    ),
  );
  expect(results.every((result) => ["done", "already_exists"].includes(result))).toBe(true);
  expect(await prisma().user.count({ where: { email } })).toBe(1);
});
