import { expect, test } from "vitest";
import { prisma, query, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildUser } from "@/lib/testing/builders";
import { DomainError, isBusy, refuseDuplicate } from "./errors";

test.each([
  ["Prisma", (email: string) => prisma().user.create({ data: { email, name: "Grace" } })],
  [
    "a statement by hand",
    (email: string) =>
      query({ text: "insert into users (id, email, name) values ($1, $2, 'Grace')" }, [newId(), email]),
  ],
  ["a transaction", (email: string) => transaction((tx) => tx.user.create({ data: { email, name: "Grace" } }))],
])("that there is one already is said in the sentence given, be it written through %s", async (_way, write) => {
  const { email } = await buildUser();
  await expect(refuseDuplicate<unknown>("There is one.", () => write(email))).rejects.toMatchObject({
    code: "already_exists",
    publicMessage: "There is one.",
    cause: expect.any(Error),
  });
});

test("no other failure is taken for a duplicate", async () => {
  await expect(refuseDuplicate("There is one.", () => query({ text: "select 1 / 0" }, []))).rejects.toThrow(/zero/);
  const refusal = new DomainError("not_found", "There is none.");
  await expect(refuseDuplicate("There is one.", () => Promise.reject(refusal))).rejects.toBe(refusal);
});

test("busy is what says so itself, or what failed because of it, and no other refusal", () => {
  const reset = Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
  expect(isBusy(new DomainError("busy", "Try again."))).toBe(true);
  expect(isBusy(new Error("could not write", { cause: new Error("in between", { cause: reset }) }))).toBe(true);
  expect(isBusy(new DomainError("internal", "It broke.", {}, { cause: reset }))).toBe(false);
  for (const other of [new Error("broken"), "timeout exceeded when trying to connect", null])
    expect(isBusy(other)).toBe(false);
});
