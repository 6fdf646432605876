import { expect, test } from "vitest";
import { buildMember, buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { later, versionRef } from "@/lib/testing/lifecycle";
import { readTrash, trashVersion } from "@/lib/domain/trash";

test("the overview reads each type from its own place and says what this person may do", async () => {
  const world = await buildWorld();
  const slug = world.workspace.slug;
  const owner = await userContext(world);
  const project = await buildProject(world);
  for (let i = 0; i < 52; i++)
    await trashVersion(later(owner, i), versionRef(world, project, await buildVersion(world, project, { images: 1 })));
  const overview = await readTrash(owner, { workspaceSlug: slug, cursors: {} });
  expect(overview).toMatchObject({
    purgeIsDue: false,
    mayRestore: true,
    mayPurge: true,
    summary: { items: 52, images: 52 },
  });
  expect(overview.sections.map(({ type, items }) => [type, items.length])).toEqual([
    ["PROJECT", 0],
    ["VERSION", 50],
    ["TRAINING", 0],
    ["IMAGES", 0],
  ]);
  expect(overview.sections[1]!.items[0]).toMatchObject({
    name: "v52",
    loss: { images: 1 },
    timeLeft: { unit: "days" },
  });
  const rest = await readTrash(owner, {
    workspaceSlug: slug,
    type: "VERSION",
    cursors: { VERSION: overview.sections[1]!.nextCursor! },
  });
  expect(rest.sections.map(({ type, items, nextCursor }) => [type, items.map(({ name }) => name), nextCursor])).toEqual(
    [["VERSION", ["v2", "v1"], null]],
  );

  for (const [role, mayRestore] of [
    ["EDITOR", true],
    ["VIEWER", false],
  ] as const) {
    const ctx = await userContext(world, { user: await buildMember(world, role), role });
    expect(await readTrash(ctx, { workspaceSlug: slug, cursors: {} })).toMatchObject({ mayRestore, mayPurge: false });
  }
  await expect(
    readTrash(await userContext(await buildWorld()), { workspaceSlug: slug, cursors: {} }),
  ).rejects.toMatchObject({ code: "not_found" });
});
