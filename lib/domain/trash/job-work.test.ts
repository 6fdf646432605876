import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildMember, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { purgeSet } from "@/lib/testing/full-trash";
import { later, scheduler, UNBOUNDED, usedImages, versionRef } from "@/lib/testing/lifecycle";
import { whileHeld } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import {
  cancelTrashJob,
  freezeTrash,
  getTrashJob,
  JOB_KEPT_DAYS,
  listJobResults,
  listTrash,
  restoreItem,
  runTrashJobs,
  startRestore,
  trashVersion,
  type TrashJob,
} from "@/lib/domain/trash";

/** More than two steps. */
const MANY = 60;
const IMAGES = 2;

let world: World;
let owner: Context;
let slugs: { workspaceSlug: string };
let project: { id: string; slug: string };
let versions: { id: string; number: number }[];

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  slugs = { workspaceSlug: world.workspace.slug };
  project = await buildProject(world);
  versions = [];
  for (let i = 0; i < MANY; i++) {
    const version = await buildVersion(world, project, { images: IMAGES });
    await trashVersion(later(owner, i), versionRef(world, project, version)); // in the order in which they are worked off
    versions.push(version);
  }
});

const run = async (signal = UNBOUNDED) => runTrashJobs(await scheduler(new Date()), signal);
const emptyTrash = () => purgeSet(owner, slugs.workspaceSlug, "all");
const look = ({ id }: TrashJob) => getTrashJob(owner, { ...slugs, jobId: id });
const receipts = () => prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } });
const inTrash = async () => (await listTrash(owner, slugs)).items.length;
const left = async ({ id }: TrashJob) => (await listJobResults(owner, { ...slugs, jobId: id, left: true })).results;

/** Gives way after so many steps: the signal is looked at once a step. */
const afterSteps = (steps: number): AbortSignal => {
  let looks = 0;
  return { get aborted() { return looks++ >= steps; } } as AbortSignal; // prettier-ignore
};

test("a job goes on where the last worker gave way, and ends with every item done once", async () => {
  const job = await emptyTrash();
  const begun = await usedImages(world);
  expect(await run(afterSteps(2))).toMatchObject({ ended: 0, interrupted: 1 });
  const half = await look(job);
  expect(half.done).toBeGreaterThan(0);
  expect(half.done).toBeLessThan(MANY);
  expect([await receipts(), await inTrash()]).toEqual([half.done, MANY - half.done]);

  expect(await run()).toMatchObject({ ended: 1, interrupted: 0 });
  expect(await look(job)).toMatchObject({ done: MANY, left: 0, end: "FINISHED", mayCancel: false });
  expect([await receipts(), await inTrash()]).toEqual([MANY, 0]);
  expect(await usedImages(world)).toBe(begun - MANY * IMAGES);
  expect(await run()).toMatchObject({ ended: 0, interrupted: 0 });
});

test("a worker that died between an act and its note leaves nothing that is done twice or forgotten", async () => {
  const job = await emptyTrash();
  await run(afterSteps(2));
  // as if it had died before it wrote down what it did: its lease is still there, and the outcomes are not
  await prisma().trashSelectionItem.updateMany({
    data: { outcome: null },
    where: { selection: { job: { id: job.id } } },
  });
  await prisma().trashJob.update({
    where: { id: job.id },
    data: { done: 0, leaseId: "dead", leaseUntil: new Date(Date.now() + 60_000) },
  });
  expect(await run()).toMatchObject({ ended: 0, interrupted: 0 }); // nobody else takes it while the lease runs
  await prisma().trashJob.update({ where: { id: job.id }, data: { leaseUntil: new Date(Date.now() - 1) } });
  const before = await usedImages(world);
  const waiting = await inTrash();
  expect(await run()).toMatchObject({ ended: 1 });
  expect(await look(job)).toMatchObject({ done: MANY, left: 0, end: "FINISHED" });
  expect(await receipts()).toBe(MANY);
  expect(await usedImages(world)).toBe(before - waiting * IMAGES);
});

test("asked to stop, a job stops before its next step: what is done is done, the rest is untouched", async () => {
  const job = await emptyTrash();
  await run(afterSteps(2));
  const { done } = await look(job);
  const asked = await cancelTrashJob(owner, { ...slugs, jobId: job.id });
  expect(asked).toMatchObject({ end: null, cancelledByName: world.owner.name });
  expect(await cancelTrashJob(later(owner, 9), { ...slugs, jobId: job.id })).toMatchObject({
    cancelAskedAt: asked.cancelAskedAt,
  });
  await run();
  expect(await look(job)).toMatchObject({ end: "CANCELLED", done, left: 0 });
  expect([await receipts(), await inTrash()]).toEqual([done, MANY - done]);
});

test("a role lost on the way ends the job before its next step, and says why", async () => {
  await buildMember(world, "OWNER");
  const job = await emptyTrash();
  await run(afterSteps(2));
  const { done } = await look(job);
  await prisma().membership.updateMany({
    where: { workspaceId: world.workspace.id, userId: world.owner.id },
    data: { role: "EDITOR" },
  });
  await run();
  expect(await look(job)).toMatchObject({ end: "REFUSED", done, problem: { code: "forbidden" } });
  expect(await inTrash()).toBe(MANY - done);
});

test("an account that is gone ends its jobs", async () => {
  const editor = await buildMember(world, "EDITOR");
  const ctx = await userContext(world, { user: editor, role: "EDITOR" });
  const { id: selectionId } = await freezeTrash(ctx, { ...slugs, set: "all" });
  const job = await startRestore(ctx, { ...slugs, selectionId });
  await prisma().membership.deleteMany({ where: { userId: editor.id } });
  await prisma().user.delete({ where: { id: editor.id } });
  await run();
  expect(await look(job)).toMatchObject({ end: "REFUSED", done: 0, userName: editor.name });
  expect(await inTrash()).toBe(MANY);
});

test("an item that changed since is left out with its reason, and so is one that somebody holds; the others go", async () => {
  const job = await emptyTrash();
  const [restored, again, held] = [versions[3]!, versions[30]!, versions[31]!];
  const back = ({ number }: { number: number }) =>
    restoreItem(owner, { ...slugs, item: { type: "VERSION", projectId: project.id, number } });
  await back(restored);
  await back(again);
  await trashVersion(later(owner, 5_000), versionRef(world, project, again));
  await whileHeld(["versions", held], () => run());
  expect(await look(job)).toMatchObject({ end: "FINISHED", done: MANY - 3, left: 3 });
  expect((await left(job)).map(({ id, problem }) => [id, problem!.code, problem!.details["reason"]])).toEqual([
    [restored.id, "not_in_trash", undefined],
    [again.id, "not_in_trash", "changed"],
    [held.id, "busy", undefined],
  ]);
  expect(await inTrash()).toBe(2);
});

test("two jobs over the same items, worked off at once, purge each once", async () => {
  const other = await userContext(world, { user: await buildMember(world, "OWNER") });
  const jobs = [await emptyTrash(), await purgeSet(other, slugs.workspaceSlug, "all")];
  const before = await usedImages(world);
  await Promise.all([run(), run()]);
  await run();
  for (const job of jobs) expect((await look(job)).end).toBe("FINISHED");
  const told = await Promise.all(jobs.map(look));
  for (const { done, left: notDone } of told) expect(done + notDone).toBe(MANY);
  // what one found held by the other it says so; whatever went, went once
  const gone = await receipts();
  expect(gone).toBe(MANY - (await inTrash()));
  expect(await usedImages(world)).toBe(before - gone * IMAGES);
});

test("an item whose purge fails is left with its reason and keeps no other", async () => {
  const job = await emptyTrash();
  const broken = versions[12]!;
  const second = await connectSecond();
  // a receipt of that very item is there already, which must never be: its transaction fails whole
  await second.query(
    `insert into purge_receipts (id, workspace_id, item_type, item_id, item_name, project_id, project_slug, reason, purged_at, actor_type, actor_id, actor_name, prefixes, rows_removed_at, verified_at)
     select 'in-the-way', workspace_id, 'VERSION', id, name, project_id, 'x', 'BY_HAND', now(), 'SYSTEM', 'x', 'x', '{}', now(), now() from versions where id = $1`,
    [broken.id],
  );
  await second.end();
  await run();
  await prisma().purgeReceipt.delete({ where: { id: "in-the-way" } });
  expect(await look(job)).toMatchObject({ end: "FINISHED", done: MANY - 1, left: 1 });
  expect((await left(job)).map(({ id, problem }) => [id, problem!.code])).toEqual([[broken.id, "internal"]]);
  expect(await inTrash()).toBe(1);
});

test("a job is forgotten with its items ninety days after its end, and not before", async () => {
  const job = await emptyTrash();
  await run();
  await prisma().trashJob.update({
    where: { id: job.id },
    data: { endedAt: new Date(Date.now() - JOB_KEPT_DAYS * 86_400_000 + 60_000) },
  });
  await run();
  expect((await look(job)).end).toBe("FINISHED");
  await prisma().trashJob.update({
    where: { id: job.id },
    data: { endedAt: new Date(Date.now() - JOB_KEPT_DAYS * 86_400_000 - 1) },
  });
  await run();
  expect(await prisma().trashJob.count({ where: { id: job.id } })).toBe(0);
  expect(await prisma().trashSelectionItem.count({ where: { itemId: { in: versions.map(({ id }) => id) } } })).toBe(0);
  expect(await receipts()).toBe(MANY);
});
