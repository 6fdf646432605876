import { expect, test } from "vitest";
import { trashProject } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext } from "@/lib/testing/builders";
import { auditedActions, keyContext, memberContext, outcomeOf, projectRef } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { renameProject } from "./rename";

async function setup() {
  const world = await buildWorld();
  const project = await buildProject(world, { name: "Digits" });
  return { world, project, ctx: await userContext(world), ref: projectRef(world, project) };
}

const nameOf = async ({ id }: { id: string }) => (await prisma().project.findUniqueOrThrow({ where: { id } })).name;

test("a renamed project keeps its slug, and the log has both names", async () => {
  const { world, project, ctx, ref } = await setup();
  await renameProject(ctx, ref, "Numbers");
  expect(await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).toMatchObject({
    name: "Numbers",
    slug: project.slug,
  });
  const event = await prisma().auditEvent.findFirstOrThrow({ where: { workspaceId: world.workspace.id } });
  expect(event).toMatchObject({ action: "project.renamed", targetName: "Numbers", details: { before: "Digits" } });
});

test("a name that will not do changes nothing", async () => {
  const { world, project, ctx, ref } = await setup();
  for (const name of ["", " ", "a\nb", "x".repeat(201)])
    expect(await outcomeOf(renameProject(ctx, ref, name))).toBe("invalid_input");
  expect([await nameOf(project), await auditedActions(world)]).toEqual(["Digits", []]);
});

test("viewers, strangers and keys without the scope rename nothing", async () => {
  const { world, project, ref } = await setup();
  for (const [ctx, code] of [
    [await memberContext(world, "VIEWER"), "forbidden"],
    [await keyContext(world, { scopes: ["version:read", "project:read"] }), "missing_scope"],
    [await userContext(await buildWorld()), "not_found"],
  ] as const)
    expect(await outcomeOf(renameProject(ctx, ref, "mine"))).toBe(code);
  expect(await nameOf(project)).toBe("Digits");
});

test("what is in Trash, or goes there while the rename waits, is not renamed", async () => {
  const { world, project, ctx, ref } = await setup();
  const [, renamed] = await raceAt(
    ["projects", project],
    [() => trashProject(ctx, ref), () => outcomeOf(renameProject(ctx, ref, "late"))],
  );
  expect([renamed, await nameOf(project)]).toEqual(["in_trash", "Digits"]);
  expect(await outcomeOf(renameProject(ctx, ref, "late"))).toBe("in_trash");
  expect(await auditedActions(world)).toEqual(["project.trashed"]);
});
