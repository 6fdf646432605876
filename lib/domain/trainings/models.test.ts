import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  fingerprintTables,
  userContext,
  type World,
} from "@/lib/testing/builders";
import {
  auditedActions,
  itemRef,
  keyContext,
  later,
  memberContext,
  outcomeOf,
  projectRef,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { storeModel, storeServingVersion } from "@/lib/testing/served-model";
import type { Context } from "@/lib/domain/context";
import { chooseModel, countModelCalls, getServingModel, listModels } from "./models";
import { createProject, renameProject } from "@/lib/domain/projects";
import {
  foreseeTrashProject,
  foreseeTrashVersion,
  purgeItem,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeServingVersion>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeServingVersion(world, project, { preprocessing: { grayscale: true } });
  owner = await userContext(world);
});

const bySlug = (model: { slug: string }) => ({ workspaceSlug: world.workspace.slug, modelSlug: model.slug });
const byVersion = () => versionRef(world, project, version);
const bothRefs = () => [bySlug(version.model), byVersion()];
const DAY_MS = 24 * 60 * 60 * 1000;

describe("a model", () => {
  test("is served under its slug and as the default of its version, to viewers too, with what serving needs to know", async () => {
    const viewer = await memberContext(world, "VIEWER");
    for (const ref of bothRefs()) {
      expect(await getServingModel(viewer, ref)).toEqual({
        id: version.model.id,
        slug: version.model.slug,
        modelType: "digits",
        versionId: version.id,
        trainingId: version.model.trainingId,
        weightsId: null,
        sizeBytes: Number(version.model.sizeBytes),
        preprocessing: { grayscale: true },
        onnx: null,
        fileType: null,
      });
    }
  });

  test.each([
    [
      "training",
      () => trashTraining(owner, trainingRef(world, { id: version.model.trainingId })),
      () => restoreTraining(owner, trainingRef(world, { id: version.model.trainingId })),
    ],
    [
      "version",
      () => trashVersion(owner, byVersion()),
      () => restoreVersion(owner, trashedVersionRef(world, project, version)),
    ],
    [
      "project",
      () => trashProject(owner, projectRef(world, project)),
      () => restoreProject(owner, trashedProjectRef(world, project)),
    ],
  ])(
    "falls silent with its %s, saying until when that can be restored, and comes back the same",
    async (type, trash, restore) => {
      const before = await getServingModel(owner, byVersion());
      await trash();
      for (const ref of bothRefs()) {
        const restorableUntil = new Date(owner.now.getTime() + 30 * DAY_MS).toISOString();
        await expect(getServingModel(owner, ref)).rejects.toMatchObject({
          code: "model_in_trash",
          publicMessage: expect.stringContaining(`its ${type} is in Trash`),
          details: { restorableUntil },
        });
      }
      await restore();
      for (const ref of bothRefs()) expect(await getServingModel(owner, ref)).toEqual(before);
    },
  );

  test("once purged is purged for ever, and nothing else answers in its place", async () => {
    const second = await storeModel(world, version);
    await countModelCalls(new Map([[version.model.id, 1]]), owner.now);
    await trashTraining(owner, trainingRef(world, { id: version.model.trainingId }));
    await purgeItem(owner, itemRef(world, "TRAINING", { id: version.model.trainingId }), UNBOUNDED);
    for (const ref of bothRefs()) await expect(getServingModel(owner, ref)).rejects.toMatchObject({ code: "purged" });
    expect(await getServingModel(owner, bySlug(second))).toMatchObject({ id: second.id });
    await chooseModel(owner, { ...byVersion(), modelSlug: second.slug });
    expect(await getServingModel(owner, byVersion())).toMatchObject({ id: second.id });
    await expect(getServingModel(owner, bySlug(version.model))).rejects.toMatchObject({ code: "purged" });
  });

  test.each(["TRAINING", "VERSION", "PROJECT"] as const)(
    "that went with its %s is purged under every address it had, with the receipt of that purge",
    async (type) => {
      const item = { TRAINING: { id: version.model.trainingId }, VERSION: version, PROJECT: project }[type];
      if (type === "TRAINING") await trashTraining(owner, trainingRef(world, item));
      if (type === "VERSION") await trashVersion(owner, byVersion());
      if (type === "PROJECT") await trashProject(owner, projectRef(world, project));
      await purgeItem(owner, itemRef(world, type, item), UNBOUNDED);
      const { id } = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemType: type, itemId: item.id } });
      for (const ref of bothRefs())
        await expect(getServingModel(owner, ref)).rejects.toMatchObject({ code: "purged", details: { receiptId: id } });
    },
  );

  test("keeps its slug when its project is renamed, and a new project of the old slug has no part in it", async () => {
    await renameProject(owner, projectRef(world, project), "Renamed");
    expect(await getServingModel(owner, bySlug(version.model))).toMatchObject({ id: version.model.id });
    await trashProject(owner, projectRef(world, project));
    const heir = await createProject(owner, {
      workspaceSlug: world.workspace.slug,
      name: project.slug,
      orNextSlug: true,
      type: "CLASSIFICATION",
      annotation: "",
    });
    expect(heir.slug).not.toBe(project.slug);
    await expect(getServingModel(owner, { ...projectRef(world, heir), number: 1 })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(getServingModel(owner, bySlug(version.model))).rejects.toMatchObject({ code: "model_in_trash" });
  });

  test("is for nobody else: a foreign workspace, a key without the scope, a name that never was, a version without one", async () => {
    const stranger = await userContext(await buildWorld());
    const bare = await buildVersion(world, project);
    const unscoped = await keyContext(world, { scopes: ["version:read"] });
    for (const ref of bothRefs()) {
      await expect(getServingModel(stranger, ref)).rejects.toMatchObject({ code: "not_found" });
      await expect(getServingModel(unscoped, ref)).rejects.toMatchObject({ code: "missing_scope" });
    }
    await expect(getServingModel(owner, bySlug({ slug: "never-was-1-1" }))).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(getServingModel(owner, versionRef(world, project, bare))).rejects.toMatchObject({
      code: "not_found",
      publicMessage: expect.stringContaining("train it first"),
    });
    await expect(getServingModel(owner, versionRef(world, project, { number: 99 }))).rejects.toMatchObject({
      code: "not_found",
    });
  });
});

describe("the default model", () => {
  test("stays the first one until another is chosen; choosing again changes nothing and is not recorded again", async () => {
    const second = await storeModel(world, version);
    expect(await getServingModel(owner, byVersion())).toMatchObject({ id: version.model.id });
    const choose = () => chooseModel(owner, { ...byVersion(), modelSlug: second.slug });
    await choose();
    expect(await getServingModel(owner, byVersion())).toMatchObject({ id: second.id });
    const before = await fingerprintTables();
    expect(await choose()).toEqual({ modelSlug: second.slug });
    expect(await fingerprintTables()).toEqual(before);
    expect((await auditedActions(world)).filter((action) => action === "version.model_chosen")).toHaveLength(1);
  });

  test("in Trash answers for nobody: the version's other model does not take its place", async () => {
    await storeModel(world, version);
    await trashTraining(owner, trainingRef(world, { id: version.model.trainingId }));
    await expect(getServingModel(owner, byVersion())).rejects.toMatchObject({ code: "model_in_trash" });
  });

  test("cannot be one of another version, one in Trash, or a viewer's choice", async () => {
    const other = await storeServingVersion(world, project);
    const second = await storeModel(world, version);
    await expect(chooseModel(owner, { ...byVersion(), modelSlug: other.model.slug })).rejects.toMatchObject({
      code: "not_found",
    });
    await expect(
      chooseModel(await memberContext(world, "VIEWER"), { ...byVersion(), modelSlug: second.slug }),
    ).rejects.toMatchObject({ code: "forbidden" });
    await trashTraining(owner, trainingRef(world, { id: second.trainingId }));
    await expect(chooseModel(owner, { ...byVersion(), modelSlug: second.slug })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(await getServingModel(owner, byVersion())).toMatchObject({ id: version.model.id });
  });

  test("is not changed on a version that goes to Trash just before; chosen just before, it falls silent with it", async () => {
    const second = await storeModel(world, version);
    const choose = () => outcomeOf(chooseModel(owner, { ...byVersion(), modelSlug: second.slug }));
    const trash = () => trashVersion(owner, byVersion());
    const [, chosen] = await raceAt(["versions", version], [trash, choose]);
    expect(chosen).toBe("not_found");
    expect((await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).defaultModelId).toBe(
      version.model.id,
    );
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect((await raceAt(["versions", version], [choose, trash]))[0]).toBe("done");
    await expect(getServingModel(owner, byVersion())).rejects.toMatchObject({
      code: "model_in_trash",
      publicMessage: expect.stringContaining(second.slug),
    });
  });
});

describe("the list", () => {
  test("has the live models of a workspace, a project or a version, newest first, and says which are served by default", async () => {
    const second = await storeModel(world, version);
    const elsewhere = await storeServingVersion(world, await buildProject(world));
    await storeServingVersion(await buildWorld(), await buildProject(world));
    const slugs = async (ref: Parameters<typeof listModels>[1]) =>
      (await listModels(owner, ref)).map(({ slug }) => slug);
    expect(await slugs(byVersion())).toEqual([second.slug, version.model.slug]);
    expect(await slugs(projectRef(world, project))).toEqual([second.slug, version.model.slug]);
    expect((await slugs({ workspaceSlug: world.workspace.slug })).slice(0, 3)).toContain(elsewhere.model.slug);
    expect((await listModels(owner, byVersion())).map(({ isDefault }) => isDefault)).toEqual([false, true]);
    await trashTraining(owner, trainingRef(world, { id: second.trainingId }));
    expect(await slugs(byVersion())).toEqual([version.model.slug]);
    await trashVersion(owner, byVersion());
    expect(await slugs({ workspaceSlug: world.workspace.slug })).not.toContain(version.model.slug);
  });
});

describe("calls", () => {
  test("add up by day and show for seven of them, in the list and before a delete; a purged model's are passed over", async () => {
    const quiet = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
    const daysAgo = (days: number) => new Date(owner.now.getTime() - days * DAY_MS);
    await countModelCalls(
      new Map([
        [version.model.id, 3],
        ["gone", 9],
      ]),
      owner.now,
    );
    await countModelCalls(new Map([[version.model.id, 2]]), owner.now);
    await countModelCalls(new Map([[version.model.id, 10]]), daysAgo(6));
    await countModelCalls(new Map([[version.model.id, 100]]), daysAgo(7));
    expect((await listModels(owner, byVersion())).map(({ slug, calls }) => [slug, calls])).toEqual([
      [quiet.slug, 0],
      [version.model.slug, 15],
    ]);
    const shown = [version.model, quiet]
      .map(({ slug }) => ({ slug, calls: slug === quiet.slug ? 0 : 15 }))
      .sort((a, b) => (a.slug < b.slug ? -1 : 1));
    expect((await foreseeTrashVersion(owner, byVersion())).models).toEqual(shown);
    expect((await foreseeTrashProject(owner, projectRef(world, project))).models).toEqual(shown);
    expect((await listModels(later(owner, DAY_MS), byVersion())).map(({ calls }) => calls)).toEqual([0, 5]);
  });

  test("counted by several processes at once are all counted", async () => {
    const second = await storeModel(world, version);
    const counts = Array.from({ length: 8 }, (_, i) =>
      countModelCalls(
        new Map(
          i % 2
            ? [
                [version.model.id, 1],
                [second.id, 2],
              ]
            : [
                [second.id, 2],
                [version.model.id, 1],
              ],
        ),
        owner.now,
      ),
    );
    await Promise.all(counts);
    expect((await listModels(owner, byVersion())).map(({ calls }) => calls)).toEqual([16, 8]);
  });
});
