import { expect, test } from "vitest";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, memberContext, outcomeOf, projectRef, versionRef } from "@/lib/testing/lifecycle";
import { trashProject, trashVersion } from "@/lib/domain/trash";
import { createProject, getProject, getWorkspace, type NewProject } from "./projects";

const hats = (world: World, input: Partial<NewProject> = {}): NewProject => ({
  workspaceSlug: world.workspace.slug,
  name: "Hard Hats",
  type: "OBJECT_DETECTION",
  annotation: " hats ",
  ...input,
});

test("a new project is there as it was answered, empty", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const made = await createProject(ctx, hats(world));
  expect(made).toMatchObject({ slug: "hard-hats", name: "Hard Hats", annotation: "hats", createdAt: ctx.now });
  expect((await getProject(ctx, projectRef(world, made))).project).toEqual(made);
  expect(await auditedActions(world)).toEqual(["project.created"]);
});

test("many of one name at once are made, each under a slug of its own", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const made = await Promise.all([1, 2, 3, 4].map(() => createProject(ctx, hats(world))));
  expect(made.map(({ slug }) => slug).sort()).toEqual(["hard-hats", "hard-hats-2", "hard-hats-3", "hard-hats-4"]);
});

test("a slug that was asked for is had or refused, also while its project is in Trash, and a refusal records nothing", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const taken = await buildProject(world, { slug: "caps" });
  await trashProject(ctx, projectRef(world, taken));
  const before = await auditedActions(world);
  const create = (input: Partial<NewProject>) => outcomeOf(createProject(ctx, hats(world, input)));
  expect([
    await create({ projectSlug: "caps" }),
    await create({ projectSlug: "api" }),
    await create({ name: "a\nb" }),
    await outcomeOf(createProject(await memberContext(world, "VIEWER"), hats(world))),
  ]).toEqual(["already_exists", "invalid_input", "invalid_input", "forbidden"]);
  expect(await auditedActions(world)).toEqual(before);
  const other = await buildWorld();
  expect((await createProject(await userContext(other), hats(other, { projectSlug: "caps" }))).slug).toBe("caps");
});

test("a project's count of versions is the versions that its page of the API lists: none failed, none in Trash", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const project = await buildProject(world);
  const [ready, trashed] = [await buildVersion(world, project), await buildVersion(world, project)];
  await buildVersion(world, project, { status: "FAILED" });
  const making = await buildVersion(world, project, { status: "GENERATING" });
  await trashVersion(ctx, versionRef(world, project, trashed));
  const { project: view, versions } = await getProject(ctx, projectRef(world, project));
  expect([view.versions, versions.map(({ number }) => number)]).toEqual([2, [making.number, ready.number]]);
  expect((await getWorkspace(ctx, world.workspace.slug)).projects).toEqual([view]);
});
