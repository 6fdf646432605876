import { beforeEach, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import {
  listTrash,
  purgeItem,
  restoreProject,
  trashProject,
  trashTraining,
  trashVersion,
  withLosses,
} from "@/lib/domain/trash";
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
import { itemRef, projectRef, trainingRef, trashedProjectRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { connectSecond } from "@/lib/testing/database";

let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let training: Awaited<ReturnType<typeof buildTraining>>;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  project = await buildProject(world);
  version = await buildVersion(world, project);
  await prisma().version.update({ where: { id: version.id }, data: { files: 8, sizeBytes: 1_000 } });
  training = await buildTraining(world, version, { status: "FINISHED" });
  await buildModel(world, training, { sizeBytes: 20 });
  await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }), { sizeBytes: 300 });
});

/** What each item in Trash is ordered by, beside what it holds. */
async function sizes(): Promise<Record<string, [measured: bigint | null, holds: number]>> {
  const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
  const measured = new Map(
    (await Promise.all([prisma().project.findMany(), prisma().version.findMany(), prisma().training.findMany()]))
      .flat()
      .map(({ id, trashedBytes }) => [id, trashedBytes]),
  );
  return Object.fromEntries(
    (await withLosses(items)).map(({ id, type, loss }) => [type, [measured.get(id) ?? null, loss.bytes]]),
  );
}

test("what goes to Trash is measured in the same act, to the byte; what comes back has no size there", async () => {
  await trashTraining(owner, trainingRef(world, training));
  await trashVersion(owner, versionRef(world, project, version));
  await trashProject(owner, projectRef(world, project));
  expect(await sizes()).toEqual({ TRAINING: [20n, 20], VERSION: [1_320n, 1_320], PROJECT: [1_320n, 1_320] });
  await restoreProject(owner, trashedProjectRef(world, project));
  expect(await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).toMatchObject({ trashedBytes: null });
});

test("once a training, then a version is purged by itself, what it was in is measured anew; a live version is not measured", async () => {
  await trashTraining(owner, trainingRef(world, training));
  await trashVersion(owner, versionRef(world, project, version));
  await trashProject(owner, projectRef(world, project));
  await purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
  expect(await sizes()).toEqual({ VERSION: [1_300n, 1_300], PROJECT: [1_300n, 1_300] });
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  expect(await sizes()).toEqual({ PROJECT: [0n, 0] });
  await restoreProject(owner, trashedProjectRef(world, project));
  const other = await buildVersion(world, project);
  const gone = await buildTraining(world, other, { status: "FINISHED" });
  await trashTraining(owner, trainingRef(world, gone));
  await purgeItem(owner, itemRef(world, "TRAINING", gone), UNBOUNDED);
  expect(await prisma().version.findUniqueOrThrow({ where: { id: other.id } })).toMatchObject({ trashedBytes: null });
});

test("a purge is done, though somebody holds what would be measured: only the place in the order is out of date", async () => {
  await trashVersion(owner, versionRef(world, project, version));
  await trashProject(owner, projectRef(world, project));
  const second = await connectSecond();
  await second.query("begin");
  await second.query("select id from projects where id = $1 for no key update", [project.id]); // as a restore does
  const purge = purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  await second.untilWaiting(1);
  expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(0);
  expect(await sizes()).toEqual({ PROJECT: [1_320n, 0] });
  await second.query("commit");
  await second.end();
  await purge;
  expect(await sizes()).toEqual({ PROJECT: [0n, 0] });
});
