import { expect, test } from "vitest";
import { claimProject } from "@/lib/domain/trash/purge-project";
import { purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { itemRef, projectRef, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { locateEvents } from "./audit-places";

async function setup() {
  const world = await buildWorld();
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project);
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const targets = {
    project: { targetType: "project", targetId: project.id, targetName: "Digits", details: {} },
    version: { targetType: "version", targetId: version.id, targetName: "v1", details: {} },
    training: {
      targetType: "training",
      targetId: training.id,
      targetName: `Training ${training.number}`,
      details: { versionId: version.id },
    },
  };
  const locate = async () => {
    const placeOf = await locateEvents(world.workspace.id, Object.values(targets));
    return {
      project: placeOf(targets.project),
      version: placeOf(targets.version),
      training: placeOf(targets.training),
    };
  };
  const receiptOf = async (id: string) =>
    (await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: id }, select: { id: true } })).id;
  return { world, ctx: await userContext(world), project, version, training, locate, receiptOf };
}

test("what is live is where its page is, a training with its version", async () => {
  const { project, version, locate } = await setup();
  const place = { state: "live", projectSlug: project.slug, projectName: "Digits", receiptId: null };
  expect(await locate()).toEqual({
    project: { ...place, versionNumber: null, trainingNumber: null },
    version: { ...place, versionNumber: version.number, trainingNumber: null },
    training: { ...place, versionNumber: version.number, trainingNumber: 1 },
  });
});

test("what is in Trash, or within something there, is in Trash", async () => {
  const { world, ctx, project, version, training, locate } = await setup();
  const states = async () => Object.values(await locate()).map((place) => place?.state);
  await trashTraining(ctx, trainingRef(world, training));
  expect(await states()).toEqual(["live", "live", "in_trash"]);
  await trashVersion(ctx, versionRef(world, project, version));
  expect(await states()).toEqual(["live", "in_trash", "in_trash"]);
  await trashProject(ctx, projectRef(world, project));
  expect(await states()).toEqual(["in_trash", "in_trash", "in_trash"]);
});

test("what is purged is where its receipt is, and what went with a parent where that one's is", async () => {
  const { world, ctx, project, version, locate, receiptOf } = await setup();
  await trashVersion(ctx, versionRef(world, project, version));
  await purgeItem(ctx, itemRef(world, "VERSION", version), UNBOUNDED);
  const receiptId = await receiptOf(version.id);
  expect(await locate()).toMatchObject({
    project: { state: "live" },
    version: { state: "purged", receiptId, versionNumber: version.number, projectSlug: project.slug },
    training: { state: "purged", receiptId, versionNumber: version.number, trainingNumber: 1 },
  });
});

test("from the moment that a project is claimed, all of it is where its receipt is", async () => {
  const { world, ctx, project, locate, receiptOf } = await setup();
  await trashProject(ctx, projectRef(world, project));
  await claimProject(ctx, world.workspace.id, project.id, {
    reason: "BY_HAND",
    now: ctx.now,
    seen: new Map([[project.id, ctx.now]]),
  });
  const gone = { state: "purged", receiptId: await receiptOf(project.id) };
  expect(await locate()).toMatchObject({ project: gone, version: gone, training: gone });
  await purgeItem(ctx, itemRef(world, "PROJECT", project), UNBOUNDED).catch(() => {}); // it is claimed already
});

test("what is of another workspace, or of no place, is nowhere", async () => {
  const { project } = await setup();
  const foreign = await locateEvents((await buildWorld()).workspace.id, []);
  const target = { targetType: "project", targetId: project.id, targetName: "Digits", details: {} };
  expect(foreign(target)).toBeNull();
  expect((await locateEvents((await buildWorld()).workspace.id, [target]))(target)).toBeNull();
  const { world } = await setup();
  const key = { targetType: "api_key", targetId: "x", targetName: "CI", details: {} };
  expect((await locateEvents(world.workspace.id, [key]))(key)).toBeNull();
});
