import { expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { hashToken } from "@/lib/platform/secrets";
import { buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, outcomeOf } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { setPassword } from "./accounts";
import { systemContext } from "@/lib/domain/context";
import { acceptInvite, getInvite, INVITE_MS, renewInvite } from "./invitations";
import { addMember, listMembers } from "./members";
import { authenticateSession, signInByVerifiedEmail, signIn } from "./sessions";

const PASSWORD = "correct horse";
let made = 0;
const newEmail = (): string => `invited-${(made += 1)}@example.org`;

const refOf = (world: World, user: { id: string }) => ({ workspaceSlug: world.workspace.slug, userId: user.id });

async function invite(world: World, options: { email?: string; now?: Date } = {}) {
  const ctx = await userContext(world, options.now ? { now: options.now } : {});
  const email = options.email ?? newEmail();
  const added = await addMember(ctx, { workspaceSlug: world.workspace.slug, email, role: "VIEWER" });
  return { ...added, id: added.userId, email, token: added.invite!.token };
}

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
