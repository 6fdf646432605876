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
import { itemRef, outcomeOf, projectRef, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import type { Context } from "@/lib/domain/context";
import { purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { getVersion, getVersionFiles, listVersionsOf } from "./versions";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
  owner = await userContext(world);
});

const ref = () => versionRef(world, project, version);

test("the files of a version are described as long as there are any: in Trash and under a project in Trash, too", async () => {
  const files = { versionId: version.id, manifestHash: version.manifestHash };
  await trashVersion(owner, ref());
  expect(await getVersionFiles(owner, ref())).toEqual(files);
  await trashProject(owner, projectRef(world, project));
  expect(await getVersionFiles(owner, ref())).toEqual(files);
  await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
  expect(await outcomeOf(getVersionFiles(owner, ref()))).toBe("purged");
});

test("a version that was never completely generated has no files", async () => {
  for (const status of ["GENERATING", "FAILED"] as const) {
    const { number } = await buildVersion(world, project, { status });
    expect(await outcomeOf(getVersionFiles(owner, { ...ref(), number })), status).toBe("not_ready");
  }
});

test("a version is told of with its live trainings, oldest first, and with a default model only while that serves", async () => {
  const [first, second] = [
    await buildTraining(world, version, { status: "FINISHED" }),
    await buildTraining(world, version, { status: "FINISHED" }),
  ];
  const model = await buildModel(world, first);
  await buildModel(world, second);
  await prisma().version.update({ where: { id: version.id }, data: { defaultModelId: model.id } });
  expect(await getVersion(owner, ref())).toMatchObject({
    defaultModelSlug: model.slug,
    trainings: [{ id: first.id, modelSlug: model.slug }, { id: second.id }],
  });
  await trashTraining(owner, trainingRef(world, first));
  expect(await getVersion(owner, ref())).toMatchObject({ defaultModelSlug: null, trainings: [{ id: second.id }] });
  expect(await listVersionsOf(project.id)).toMatchObject([{ id: version.id, defaultModelSlug: null }]);
});
