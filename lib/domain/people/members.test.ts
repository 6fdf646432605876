import { expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { hashToken } from "@/lib/platform/secrets";
import { buildApiKey, buildMember, buildUser, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, keyContext, memberContext, outcomeOf } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { setPassword } from "./accounts";
import { authenticateKey } from "./api-keys";
import { systemContext } from "@/lib/domain/context";
import { acceptInvite, getInvite, INVITE_MS, renewInvite } from "./invitations";
import { addMember, changeRole, listMembers, removeMember } from "./members";
import { authenticateSession, signInByVerifiedEmail, signIn } from "./sessions";

const PASSWORD = "correct horse";
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

// ── Roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────

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

// ── Invites ──────────────────────────────────────────────────────────────────────────────────────────────────────────

test("an invite's token is stored only as its hash", async () => {
  const world = await buildWorld();
  const { token, id } = await invite(world);
  expect((await prisma().user.findUniqueOrThrow({ where: { id } })).inviteHash).toBe(hashToken(token));
  for (const table of ["users", "memberships", "audit_events"]) {
    expect(
      await query(
        { name: `test-find-token-${table}`, text: `select 1 from ${table} t where position($1 in t::text) > 0` },
        [token],
      ),
      table,
    ).toEqual([]);
  }
});

test("the link sets the password, once, and the log says so", async () => {
  const world = await buildWorld();
  const { token, email, id } = await invite(world);
  expect(await signIn({ email, password: PASSWORD })).toBeNull();
  expect(await acceptInvite({ token, password: PASSWORD })).toEqual({ email });
  expect(await signIn({ email, password: PASSWORD })).toEqual({ userId: id, sessionVersion: 2 });
  await expect(acceptInvite({ token, password: "somebody else's" })).rejects.toMatchObject({ code: "not_found" });
  await expect(getInvite(token)).rejects.toMatchObject({ code: "not_found" });
  expect(await signIn({ email, password: PASSWORD })).not.toBeNull();
  expect(await auditedActions(world)).toEqual(["member.added", "member.joined"]);
  expect(
    await prisma().auditEvent.findFirst({ where: { workspaceId: world.workspace.id, action: "member.joined" } }),
  ).toMatchObject({ actorType: "USER", actorId: id });
});

test("looking at an invite, and a password that will not do, do not use it up", async () => {
  const { token, email } = await invite(await buildWorld());
  expect(await getInvite(token)).toMatchObject({ email });
  await expect(acceptInvite({ token, password: "short" })).rejects.toMatchObject({
    code: "invalid_input",
    details: { field: "password" },
  });
  expect(await getInvite(token)).toMatchObject({ email });
});

test("setting the password ends every session of before", async () => {
  const world = await buildWorld();
  const { token, id } = await invite(world);
  await authenticateSession({ userId: id, sessionVersion: 1 }, "r");
  await acceptInvite({ token, password: PASSWORD });
  await expect(authenticateSession({ userId: id, sessionVersion: 1 }, "r")).rejects.toMatchObject({
    code: "unauthorized",
  });
});

test("an invite works for 7 days; a used, a too old and an unknown one are refused alike", async () => {
  const world = await buildWorld();
  const { now } = await userContext(world);
  const fresh = await invite(world, { now: new Date(now.getTime() - INVITE_MS + 60_000) });
  const old = await invite(world, { now: new Date(now.getTime() - INVITE_MS) });
  const used = await invite(world);
  await acceptInvite({ token: used.token, password: PASSWORD });
  expect(await getInvite(fresh.token)).toMatchObject({ email: fresh.email });
  const refusals = await Promise.all(
    [old.token, used.token, "no-such-token", ""].map((token) =>
      getInvite(token).catch((error: unknown) => String(error)),
    ),
  );
  expect(new Set(refusals).size).toBe(1);
  await expect(acceptInvite({ token: old.token, password: PASSWORD })).rejects.toMatchObject({ code: "not_found" });
  const invitations = (await listMembers(await userContext(world), world.workspace.slug)).map(
    (member) => member.invitation,
  );
  expect(invitations).toEqual(expect.arrayContaining([null, "OPEN", "EXPIRED"]));
});

test("of two who use the link at once, one sets the password", async () => {
  const { token, email, id } = await invite(await buildWorld());
  const outcomes = await raceAt(
    ["users", { id }],
    [
      () => outcomeOf(acceptInvite({ token, password: "first password" })),
      () => outcomeOf(acceptInvite({ token, password: "second password" })),
    ],
  );
  expect([...outcomes].sort()).toEqual(["done", "not_found"]);
  const winner = outcomes[0] === "done" ? "first password" : "second password";
  expect(await signIn({ email, password: winner })).not.toBeNull();
});

test("a new link replaces the old one", async () => {
  const world = await buildWorld();
  const invited = await invite(world);
  const renewed = await renewInvite(await userContext(world), refOf(world, invited));
  await expect(getInvite(invited.token)).rejects.toMatchObject({ code: "not_found" });
  expect(await acceptInvite({ token: renewed.token, password: PASSWORD })).toEqual({ email: invited.email });
  expect(await auditedActions(world)).toEqual(["member.added", "member.invite_renewed", "member.joined"]);
});

test("nobody gets a link to the account of somebody who has a password, or signed in elsewhere, or is no member", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const [accepted, byAdmin, byProvider] = [await invite(world), await invite(world), await invite(world)];
  await acceptInvite({ token: accepted.token, password: PASSWORD });
  await setPassword(await systemContext("admin"), { email: byAdmin.email, password: PASSWORD });
  await signInByVerifiedEmail(byProvider.email);
  for (const person of [accepted, byAdmin, byProvider]) {
    await expect(getInvite(person.token)).rejects.toMatchObject({ code: "not_found" });
    expect(await outcomeOf(renewInvite(ctx, refOf(world, person)))).toBe("not_found");
  }
  expect(await outcomeOf(renewInvite(ctx, refOf(world, await invite(await buildWorld()))))).toBe("not_found");
});

test("an owner gets no link to an account that opens a workspace of somebody else", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const { email, id, token } = await invite(other);
  await addMember(await userContext(world), { workspaceSlug: world.workspace.slug, email, role: "VIEWER" });
  await expect(renewInvite(await userContext(world), refOf(world, { id }))).rejects.toMatchObject({
    code: "forbidden",
    details: { field: "invitation" },
  });
  expect(await getInvite(token)).toMatchObject({ email });
  await prisma().membership.create({
    data: { workspaceId: other.workspace.id, userId: world.owner.id, role: "OWNER" },
  });
  await renewInvite(await userContext(world), refOf(world, { id }));
});

test("a new link that is made while the old one is used is refused", async () => {
  const world = await buildWorld();
  const invited = await invite(world);
  const ctx = await userContext(world);
  const outcomes = await raceAt(
    ["users", invited],
    [
      () => outcomeOf(acceptInvite({ token: invited.token, password: PASSWORD })),
      () => outcomeOf(renewInvite(ctx, refOf(world, invited))),
    ],
  );
  expect(outcomes).toEqual(["done", "not_found"]);
  expect(await signIn({ email: invited.email, password: PASSWORD })).not.toBeNull();
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
