import { beforeEach, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { purgeExpired, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  later,
  projectRef,
  RETENTION_MS,
  scheduler,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { countDue, foreseeRun } from "./due";
import { claimProject } from "./purge-project";

let world: World;
let owner: Context;
let earlier: Context;
let cron: Context;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  earlier = later(owner, -RETENTION_MS);
  cron = await scheduler(owner.now);
  await purgeExpired(cron, UNBOUNDED); // a run takes every workspace
});

async function foresee(ctx = cron) {
  const items = [];
  for await (const item of foreseeRun(ctx)) items.push(item);
  return items;
}

test("what is foreseen is the very set that a run takes, oldest first, projects whose purge has begun before all", async () => {
  const [digits, faces, begun] = [await buildProject(world), await buildProject(world), await buildProject(world)];
  const [kept, gone, hidden] = [
    await buildVersion(world, digits),
    await buildVersion(world, digits, { name: "autumn" }),
    await buildVersion(world, begun),
  ];
  const training = await buildTraining(world, kept, { status: "FINISHED" });
  await trashVersion(later(earlier, -3), versionRef(world, digits, gone));
  await trashTraining(later(earlier, -2), trainingRef(world, training));
  await trashProject(later(earlier, -1), projectRef(world, faces));
  await trashVersion(later(earlier, 1), versionRef(world, digits, await buildVersion(world, digits))); // not due yet
  await trashVersion(later(earlier, -9), versionRef(world, begun, hidden));
  await trashProject(owner, projectRef(world, begun));
  const seen = new Map([[begun.id, owner.now]]);
  await claimProject(owner, world.workspace.id, begun.id, { reason: "BY_HAND", now: owner.now, seen });

  const foreseen = await foresee();
  expect(foreseen.map(({ type, id, begun: first, name }) => [type, id, first, name?.name])).toEqual([
    ["PROJECT", begun.id, true, begun.name],
    ["VERSION", gone.id, false, "autumn"],
    ["TRAINING", training.id, false, "Training 1"],
    ["PROJECT", faces.id, false, faces.name],
  ]);
  expect(foreseen[1]!.name).toMatchObject({ workspaceSlug: world.workspace.slug, projectSlug: digits.slug, number: 2 });
  expect(await countDue(cron)).toBe(4);
  expect(await purgeExpired(cron, UNBOUNDED)).toEqual({ purged: 4, skipped: 0, failed: 0, remaining: 0 });
  const receipts = await prisma().purgeReceipt.findMany({
    where: { workspaceId: world.workspace.id, parentReceiptId: null },
    select: { itemId: true },
  });
  expect(receipts.map(({ itemId }) => itemId).sort()).toEqual(foreseen.map(({ id }) => id).sort());
  expect(await foresee()).toEqual([]);
});

test("nobody but the system foresees what is due in every workspace", async () => {
  await expect(foresee(owner)).rejects.toMatchObject({ code: "forbidden" });
  await expect(countDue(owner)).rejects.toMatchObject({ code: "forbidden" });
});
