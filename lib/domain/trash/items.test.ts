import { expect, test } from "vitest";
import { countTrash, listTrash, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { later, projectRef, scheduler, RETENTION_MS, trainingRef, versionRef } from "@/lib/testing/lifecycle";
import { claimProject } from "./purge-project";

async function buildTrash() {
  const world = await buildWorld();
  const owner = await userContext(world);
  const [digits, faces] = [await buildProject(world), await buildProject(world)];
  const version = await buildVersion(world, digits);
  await trashTraining(owner, trainingRef(world, await buildTraining(world, version, { status: "FINISHED" })));
  await trashVersion(later(owner, 1), versionRef(world, digits, version));
  await trashVersion(later(owner, 2), versionRef(world, faces, await buildVersion(world, faces)));
  await trashProject(later(owner, 3), projectRef(world, faces));
  return { world, owner, faces };
}

test("what is counted is what is listed, up to the most that is asked for", async () => {
  const { world, owner } = await buildTrash();
  await buildTrash(); // another workspace's
  const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
  expect(items).toHaveLength(4);
  expect(await countTrash(world.workspace.id, 99)).toBe(4);
  expect(await countTrash(world.workspace.id, 3)).toBe(3);
});

test("a project whose purge has begun is not in Trash any more, nor is anything in it", async () => {
  const { world, owner, faces } = await buildTrash();
  const due = await scheduler(later(owner, RETENTION_MS + 3).now);
  expect(await claimProject(due, world.workspace.id, faces.id, { reason: "EXPIRED", now: due.now })).toBe(true);
  expect(await countTrash(world.workspace.id, 99)).toBe(2);
  const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
  expect(items.map(({ type }) => type)).toEqual(["VERSION", "TRAINING"]);
});
