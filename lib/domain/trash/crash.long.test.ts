import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { connectSecond, type SecondConnection } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  itemRef,
  later,
  projectRef,
  RETENTION_MS,
  scheduler,
  storeFolder,
  UNBOUNDED,
  usedImages,
  versionRef,
  writeFiles,
} from "@/lib/testing/lifecycle";
import { systemContext } from "@/lib/domain/context";
import { eraseFiles } from "./erase";

import { purgeExpired, purgeItem, trashProject, trashVersion } from "@/lib/domain/trash";

/*
 * A real process, killed with SIGKILL at a known point. It is brought to stand there by a trigger that waits for an
 * advisory lock which the test holds.
 */
const STOP = 4711;

let second: SecondConnection;
beforeAll(() => mkdirSync(storeFolder(), { recursive: true }));
beforeEach(async () => {
  second = await connectSecond();
});
afterEach(async () => {
  await second.query("drop function if exists stop_here() cascade");
  await second.end();
});

async function stopAt(event: "insert" | "update", when: string): Promise<void> {
  await second.query(
    `create function stop_here() returns trigger language plpgsql as $$ begin perform pg_advisory_xact_lock(${STOP}); return new; end $$`,
  );
  await second.query(
    `create trigger stop_here before ${event} on purge_receipts for each row when (${when}) execute function stop_here()`,
  );
  await second.query(`select pg_advisory_lock(${STOP})`);
}

function startJob(job: "purge-expired" | "erase-files", now: Date) {
  const child = spawn(process.execPath, ["--import", "tsx", "lib/testing/run-job.ts", job, now.toISOString()], {
    cwd: path.resolve(import.meta.dirname, "../../.."),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  return {
    ended,
    errors: () => errors,
    async kill() {
      child.kill("SIGKILL");
      if ((await ended) !== "SIGKILL") throw new Error(`the job ended before it was killed:\n${errors}`);
    },
  };
}

/** Kills the job while it stands at the trigger. Its connection goes with it; then the way is free for others. */
async function killWhereItStands(job: ReturnType<typeof startJob>): Promise<void> {
  const deadline = Date.now() + 15_000; // a process takes a while to start
  const standing = () =>
    second.query("select pid from pg_stat_activity where datname = current_database() and wait_event = 'advisory'");
  while ((await standing()).length === 0) {
    if (Date.now() > deadline) throw new Error(`the job never came to where it was to be killed\n${job.errors()}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await job.kill();
  await second.query(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() and wait_event = 'advisory'",
  );
  await second.query("drop function stop_here() cascade");
  await second.query(`select pg_advisory_unlock(${STOP})`);
}

/** What a dead process had taken is taken by others once its claim has run out. */
const passClaimTime = () =>
  second.query("update purge_receipts set next_attempt_at = now() - interval '1 second' where verified_at is null");

async function fill(world: World) {
  const earlier = later(await userContext(world), -RETENTION_MS);
  const project = await buildProject(world, { name: "large" });
  const live = await buildProject(world, { name: "live" });
  for (let i = 0; i < 6; i++) {
    const version = await buildVersion(world, live, { name: i === 4 ? "stop" : `v${i}`, images: 3 });
    await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
    writeFiles(`versions/${version.id}/`, 3);
    if (i > 0) await trashVersion(later(earlier, -10_000 * (i % 2) - i), versionRef(world, live, version));
  }
  const { id: _id, origin: _origin, ...one } = await buildVersion(world, project, { images: 1 });
  await prisma().version.createMany({
    data: Array.from({ length: 299 }, (_, i) => ({
      ...one,
      number: i + 2,
      name: i === 280 ? "stop" : `copy${i}`,
      preprocessing: {},
      augmentation: {},
      splitPercents: {},
      classes: {},
    })),
  });
  await prisma().workspace.update({ where: { id: world.workspace.id }, data: { usedImages: { increment: 299 } } });
  writeFiles(`projects/${project.id}/`, 3);
  await trashProject(later(earlier, -5_000), projectRef(world, project));
}

/** The state of a workspace in words that are the same for another one with the same history. */
async function endState(world: World) {
  const where = { workspaceId: world.workspace.id };
  const receipts = await prisma().purgeReceipt.findMany({
    where,
    orderBy: [{ itemType: "asc" }, { itemName: "asc" }, { versionNumber: "asc" }],
  });
  const live = await prisma().version.findMany({ where, include: { trainings: { include: { models: true } } } });
  const filesOf = (prefix: string) =>
    existsSync(path.join(storeFolder(), prefix))
      ? readdirSync(path.join(storeFolder(), prefix), { recursive: true }).length
      : 0;
  return {
    used: await usedImages(world),
    live: live.map((v) => [v.number, v.name, v.deletedAt, v.trainings.length, filesOf(`versions/${v.id}`)]),
    receipts: receipts.map((r) => [
      r.itemType,
      r.itemName,
      r.versionNumber,
      r.reason,
      r.parentReceiptId !== null,
      r.versions,
      r.images,
      r.trainings,
      r.models,
      r.expectedFiles,
      r.removedFiles,
      r.verifiedAt !== null,
      filesOf(r.prefixes[0]!),
    ]),
    audited: (await prisma().auditEvent.findMany({ where, orderBy: [{ action: "asc" }, { targetName: "asc" }] })).map(
      (e) => [e.action, e.targetName],
    ),
  };
}

const KILLED_IN = [
  ["a large project", "new.item_name = 'stop' and new.parent_receipt_id is not null"],
  ["a batch of versions", "new.item_name = 'stop' and new.parent_receipt_id is null"],
] as const;

test.each(KILLED_IN)(
  "a purge killed in the middle of %s ends, when it is run again, as one that was never disturbed",
  async (_what, when) => {
    const now = (await systemContext("purge-expired")).now;
    const run = async () => [
      await purgeExpired(await scheduler(new Date(now.getTime() + 60_000)), UNBOUNDED),
      await eraseFiles(await systemContext("erase-files"), UNBOUNDED),
    ];
    const undisturbed = await buildWorld();
    await fill(undisturbed);
    await run();

    const world = await buildWorld();
    await fill(world);
    await stopAt("insert", when);
    await killWhereItStands(startJob("purge-expired", new Date(now.getTime() + 60_000)));
    // In the middle: something is done, something is not, and what is done is whole.
    const halfway = await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } });
    expect(halfway).toBeGreaterThan(0);
    expect(await prisma().version.count({ where: { workspaceId: world.workspace.id } })).toBeGreaterThan(1);
    await checkInvariants(world.workspace.id, { createdImages: 18 + 300 });

    const [counts] = await run();
    expect(counts).toMatchObject({ failed: 0, skipped: 0, remaining: 0 });
    expect(await endState(world)).toEqual(await endState(undisturbed));
    await checkInvariants(world.workspace.id, { createdImages: 18 + 300 });
  },
  60_000,
);

async function purgedVersions(count: number, files: number) {
  const world = await buildWorld();
  const project = await buildProject(world);
  const owner = await userContext(world);
  const versions = [];
  for (let i = 0; i < count; i++) {
    const version = await buildVersion(world, project, { name: i === 5 ? "stop" : `v${i}` });
    writeFiles(`versions/${version.id}/`, files);
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
    versions.push(version);
  }
  return { world, versions };
}

const folderOf = (version: { id: string }) => path.join(storeFolder(), "versions", version.id);
const unverified = (world: World) =>
  prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id, verifiedAt: null } });

test("a removal of files killed after the files and before the proof is proven by the next pass, which finds nothing", async () => {
  const { world, versions } = await purgedVersions(10, 3);
  await stopAt("update", "new.item_name = 'stop' and new.verified_at is not null");
  await killWhereItStands(startJob("erase-files", new Date()));
  const stopped = versions.find((v) => v.name === "stop")!;
  expect(existsSync(folderOf(stopped))).toBe(false);
  expect(await prisma().purgeReceipt.findFirst({ where: { itemId: stopped.id } })).toMatchObject({
    verifiedAt: null,
    attempts: 1,
  });

  expect(await eraseFiles(await systemContext("erase-files"), UNBOUNDED)).toEqual({ verified: 0, postponed: 0 }); // the dead process's claim still runs
  await passClaimTime();
  await eraseFiles(await systemContext("erase-files"), UNBOUNDED);
  expect([await unverified(world), await usedImages(world)]).toEqual([0, 0]);
  expect(await prisma().purgeReceipt.findFirst({ where: { itemId: stopped.id } })).toMatchObject({
    attempts: 2,
    removedFiles: 4, // as the process that died had counted them
  });
  expect(versions.filter((v) => existsSync(folderOf(v)))).toEqual([]);
});

test("a removal killed with half of the files gone is resumed: all are gone, each is counted once", async () => {
  const { world, versions } = await purgedVersions(1, 6_000);
  const erased = path.join(storeFolder(), "erased");
  const left = () =>
    existsSync(erased)
      ? readdirSync(erased, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).length
      : 0;
  const job = startJob("erase-files", new Date());
  for (let files = 0; files === 0 || files > 6_000; files = left())
    await new Promise((resolve) => setImmediate(resolve));
  await job.kill();
  expect(left()).toBeGreaterThan(0);
  expect(existsSync(folderOf(versions[0]!))).toBe(false); // out of every writer's reach before the first file goes
  expect(await unverified(world)).toBe(1);

  await passClaimTime();
  expect(await eraseFiles(await systemContext("erase-files"), UNBOUNDED)).toEqual({ verified: 1, postponed: 0 });
  expect(left()).toBe(0);
  expect(await prisma().purgeReceipt.findFirst({ where: { itemId: versions[0]!.id } })).toMatchObject({
    removedFiles: 6_001,
    lateFiles: 0,
    attempts: 2,
  });
});
