import { expect, test } from "vitest";
import { createUser, deleteUser, setPassword } from "./accounts";
import { systemContext } from "@/lib/domain/context";
import { prisma } from "@/lib/platform/db";
import { buildMember, buildProject, buildWorld, userContext } from "@/lib/testing/builders";
import { auditedActions, outcomeOf } from "@/lib/testing/lifecycle";
import { authenticateSession, signIn } from "./sessions";

const PASSWORD = "correct horse";
let made = 0;

async function makeUser(): Promise<{ userId: string; email: string }> {
  return createUser(await systemContext("test"), {
    email: `person-${(made += 1)}@example.org`,
    name: "Grace",
    password: PASSWORD,
  });
}

test("another password ends every session, and so does deleting the user", async () => {
  const { userId, email } = await makeUser();
  const system = await systemContext("test");
  await setPassword(system, { email, password: "another horse" });
  await expect(authenticateSession({ userId, sessionVersion: 1 }, "r")).rejects.toMatchObject({ code: "unauthorized" });
  const session = (await signIn({ email, password: "another horse" }))!;
  await authenticateSession(session, "r");
  await deleteUser(system, { email });
  await expect(authenticateSession(session, "r")).rejects.toMatchObject({ code: "unauthorized" });
});

test("an address is one account's, however it is written", async () => {
  const { email } = await makeUser();
  const system = await systemContext("test");
  await expect(
    createUser(system, { email: ` ${email.toUpperCase()} `, name: "Ada", password: PASSWORD }),
  ).rejects.toMatchObject({ code: "already_exists" });
  expect(await outcomeOf(setPassword(system, { email: ` ${email.toUpperCase()}`, password: PASSWORD }))).toBe("done");
});

test("nobody gets a password of fewer than 8 characters, and only our own commands make and delete accounts", async () => {
  const system = await systemContext("test");
  await expect(
    createUser(system, { email: "short@example.org", name: "Ada", password: "1234567" }),
  ).rejects.toMatchObject({ code: "invalid_input", details: { field: "password" } });
  const world = await buildWorld();
  const owner = await userContext(world);
  const { email } = await makeUser();
  expect([
    await outcomeOf(createUser(owner, { email: "other@example.org", name: "Ada", password: PASSWORD })),
    await outcomeOf(setPassword(owner, { email, password: PASSWORD })),
    await outcomeOf(deleteUser(owner, { email })),
  ]).toEqual(["forbidden", "forbidden", "forbidden"]);
  expect(await prisma().user.count({ where: { email: { in: ["short@example.org", "other@example.org"] } } })).toBe(0);
});

test("what a deleted user made stays and keeps their id; each of their workspaces records it, and the last owner stays", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const system = await systemContext("test");
  const editor = await buildMember(world, "EDITOR");
  await prisma().membership.create({ data: { workspaceId: other.workspace.id, userId: editor.id, role: "OWNER" } });
  const project = await buildProject({ ...world, owner: editor });
  await deleteUser(system, { email: editor.email });
  expect(await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).toMatchObject({
    createdById: editor.id,
  });
  expect([await auditedActions(world), await auditedActions(other)]).toEqual([["user.deleted"], ["user.deleted"]]);
  const { email } = await prisma().user.findUniqueOrThrow({ where: { id: other.owner.id } });
  expect([await outcomeOf(deleteUser(system, { email })), await auditedActions(other)]).toEqual([
    "last_owner",
    ["user.deleted"],
  ]);
});
