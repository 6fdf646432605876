import pg from "pg";
import { expect, test } from "vitest";
import { buildUser } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { atomic, databaseNow, preparedTransaction, prisma, query, sqlState, transaction, type Statement } from "./db";

const RENAME: Statement = { name: "test-rename", text: "update users set name = $2 where id = $1 returning name" };
const FAIL: Statement = { text: "select 1 / 0" };
const nameOf = async ({ id }: { id: string }) => (await prisma().user.findUniqueOrThrow({ where: { id } })).name;

test("statements in one flight are done all or not at all, and the last one's rows are the answer", async () => {
  const user = await buildUser({ name: "Ada" });
  const rename = (name: string) => ({ statement: RENAME, values: [user.id, name] });
  expect(await atomic([rename("Grace"), rename("Mary")])).toEqual([{ name: "Mary" }]);
  await expect(atomic([rename("Ada"), { statement: FAIL, values: [] }, rename("Joan")])).rejects.toMatchObject({
    code: "22012", // what failed first, not what the others made of it
  });
  expect(await nameOf(user)).toBe("Mary");
});

test("in a transaction Prisma's calls and statements by hand see each other's rows, and go together", async () => {
  const user = await buildUser({ name: "Ada" });
  const act = transaction(async (tx) => {
    await tx.user.update({ where: { id: user.id }, data: { name: "Grace" } });
    expect(await tx.query({ text: "select name from users where id = $1" }, [user.id])).toEqual([{ name: "Grace" }]);
    expect(await nameOf(user)).toBe("Ada"); // nobody else does
    await tx.query(FAIL, []);
  });
  expect(sqlState(await act.catch((error: unknown) => error))).toBe("22012");
  expect(await nameOf(user)).toBe("Ada");
});

test("a prepared transaction that fails is rolled back, and its connection goes on clean", async () => {
  const user = await buildUser({ name: "Ada" });
  const act = (fail: boolean) =>
    preparedTransaction(async (tx) => {
      await tx.query(RENAME, [user.id, "Grace"]);
      if (fail) await tx.query(FAIL, []);
    });
  await expect(act(true)).rejects.toMatchObject({ code: "22012" });
  expect(await nameOf(user)).toBe("Ada");
  await act(false);
  expect(await nameOf(user)).toBe("Grace");
});

test("the state of an error is the database's, whichever way it came, and no other error has one", async () => {
  const failures = [query(FAIL, []), prisma().$queryRawUnsafe(FAIL.text)];
  const [ours, theirs] = await Promise.all(failures.map((failure) => failure.catch((error: unknown) => error)));
  expect([ours instanceof pg.DatabaseError, theirs instanceof pg.DatabaseError]).toEqual([true, false]);
  expect([sqlState(ours), sqlState(theirs), sqlState(new Error("22012")), sqlState("22012")]).toEqual([
    "22012",
    "22012",
    null,
    null,
  ]);
});

test("the clock is the database's, to the millisecond that it stores", async () => {
  const other = await connectSecond();
  const [before] = await other.query<{ now: Date }>("select date_trunc('milliseconds', clock_timestamp()) as now");
  const now = await databaseNow();
  const [after] = await other.query<{ now: Date }>("select clock_timestamp() as now");
  await other.end();
  expect(now >= before!.now && now <= after!.now).toBe(true);
});
