import { createHash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  itemRef,
  later,
  projectRef,
  RETENTION_MS,
  scheduler,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import { eraseFiles, purgeExpired, purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { NOTHING_BEFORE } from "./receipt-chain";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
});

const readEntries = () =>
  prisma().receiptEntry.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { number: "asc" } });
const readHead = () => prisma().receiptHead.findUnique({ where: { workspaceId: world.workspace.id } });
const erase = async () => eraseFiles(await systemContext("erase-files"), UNBOUNDED);

async function trashedVersion(ctx = owner) {
  const version = await buildVersion(world, project);
  await trashVersion(ctx, versionRef(world, project, version));
  return version;
}

async function trashedTraining() {
  const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
  await trashTraining(owner, trainingRef(world, training));
  return training;
}

interface Said {
  kind: string;
  workspace: string;
  receipts: Record<string, unknown>[];
}
const read = ({ text }: { text: string }) => JSON.parse(text) as Said;

test("an entry holds the receipts as its transaction left them, a batch in one, and the hash of the entry before", async () => {
  const versions = [];
  for (let i = 0; i < 3; i++) versions.push(await trashedVersion(later(owner, -RETENTION_MS)));
  expect(await purgeExpired(await scheduler(owner.now), UNBOUNDED)).toMatchObject({ purged: 3 });
  const training = await trashedTraining();
  await purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
  await erase();

  const entries = await readEntries();
  expect(entries.map(({ number, kind }) => [number, kind])).toEqual([
    [1, "PURGED"],
    [2, "PURGED"],
    [3, "VERIFIED"],
  ]);
  let previous = NOTHING_BEFORE;
  for (const { number, text, previousHash, hash } of entries) {
    expect(previousHash).toBe(previous);
    expect(hash).toBe(createHash("sha256").update(`${previous}\n${number}\n${text}`).digest("hex"));
    previous = hash;
  }
  expect(await readHead()).toMatchObject({ number: 3, hash: previous });
  const [purged, , verified] = entries.map(read);
  expect(purged).toMatchObject({ kind: "PURGED", workspace: world.workspace.id });
  expect(purged!.receipts.map(({ itemId }) => itemId).sort()).toEqual(versions.map(({ id }) => id).sort());
  expect(purged!.receipts[0]).toMatchObject({
    itemName: versions[0]!.name,
    reason: "EXPIRED",
    purgedAt: owner.now.toISOString(),
    images: 10,
    verifiedAt: null,
    removedFiles: null,
    note: null,
  });
  expect(verified!.receipts).toHaveLength(4);
  for (const receipt of verified!.receipts)
    expect(receipt).toMatchObject({ verifiedAt: expect.stringMatching(/^\d{4}-.*Z$/), removedFiles: 0, lateFiles: 0 });
  await checkInvariants(world.workspace.id);
});

test("a project's receipt has an entry at its claim, without totals, and one when its totals are known", async () => {
  for (let i = 0; i < 2; i++) await buildVersion(world, project);
  await trashProject(owner, projectRef(world, project));
  await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
  const entries = (await readEntries()).map(read);
  expect(entries.map(({ receipts }) => receipts.map(({ itemType, images }) => [itemType, images]))).toEqual([
    [["PROJECT", null]],
    [
      ["VERSION", 10],
      ["VERSION", 10],
    ],
    [["PROJECT", 20]],
  ]);
  await erase();
  await checkInvariants(world.workspace.id);
});

test("purges, and proofs of others, at once in a workspace wait for each other in their last statement only", async () => {
  await purgeItem(owner, itemRef(world, "VERSION", await trashedVersion()), UNBOUNDED); // its files are still to be removed
  const [version, one, other] = [await trashedVersion(), await trashedTraining(), await trashedTraining()];
  const second = await connectSecond();
  await second.query("begin");
  await second.query("select * from receipt_heads where workspace_id = $1 for update", [world.workspace.id]);
  const operations = [
    purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED),
    purgeItem(owner, itemRef(world, "TRAINING", one), UNBOUNDED),
    purgeItem(owner, itemRef(world, "TRAINING", other), UNBOUNDED),
    erase(),
  ];
  await second.untilWaiting(4);
  const waiting = await second.query<{ query: string }>(
    "select query from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  expect(waiting).toHaveLength(4);
  for (const { query } of waiting) expect(query).toContain("with said as materialized"); // the statement that appends
  await second.query("commit");
  await second.end();
  await Promise.all(operations);
  await erase();
  const entries = await readEntries();
  expect(entries.length).toBeGreaterThanOrEqual(5);
  expect(entries.map(({ number }) => number)).toEqual(entries.map((_, i) => i + 1));
  await checkInvariants(world.workspace.id);
});

test("the first purges of a workspace, at once, make one chain", async () => {
  const trainings = [await trashedTraining(), await trashedTraining(), await trashedTraining()];
  await Promise.all(trainings.map((training) => purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED)));
  expect((await readEntries()).map(({ number }) => number)).toEqual([1, 2, 3]);
  await checkInvariants(world.workspace.id);
});

test("a purge whose connection breaks in its last statement leaves neither receipt nor entry", async () => {
  await purgeItem(owner, itemRef(world, "TRAINING", await trashedTraining()), UNBOUNDED);
  const training = await trashedTraining();
  const second = await connectSecond();
  await second.query("begin");
  await second.query("select * from receipt_heads where workspace_id = $1 for update", [world.workspace.id]);
  const purge = purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
  purge.catch(() => {}); // looked at below
  await second.untilWaiting(1);
  await second.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  await second.query("commit");
  await second.end();
  await expect(purge).rejects.toThrow();
  expect(await prisma().training.count({ where: { id: training.id } })).toBe(1);
  expect(await readEntries()).toHaveLength(1);
  await checkInvariants(world.workspace.id);
  await purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
  expect(await readEntries()).toHaveLength(2);
  await checkInvariants(world.workspace.id);
});
