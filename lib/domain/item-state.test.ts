import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, outcomeOf, projectRef, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import type { Context } from "./context";
import { getLiveProject, getLiveVersion, getProjectState, getTrainingState, getVersionState } from "./item-state";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let training: Awaited<ReturnType<typeof buildTraining>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "digits" });
  version = await buildVersion(world, project);
  training = await buildTraining(world, version, { status: "FINISHED" });
  owner = await userContext(world);
});

const inWorkspace = () => world.workspace.id;
const trainingOf = (of: object = {}) => ({ ...trainingRef(world, training), ...of });

test("what is in Trash is there for whoever asks for its state, and says until when to whoever wants it live", async () => {
  await trashProject(owner, projectRef(world, project));
  const state = await getProjectState(inWorkspace(), projectRef(world, project));
  expect(state).toMatchObject({ id: project.id, deletedAt: owner.now });
  await expect(getLiveProject(inWorkspace(), projectRef(world, project))).rejects.toMatchObject({
    code: "in_trash",
    details: { restorableUntil: state.purgeAfter!.toISOString() },
  });
  const byId = { workspaceSlug: world.workspace.slug, projectId: project.id };
  expect(await getProjectState(inWorkspace(), byId)).toEqual(state);
});

test("a parent in Trash hides its parts, unless these are asked for as well", async () => {
  await trashVersion(owner, versionRef(world, project, version));
  await expect(getTrainingState(inWorkspace(), trainingOf())).rejects.toMatchObject({ code: "in_trash" });
  await trashProject(owner, projectRef(world, project));
  await expect(getTrainingState(inWorkspace(), trainingOf())).rejects.toMatchObject({ code: "project_in_trash" });
  await expect(getVersionState(inWorkspace(), versionRef(world, project, version))).rejects.toMatchObject({
    code: "project_in_trash",
    details: { restorableUntil: expect.any(String) },
  });
  expect(
    await getVersionState(inWorkspace(), versionRef(world, project, version), { inTrashedProject: true }),
  ).toMatchObject({ id: version.id, projectDeletedAt: owner.now });
  expect(await getTrainingState(inWorkspace(), trainingOf(), { inTrashedParent: true })).toMatchObject({
    id: training.id,
    deletedAt: null,
    versionDeletedAt: owner.now,
  });
});

test("nothing of a project whose purge has begun is there any more", async () => {
  await trashProject(owner, projectRef(world, project));
  await prisma().project.update({ where: { id: project.id }, data: { purgeStartedAt: owner.now } });
  expect([
    await outcomeOf(getProjectState(inWorkspace(), projectRef(world, project))),
    await outcomeOf(getVersionState(inWorkspace(), versionRef(world, project, version), { inTrashedProject: true })),
    await outcomeOf(getTrainingState(inWorkspace(), trainingOf(), { inTrashedParent: true })),
  ]).toEqual(["not_found", "not_found", "not_found"]);
});

test("a training under another version or project is not found, and its receipt is told of there no more than itself", async () => {
  for (const of of [{ number: version.number + 1 }, { projectSlug: "elsewhere" }])
    expect(await outcomeOf(getTrainingState(inWorkspace(), trainingOf(of)))).toBe("not_found");
  const { workspace } = await buildWorld();
  expect(await outcomeOf(getTrainingState(workspace.id, trainingOf()))).toBe("not_found");
  await trashTraining(owner, trainingOf());
  await purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
  expect(await outcomeOf(getTrainingState(workspace.id, trainingOf()))).toBe("not_found");
  expect(await outcomeOf(getTrainingState(inWorkspace(), trainingOf()))).toBe("purged");
});

test("of projects that had a slug one after the other, the one that is there counts, else the one purged last", async () => {
  const purge = async (one: { id: string; slug: string }) => {
    await trashProject(await userContext(world), projectRef(world, one));
    await purgeItem(await userContext(world), itemRef(world, "PROJECT", one), UNBOUNDED);
    return prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: one.id } });
  };
  await purge(project);
  const next = await buildProject(world, { slug: "digits" });
  expect(await getProjectState(inWorkspace(), projectRef(world, project))).toMatchObject({ id: next.id });
  const receipt = await purge(next);
  await expect(getProjectState(inWorkspace(), projectRef(world, project))).rejects.toMatchObject({
    code: "purged",
    details: { receiptId: receipt.id },
  });
});

test("a version that failed is there, but is not to be used, and says why", async () => {
  const failed = await buildVersion(world, project, { status: "FAILED" });
  await prisma().version.update({ where: { id: failed.id }, data: { failureReason: "cancelled" } });
  expect(await getVersionState(inWorkspace(), versionRef(world, project, failed))).toMatchObject({ status: "FAILED" });
  await expect(getLiveVersion(inWorkspace(), versionRef(world, project, failed))).rejects.toMatchObject({
    code: "generation_failed",
    publicMessage: expect.stringContaining("it was cancelled"),
  });
});
