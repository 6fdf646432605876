import { expect, test } from "vitest";
import { createUser } from "./accounts";
import { systemContext } from "@/lib/domain/context";
import { buildMember, buildUser, buildWorld, userContext } from "@/lib/testing/builders";
import { authenticateSession, signInByVerifiedEmail, setLocale, signIn, usersExist } from "./sessions";

const PASSWORD = "correct horse";
let made = 0;

async function makeUser(): Promise<{ userId: string; email: string }> {
  return createUser(await systemContext("test"), {
    email: `person-${(made += 1)}@example.org`,
    name: "Grace",
    password: PASSWORD,
  });
}

test("before the first user, nobody can sign in and that can be asked", async () => {
  expect(await usersExist()).toBe(false);
  await makeUser();
  expect(await usersExist()).toBe(true);
});

test("the right password signs in, whatever the case and the spaces around the address", async () => {
  const { userId, email } = await makeUser();
  expect(await signIn({ email: ` ${email.toUpperCase()} `, password: PASSWORD })).toEqual({
    userId,
    sessionVersion: 1,
  });
});

test("a wrong password, an unknown address and a user without a password are refused alike", async () => {
  const { email } = await makeUser();
  const invited = await buildUser();
  expect(await signIn({ email, password: "wrong horse" })).toBeNull();
  expect(await signIn({ email: "nobody@example.org", password: PASSWORD })).toBeNull();
  expect(await signIn({ email: invited.email, password: "nobody's password" })).toBeNull();
});

test("a session's context has the person, their workspaces and the database's instant", async () => {
  const world = await buildWorld();
  const editor = await buildMember(world, "EDITOR");
  const ctx = await authenticateSession({ userId: editor.id, sessionVersion: 1 }, "r1");
  expect(ctx).toMatchObject({
    requestId: "r1",
    email: editor.email,
    locale: null,
    actor: { type: "USER", userId: editor.id, name: "Ada" },
  });
  expect(ctx.actor.memberships).toEqual([
    { workspaceId: world.workspace.id, slug: world.workspace.slug, name: world.workspace.name, role: "EDITOR" },
  ]);
  expect(Math.abs(ctx.now.getTime() - Date.now())).toBeLessThan(60_000);
});

test("somebody without a workspace has a session that may enter none", async () => {
  const { userId } = await makeUser();
  expect((await authenticateSession({ userId, sessionVersion: 1 }, "r")).actor.memberships).toEqual([]);
});

test("a verified address signs in only when a user has it", async () => {
  const { userId, email } = await makeUser();
  expect(await signInByVerifiedEmail(email.toUpperCase())).toEqual({ userId, sessionVersion: 1 });
  expect(await signInByVerifiedEmail("nobody@example.org")).toBeNull();
});

test("a language is kept with the person", async () => {
  const world = await buildWorld();
  await setLocale(await userContext(world), "ja");
  expect((await authenticateSession({ userId: world.owner.id, sessionVersion: 1 }, "r")).locale).toBe("ja");
});
