import { expect, test } from "vitest";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { getNavigation } from "./navigation";
import { trashProject, trashVersion } from "@/lib/domain/trash";

test("the sidebar lists live projects by name and counts what Trash lists", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const [beta, alpha] = [await buildProject(world, { name: "beta" }), await buildProject(world, { name: "Alpha" })];
  const [first] = [await buildVersion(world, beta), await buildVersion(world, beta)];
  await buildTraining(world, first!, { status: "FINISHED" });
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: beta.slug };
  expect(await getNavigation(ctx, world.workspace.slug)).toEqual({
    workspace: { slug: world.workspace.slug, name: world.workspace.name, role: "OWNER" },
    projects: [
      { slug: alpha.slug, name: "Alpha" },
      { slug: beta.slug, name: "beta" },
    ],
    trashItems: 0,
  });

  await trashVersion(ctx, { ...ref, number: first!.number });
  await trashProject(ctx, ref);
  const after = await getNavigation(ctx, world.workspace.slug);
  expect(after.projects.map((p) => p.name)).toEqual(["Alpha"]);
  expect(after.trashItems).toBe(2);
});

test("the sidebar of a foreign workspace is not found", async () => {
  const world = await buildWorld();
  await expect(getNavigation(await userContext(world), (await buildWorld()).workspace.slug)).rejects.toMatchObject({
    code: "not_found",
  });
});
