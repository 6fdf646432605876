import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildImages, buildProject, buildWorld, userContext } from "@/lib/testing/builders";
import { outcomeOf, projectRef } from "@/lib/testing/lifecycle";
import { trashProject } from "@/lib/domain/trash";
import { getProjectsPage } from "./page";

test("each live project has a few of its own images, always the same ones, and one without images has none", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const ctx = await userContext(world);
  const [full, empty, trashed] = [await buildProject(world), await buildProject(world), await buildProject(world)];
  for (const project of [full, trashed, await buildProject(other)]) await buildImages(project, 8);
  await trashProject(ctx, projectRef(world, trashed));
  const { projects } = await getProjectsPage(ctx, world.workspace.slug);
  expect(projects.map(({ id, thumbnails }) => [id, thumbnails.length])).toEqual([
    [full.id, 6],
    [empty.id, 0],
  ]);
  const shown = projects[0]!.thumbnails.map(({ id }) => id);
  expect(await prisma().image.count({ where: { id: { in: shown }, projectId: full.id } })).toBe(6);
  expect((await getProjectsPage(ctx, world.workspace.slug)).projects[0]!.thumbnails.map(({ id }) => id)).toEqual(shown);
});

test("a workspace of somebody else has no page", async () => {
  const { workspace } = await buildWorld();
  expect(await outcomeOf(getProjectsPage(await userContext(await buildWorld()), workspace.slug))).toBe("not_found");
});
