import { expect, test } from "vitest";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  auditedActions,
  itemRef,
  memberContext,
  outcomeOf,
  projectRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { purgeItem, trashProject, trashVersion } from "@/lib/domain/trash";
import { getSourceImage } from "@/lib/domain/images";
import { getServingModel } from "@/lib/domain/trainings";
import type { DomainError } from "@/lib/domain/errors";
import { claimProject, purgeClaimedProject } from "@/lib/domain/trash/purge-project";
import { prisma } from "@/lib/platform/db";
import { connectSecond } from "@/lib/testing/database";
import {
  createProject,
  getProject,
  getVersionWithProject,
  getWorkspace,
  previewSlug,
  type NewProject,
} from "./projects";

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

test("many of one name at once are made, each under a slug of its own, where the next slug will do", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const made = await Promise.all([1, 2, 3, 4].map(() => createProject(ctx, hats(world, { orNextSlug: true }))));
  expect(made.map(({ slug }) => slug).sort()).toEqual(["hard-hats", "hard-hats-2", "hard-hats-3", "hard-hats-4"]);
  const seeds = await prisma().project.findMany({ where: { workspaceId: world.workspace.id }, select: { seed: true } });
  expect(new Set(seeds.map(({ seed }) => seed)).size).toBeGreaterThan(1); // each has one of its own
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

const refusalOf = async (making: Promise<unknown>) =>
  making.then(
    () => null,
    ({ code, details }: DomainError) => ({ code, details }),
  );

/** A project of that slug, purged. */
async function purge(world: World, slug: string): Promise<void> {
  const project = await buildProject(world, { slug });
  const ctx = await userContext(world);
  await trashProject(ctx, projectRef(world, project));
  await purgeItem(ctx, itemRef(world, "PROJECT", project), UNBOUNDED);
}

test("a program that asks for a name whose slug is live, in Trash or purged gets none, and is told the next free slug", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const refused = { code: "already_exists", details: { slug: "hard-hats", hint: "hard-hats-4" } };
  await purge(world, "hard-hats");
  await buildProject(world, { slug: "hard-hats-2" });
  await trashProject(ctx, projectRef(world, await buildProject(world, { slug: "hard-hats-3" })));
  const before = await auditedActions(world);
  expect(await refusalOf(createProject(ctx, hats(world)))).toEqual(refused);
  for (const slug of ["hard-hats-2", "hard-hats-3"])
    expect(await refusalOf(createProject(ctx, hats(world, { projectSlug: slug })))).toMatchObject({
      code: "already_exists",
    });
  expect(await auditedActions(world)).toEqual(before);
  expect((await createProject(ctx, hats(world, { name: "Hard Hats 4" }))).slug).toBe("hard-hats-4");
  expect((await createProject(ctx, hats(world, { orNextSlug: true }))).slug).toBe("hard-hats-5");
});

test("every address of a purged project goes on saying so with its receipt, whatever is made of its name", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const old = await buildProject(world, { slug: "hard-hats" });
  await buildVersion(world, old);
  await trashProject(ctx, projectRef(world, old));
  await purgeItem(ctx, itemRef(world, "PROJECT", old), UNBOUNDED);
  const heir = await createProject(ctx, hats(world, { orNextSlug: true }));
  await buildVersion(world, heir);
  const { id: receiptId } = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: old.id } });
  const purged = { code: "purged", details: { receiptId } };
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: "hard-hats" };
  expect(await refusalOf(getProject(ctx, ref))).toEqual(purged);
  expect(await refusalOf(getVersionWithProject(ctx, { ...ref, number: 1 }))).toEqual(purged);
  expect(await refusalOf(getServingModel(ctx, { ...ref, number: 1 }))).toEqual(purged);
  expect(await refusalOf(getSourceImage(ctx, { ...ref, imageId: "x" }))).toEqual(purged);
});

test("a project made while the purge of the one with its slug commits does not get that slug", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const old = await buildProject(world, { slug: "hard-hats" });
  await trashProject(ctx, projectRef(world, old));
  const claim = { reason: "BY_HAND" as const, now: ctx.now, seen: new Map([[old.id, ctx.now]]) };
  await claimProject(ctx, world.workspace.id, old.id, claim);
  // The purge's last transaction has removed the project, and waits.
  const second = await connectSecond();
  await second.query(
    `create function wait() returns trigger language plpgsql as 'begin perform pg_advisory_xact_lock(1); return null; end'`,
  );
  await second.query("create trigger wait after delete on projects for each row execute function wait()");
  await second.query("select pg_advisory_lock(1)");
  const purging = purgeClaimedProject(ctx, world.workspace.id, old.id, claim, UNBOUNDED);
  await second.untilWaiting(1);
  const making = refusalOf(createProject(ctx, hats(world)));
  await second.untilWaiting(2);
  await second.query("select pg_advisory_unlock(1)");
  expect(await purging).toBe(true);
  expect(await making).toEqual({ code: "already_exists", details: { slug: "hard-hats", hint: "hard-hats-2" } });
  expect(await prisma().project.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
  await second.query("drop trigger wait on projects");
  await second.end();
});

test("a form is told which slug a name would get, and which it wanted", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const preview = (name: string) => previewSlug(ctx, { workspaceSlug: world.workspace.slug, name });
  await purge(world, "hard-hats");
  expect(await preview("Hard Hats")).toEqual({ slug: "hard-hats-2", wanted: "hard-hats" });
  expect(await preview("Caps")).toEqual({ slug: "caps", wanted: "caps" });
  const viewer = previewSlug(await memberContext(world, "VIEWER"), { workspaceSlug: world.workspace.slug, name: "x" });
  expect(await outcomeOf(viewer)).toBe("forbidden");
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
