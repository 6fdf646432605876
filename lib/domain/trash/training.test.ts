import { beforeEach, describe, expect, test } from "vitest";
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
import {
  auditedActions,
  DAY_MS,
  later,
  outcomeOf,
  projectRef,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  versionRef,
} from "@/lib/testing/lifecycle";
import { type Context } from "@/lib/domain/context";
import { getVersion } from "@/lib/domain/versions";
import { getServingModel } from "@/lib/domain/trainings";
import {
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

const NOON = new Date("2026-05-01T12:00:00.123Z");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world, { now: NOON });
});

const trainingRow = (id: string) => prisma().training.findUniqueOrThrow({ where: { id } });
const everything = (versionId: string) =>
  prisma().version.findUniqueOrThrow({
    where: { id: versionId },
    include: { trainings: { include: { models: true }, orderBy: { number: "asc" } } },
  });

describe("a training", () => {
  test("moved to Trash leaves its version's page and comes back exactly, with its model", async () => {
    const version = await buildVersion(world, project);
    const training = await buildTraining(world, version, { status: "FINISHED" });
    const model = await buildModel(world, training);
    const before = await everything(version.id);
    const serve = () => getServingModel(owner, { workspaceSlug: world.workspace.slug, modelSlug: model.slug });

    expect(await trashTraining(owner, trainingRef(world, training))).toMatchObject({
      outcome: "trashed",
      name: "Training 1",
      deletedAt: NOON,
    });
    expect((await getVersion(owner, versionRef(world, project, version))).trainings).toEqual([]);
    await expect(serve()).rejects.toMatchObject({ code: "model_in_trash" });
    expect(await outcomeOf(trashTraining(later(owner, DAY_MS), trainingRef(world, training)))).toBe("already_in_trash");
    expect((await trainingRow(training.id)).deletedAt).toEqual(NOON);

    expect(await restoreTraining(owner, trainingRef(world, training))).toEqual({
      outcome: "restored",
      id: training.id,
      name: "Training 1",
    });
    expect(await outcomeOf(restoreTraining(owner, trainingRef(world, training)))).toBe("already_active");
    expect(await everything(version.id)).toEqual(before);
    expect(await serve()).toMatchObject({ id: model.id });
    expect(await auditedActions(world)).toEqual(["training.trashed", "training.restored"]);
  });

  test.each(["QUEUED", "RUNNING"] as const)("that is %s must be stopped first", async (status) => {
    const training = await buildTraining(world, await buildVersion(world, project), { status });
    expect(await outcomeOf(trashTraining(owner, trainingRef(world, training)))).toBe("training_active");
    expect(await trainingRow(training.id)).toEqual(training);
  });

  test("needs its version and project active to come back", async () => {
    const version = await buildVersion(world, project);
    const training = await buildTraining(world, version, { status: "FINISHED" });
    await trashTraining(owner, trainingRef(world, training));
    await trashVersion(owner, versionRef(world, project, version));
    await expect(restoreTraining(owner, trainingRef(world, training))).rejects.toMatchObject({
      code: "parent_in_trash",
      details: { parentType: "version" },
    });
    await trashProject(owner, projectRef(world, project));
    await expect(restoreTraining(owner, trainingRef(world, training))).rejects.toMatchObject({
      code: "parent_in_trash",
      details: { parentType: "project" },
    });
    await restoreProject(owner, trashedProjectRef(world, project));
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect((await trainingRow(training.id)).deletedAt).toEqual(NOON); // trashed by itself, it comes back by itself
    expect(await outcomeOf(restoreTraining(owner, trainingRef(world, training)))).toBe("restored");
  });

  test("is not found under another version, project or workspace", async () => {
    const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
    const stranger = await userContext(await buildWorld());
    expect(await outcomeOf(trashTraining(owner, { ...trainingRef(world, training), number: 2 }))).toBe("not_found");
    expect(await outcomeOf(trashTraining(owner, { ...trainingRef(world, training), projectSlug: "elsewhere" }))).toBe(
      "not_found",
    );
    expect(
      await outcomeOf(
        trashTraining(stranger, { workspaceSlug: stranger.actor.memberships[0]!.slug, trainingId: training.id }),
      ),
    ).toBe("not_found");
    expect(
      await outcomeOf(
        restoreTraining(stranger, { workspaceSlug: stranger.actor.memberships[0]!.slug, trainingId: training.id }),
      ),
    ).toBe("not_found");
    expect(await trainingRow(training.id)).toEqual(training);
  });
});

test("a model serves exactly while its training, version and project are all live", async () => {
  const version = await buildVersion(world, project);
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const model = await buildModel(world, training);
  const serve = () => outcomeOf(getServingModel(owner, { workspaceSlug: world.workspace.slug, modelSlug: model.slug }));
  const seen = [await serve()];
  await trashVersion(owner, versionRef(world, project, version));
  seen.push(await serve());
  await trashProject(owner, projectRef(world, project));
  seen.push(await serve());
  await restoreProject(owner, trashedProjectRef(world, project));
  seen.push(await serve());
  await restoreVersion(owner, trashedVersionRef(world, project, version));
  seen.push(await serve());
  expect(seen).toEqual(["done", "model_in_trash", "model_in_trash", "model_in_trash", "done"]);
});
