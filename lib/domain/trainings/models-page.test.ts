import { expect, test } from "vitest";
import { buildModel, buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { projectRef, versionRef } from "@/lib/testing/lifecycle";
import { getModelsPage } from "./models-page";
import { trashProject, trashVersion } from "@/lib/domain/trash";

test("a project's page of models has those of its versions that serve, newest first, and nobody else's", async () => {
  const world = await buildWorld();
  const [project, other] = [await buildProject(world), await buildProject(world)];
  const [first, second, gone] = [
    await buildVersion(world, project),
    await buildVersion(world, project),
    await buildVersion(world, project),
  ];
  const train = async (version: { id: string }) =>
    buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  const models = [await train(first), await train(second)];
  await train(gone);
  await train(await buildVersion(world, other));
  const ctx = await userContext(world);
  await trashVersion(ctx, versionRef(world, project, gone));

  const page = await getModelsPage(ctx, projectRef(world, project));
  expect(page).toMatchObject({
    workspace: { slug: world.workspace.slug },
    project: { slug: project.slug, name: project.name },
    may: { updateVersions: true },
  });
  expect(page.models.map(({ slug, versionNumber }) => [slug, versionNumber])).toEqual([
    [models[1]!.slug, 2],
    [models[0]!.slug, 1],
  ]);
  expect(await getModelsPage(await userContext(world, { role: "VIEWER" }), projectRef(world, project))).toMatchObject({
    may: { updateVersions: false },
  });

  await trashProject(ctx, projectRef(world, other));
  await expect(getModelsPage(ctx, projectRef(world, other))).rejects.toMatchObject({ code: "in_trash" });
  await expect(getModelsPage(await userContext(await buildWorld()), projectRef(world, project))).rejects.toMatchObject({
    code: "not_found",
  });
});
