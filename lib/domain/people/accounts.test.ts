import { expect, test } from "vitest";
import { createUser, deleteUser, setPassword } from "./accounts";
import { systemContext } from "@/lib/domain/context";
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
