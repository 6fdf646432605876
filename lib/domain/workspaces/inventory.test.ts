import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { outcomeOf, projectRef, versionRef } from "@/lib/testing/lifecycle";
import { systemContext } from "@/lib/domain/context";
import { trashProject, trashVersion } from "@/lib/domain/trash";
import { getInventory } from "./inventory";
import { systemMembership } from "./workspaces";

test("everything a workspace holds is listed, live and in Trash, and nothing whose purge has begun", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const owner = await userContext(world);
  const project = await buildProject(world);
  const [kept, trashed] = [await buildVersion(world, project, { images: 7 }), await buildVersion(world, project)];
  const training = await buildTraining(world, trashed, { status: "FINISHED" });
  await trashVersion(owner, versionRef(world, project, trashed));
  const leaving = await buildProject(world);
  await trashProject(owner, projectRef(world, leaving));
  await prisma().project.update({ where: { id: leaving.id }, data: { purgeStartedAt: owner.now } });
  await buildProject(other);

  const ctx = await systemContext("admin", { membership: await systemMembership(world.workspace.slug) });
  const { projects } = await getInventory(ctx, world.workspace.slug);
  expect(projects.map(({ id, inTrash }) => [id, inTrash])).toEqual([[project.id, false]]);
  expect(projects[0]!.versions).toMatchObject([
    { id: kept.id, images: 7, inTrash: false, purgeAfter: null, trainings: [] },
    // its training went nowhere by itself
    { id: trashed.id, inTrash: true, trainings: [{ id: training.id, status: "FINISHED", inTrash: false }] },
  ]);
  expect(projects[0]!.versions[1]!.purgeAfter).not.toBeNull();
});

test("it is read by jobs of ours that work for the workspace, and by nobody else, its owner included", async () => {
  const [world, other] = [await buildWorld(), await buildWorld()];
  const elsewhere = await systemContext("admin", { membership: await systemMembership(other.workspace.slug) });
  expect(await outcomeOf(getInventory(elsewhere, world.workspace.slug))).toBe("not_found");
  expect(await outcomeOf(getInventory(await userContext(world), world.workspace.slug))).toBe("forbidden");
});
