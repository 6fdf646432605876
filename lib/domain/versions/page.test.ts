import { beforeEach, expect, test } from "vitest";
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
import { itemRef, projectRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { getProjectsPage } from "@/lib/domain/projects";
import { getReceipt, listReceipts, purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { findHiddenItem, getVersionsPage } from "./page";

let world: World;
let project: { id: string; slug: string; name: string };

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
});

test("the page has all live versions, newest first, failed ones too, and the newest chosen", async () => {
  const ctx = await userContext(world);
  const first = await buildVersion(world, project, { name: "first", images: 7 });
  const training = await buildTraining(world, first, { status: "FINISHED" });
  await buildModel(world, training);
  const gone = await buildVersion(world, project);
  await buildVersion(world, project, { status: "FAILED", name: "broken" });
  await trashVersion(ctx, versionRef(world, project, gone));

  const page = await getVersionsPage(ctx, projectRef(world, project));
  expect(page.versions.map(({ number, status, images, hasModel }) => [number, status, images, hasModel])).toEqual([
    [3, "FAILED", 0, false],
    [1, "READY", 7, true],
  ]);
  expect(page.chosen).toMatchObject({ number: 3, status: "FAILED" });
  expect((await getVersionsPage(ctx, versionRef(world, project, first))).chosen).toMatchObject({
    name: "first",
    createdByName: world.owner.name,
    trainings: [{ number: 1 }],
  });

  await trashTraining(ctx, { workspaceSlug: world.workspace.slug, trainingId: training.id });
  expect((await getVersionsPage(ctx, projectRef(world, project))).versions.at(-1)).toMatchObject({ hasModel: false });
});

test("the chosen version has its models, and says why our own trainer could learn nothing from it", async () => {
  const read = async (ref: Parameters<typeof getVersionsPage>[1], role: "OWNER" | "VIEWER" = "OWNER") =>
    getVersionsPage(await userContext(world, { role }), ref);
  const version = await buildVersion(world, project);
  const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  expect(await read(projectRef(world, project))).toMatchObject({
    chosen: { untrainable: null, models: [{ slug: model.slug, calls: 0, trainingNumber: 1 }] },
    may: { runTrainings: true },
  });
  expect((await read(projectRef(world, project), "VIEWER")).may.runTrainings).toBe(false);

  await prisma().version.update({ where: { id: version.id }, data: { trainImages: 1, validImages: 9 } });
  expect((await read(projectRef(world, project))).chosen).toMatchObject({ untrainable: "images" });
  await prisma().version.update({ where: { id: version.id }, data: { classes: { "3": 10 } } });
  expect((await read(projectRef(world, project))).chosen).toMatchObject({ untrainable: "classes" });
  const hats = await buildProject(world, { type: "OBJECT_DETECTION" });
  await buildVersion(world, hats);
  expect((await read(projectRef(world, hats))).chosen).toMatchObject({ untrainable: "type", models: [] });
});

test("a project without versions has nothing chosen", async () => {
  expect(await getVersionsPage(await userContext(world), projectRef(world, project))).toMatchObject({
    versions: [],
    chosen: null,
  });
});

test("what somebody may do is said as the table of permissions has it", async () => {
  for (const [role, may] of [
    ["OWNER", true],
    ["EDITOR", true],
    ["VIEWER", false],
  ] as const) {
    const ctx = await userContext(world, { role });
    expect((await getVersionsPage(ctx, projectRef(world, project))).may.updateVersions, role).toBe(may);
    expect((await getProjectsPage(ctx, world.workspace.slug)).may.updateProjects, role).toBe(may);
  }
});

test("a version or project in Trash is refused, and why is told to members alone", async () => {
  const ctx = await userContext(world);
  const version = await buildVersion(world, project, { name: "baseline" });
  const ref = versionRef(world, project, version);
  expect(await findHiddenItem(ctx, ref)).toBeNull();
  await trashVersion(ctx, ref);
  await expect(getVersionsPage(ctx, ref)).rejects.toMatchObject({ code: "in_trash" });
  expect(await findHiddenItem(ctx, ref)).toMatchObject({ type: "VERSION", name: "baseline", number: 1 });
  await trashProject(ctx, projectRef(world, project));
  await expect(getVersionsPage(ctx, ref)).rejects.toMatchObject({ code: "project_in_trash" });
  expect(await findHiddenItem(ctx, ref)).toMatchObject({ type: "PROJECT", name: project.name });
  expect(await findHiddenItem(ctx, projectRef(world, project))).toMatchObject({ type: "PROJECT" });
  expect(await findHiddenItem(ctx, { ...projectRef(world, project), projectSlug: "nowhere" })).toBeNull();
  await expect(findHiddenItem(await userContext(await buildWorld()), ref)).rejects.toMatchObject({ code: "not_found" });
});

test("what was purged is told to members alone, at every address below it", async () => {
  const ctx = await userContext(world);
  const version = await buildVersion(world, project, { name: "baseline" });
  await trashProject(ctx, projectRef(world, project));
  await purgeItem(ctx, itemRef(world, "PROJECT", project), UNBOUNDED);
  for (const ref of [projectRef(world, project), versionRef(world, project, version)])
    expect(await findHiddenItem(ctx, ref)).toEqual({ type: "PURGED" });
  const stranger = await userContext(await buildWorld());
  await expect(findHiddenItem(stranger, projectRef(world, project))).rejects.toMatchObject({ code: "not_found" });
});

test("a receipt is read by its id, by members of its workspace alone", async () => {
  const ctx = await userContext(world);
  const version = await buildVersion(world, project, { name: "baseline", images: 9 });
  const ref = versionRef(world, project, version);
  await trashVersion(ctx, ref);
  await purgeItem(
    await userContext(world),
    { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id },
    new AbortController().signal,
  );
  const {
    receipts: [listed],
  } = await listReceipts(ctx, { workspaceSlug: world.workspace.slug, limit: 1 });
  await expect(getVersionsPage(ctx, ref)).rejects.toMatchObject({ code: "purged", details: { receiptId: listed!.id } });
  expect(await getReceipt(ctx, { workspaceSlug: world.workspace.slug, receiptId: listed!.id })).toEqual(listed);
  const other = await buildWorld();
  await expect(
    getReceipt(await userContext(other), { workspaceSlug: other.workspace.slug, receiptId: listed!.id }),
  ).rejects.toMatchObject({ code: "not_found" });
});
