import { beforeEach, expect, test } from "vitest";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import {
  foreseeTrashTraining,
  foreseeTrashVersion,
  restoreVersion,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

let world: World;
let project: { id: string; slug: string; name: string };

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
});

test("the consequences tell of a generation that would be cancelled, and promise no images of it", async () => {
  const ctx = await userContext(world);
  const version = await buildVersion(world, project, { status: "GENERATING", images: 50 });
  expect(await foreseeTrashVersion(ctx, versionRef(world, project, version))).toMatchObject({
    images: 0,
    generating: 1,
    days: 30,
  });
});

test("the consequences of trashing what is in Trash already are refused, and of what was restored they are not", async () => {
  const ctx = await userContext(world);
  const version = await buildVersion(world, project);
  const ref = versionRef(world, project, version);
  const training = {
    workspaceSlug: world.workspace.slug,
    trainingId: (await buildTraining(world, version, { status: "FINISHED" })).id,
  };
  await trashTraining(ctx, training);
  await expect(foreseeTrashTraining(ctx, training)).rejects.toMatchObject({ code: "in_trash" });
  await trashVersion(ctx, ref);
  await expect(foreseeTrashVersion(ctx, ref)).rejects.toMatchObject({ code: "in_trash" });
  await restoreVersion(ctx, trashedVersionRef(world, project, version));
  expect(await foreseeTrashVersion(ctx, ref)).toMatchObject({ images: 10, generating: 0 });
});
