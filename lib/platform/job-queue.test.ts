import { expect, test } from "vitest";
import { prisma, preparedTransaction, transaction } from "./db";
import { enqueue, migrateJobQueue, type QueueName } from "./job-queue";

const jobs = () =>
  prisma().$queryRaw<{ name: string; late: boolean }[]>`
    select name, start_after > now() + interval '30 seconds' as late from pgboss.job order by created_on, id`;

test("a wake-up is there if and only if what it tells of is committed", async () => {
  await expect(
    transaction(async (tx) => {
      await enqueue(tx, "erase-files");
      throw new Error("the act failed after all");
    }),
  ).rejects.toThrow("after all");
  expect(await jobs()).toEqual([]);
  await transaction((tx) => enqueue(tx, "erase-files"));
  await preparedTransaction((tx) => enqueue(tx, "generate-versions", { startAfterSeconds: 60 }));
  expect(await jobs()).toEqual([
    { name: "erase-files", late: false },
    { name: "generate-versions", late: true },
  ]);
});

test("a queue that does not exist is an error, and nobody's wake-up is lost without a word", async () => {
  await expect(transaction((tx) => enqueue(tx, "no-such-queue" as QueueName))).rejects.toThrow(/run the migrations/);
});

test("migrating the queues again keeps what waits in them", async () => {
  const before = await jobs();
  await migrateJobQueue();
  expect(await jobs()).toEqual(before);
});
