import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { auditedActions, keyContext, memberContext, outcomeOf, projectRef, versionRef } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { renameVersion } from "./rename";
import { trashProject, trashVersion } from "@/lib/domain/trash";

async function setup() {
  const world = await buildWorld();
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project, { name: "baseline" });
  return { world, project, version, ctx: await userContext(world), ref: versionRef(world, project, version) };
}

const nameOfVersion = async ({ id }: { id: string }) =>
  (await prisma().version.findUniqueOrThrow({ where: { id } })).name;

test("a renamed version keeps everything but its name, and the log has both names", async () => {
  const { world, version, ctx, ref } = await setup();
  expect(await renameVersion(ctx, ref, "  cafe\u0301 ")).toEqual({ name: "caf\u00e9" });
  expect(await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).toEqual({
    ...version,
    name: "caf\u00e9",
  });
  const event = await prisma().auditEvent.findFirstOrThrow({ where: { workspaceId: world.workspace.id } });
  expect(event).toMatchObject({ action: "version.renamed", targetName: "caf\u00e9", details: { before: "baseline" } });
});

test("a name that will not do changes nothing", async () => {
  const { world, version, ctx, ref } = await setup();
  for (const name of ["", " ", "a\nb", "x".repeat(201)]) {
    expect(await outcomeOf(renameVersion(ctx, ref, name))).toBe("invalid_input");
  }
  expect([await nameOfVersion(version), await auditedActions(world)]).toEqual(["baseline", []]);
});

test("viewers, strangers and keys without the scope rename nothing", async () => {
  const { world, version, ref } = await setup();
  const stranger = await userContext(await buildWorld());
  const [viewer, key] = [
    await memberContext(world, "VIEWER"),
    await keyContext(world, { scopes: ["version:read", "project:read"] }),
  ];
  for (const [ctx, code] of [
    [viewer, "forbidden"],
    [key, "missing_scope"],
    [stranger, "not_found"],
  ] as const) {
    expect(await outcomeOf(renameVersion(ctx, ref, "mine"))).toBe(code);
  }
  expect(await nameOfVersion(version)).toBe("baseline");
});

test("what is in Trash, or in a project in Trash, is not renamed", async () => {
  const { world, project, ctx, ref } = await setup();
  await trashVersion(ctx, ref);
  expect(await outcomeOf(renameVersion(ctx, ref, "late"))).toBe("in_trash");
  const other = await buildVersion(world, project);
  await trashProject(ctx, projectRef(world, project));
  expect(await outcomeOf(renameVersion(ctx, versionRef(world, project, other), "late"))).toBe("project_in_trash");
});

test("a rename that waits while the item goes to Trash does not rename it", async () => {
  const { world, version, ctx, ref } = await setup();
  const [, renamed] = await raceAt(
    ["versions", version],
    [() => trashVersion(ctx, ref), () => outcomeOf(renameVersion(ctx, ref, "late"))],
  );
  expect([renamed, await nameOfVersion(version)]).toEqual(["in_trash", "baseline"]);
  expect(await auditedActions(world)).toEqual(["version.trashed"]);
});
