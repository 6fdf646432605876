import { beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildMember,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import {
  itemRef,
  keyContext,
  memberContext,
  outcomeOf,
  projectRef,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import { SCOPES, type Scope } from "@/lib/domain/permissions";
import { eraseFiles } from "./erase";
import { listReceipts } from "./receipt-list";
import {
  listTrash,
  purgeExpired,
  purgeItem,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

let world: World;
let operations: Record<string, (ctx: Context) => Promise<unknown>>;
let snapshot: () => Promise<unknown>;

// One live and one trashed item of each type: every operation has something to do, if it is let.
beforeAll(async () => {
  world = await buildWorld();
  const owner = await userContext(world);
  const [project, trashedProject] = [await buildProject(world), await buildProject(world)];
  const [version, trashedVersion] = [await buildVersion(world, project), await buildVersion(world, project)];
  const [training, trashedTraining] = [
    await buildTraining(world, version, { status: "FINISHED" }),
    await buildTraining(world, version, { status: "FINISHED" }),
  ];
  await trashTraining(owner, trainingRef(world, trashedTraining));
  await trashVersion(owner, versionRef(world, project, trashedVersion));
  await trashProject(owner, projectRef(world, trashedProject));
  operations = {
    "trash version": (ctx) => trashVersion(ctx, versionRef(world, project, version)),
    "restore version": (ctx) => restoreVersion(ctx, trashedVersionRef(world, project, trashedVersion)),
    "trash project": (ctx) => trashProject(ctx, projectRef(world, project)),
    "restore project": (ctx) => restoreProject(ctx, trashedProjectRef(world, trashedProject)),
    "trash training": (ctx) => trashTraining(ctx, trainingRef(world, training)),
    "restore training": (ctx) => restoreTraining(ctx, trainingRef(world, trashedTraining)),
    "purge version": (ctx) => purgeItem(ctx, itemRef(world, "VERSION", trashedVersion), UNBOUNDED),
    "purge project": (ctx) => purgeItem(ctx, itemRef(world, "PROJECT", trashedProject), UNBOUNDED),
    "purge training": (ctx) => purgeItem(ctx, itemRef(world, "TRAINING", trashedTraining), UNBOUNDED),
  };
  snapshot = async () => [
    await prisma().project.findMany({ orderBy: { id: "asc" } }),
    await prisma().version.findMany({ orderBy: { id: "asc" } }),
    await prisma().training.findMany({ orderBy: { id: "asc" } }),
    await prisma().auditEvent.count(),
    await prisma().purgeReceipt.count(),
  ];
});

/** Tries every operation whose name matches and answers what each said; nothing may have changed. */
async function refusals(ctx: Context, only = /./): Promise<Record<string, string>> {
  const before = await snapshot();
  const said: Record<string, string> = {};
  for (const [name, run] of Object.entries(operations)) if (only.test(name)) said[name] = await outcomeOf(run(ctx));
  expect(await snapshot()).toEqual(before);
  return said;
}

const all = (code: string, only = /./) =>
  Object.fromEntries(
    Object.keys(operations)
      .filter((name) => only.test(name))
      .map((name) => [name, code]),
  );

test("a viewer changes nothing", async () => {
  expect(await refusals(await memberContext(world, "VIEWER"))).toEqual(all("forbidden"));
});

test("an editor purges nothing", async () => {
  expect(await refusals(await memberContext(world, "EDITOR"), /purge/)).toEqual(all("forbidden", /purge/));
});

test("a member of another workspace, or of none, finds nothing", async () => {
  expect(await refusals(await userContext(await buildWorld()))).toEqual(all("not_found"));
  const nobody: Context = {
    ...(await userContext(world)),
    actor: { type: "USER", userId: "nobody", name: "Nobody", memberships: [] },
  };
  expect(await refusals(nobody)).toEqual(all("not_found"));
});

test("a key of another workspace finds nothing, whatever its scopes", async () => {
  expect(await refusals(await keyContext(await buildWorld()))).toEqual(all("not_found"));
});

test("a key without the one scope that grants an operation is refused, even the owner's", async () => {
  const without = (scope: Scope) => keyContext(world, { scopes: SCOPES.filter((s) => s !== scope) });
  expect(await refusals(await without("version:update"), /version|training/)).toEqual(
    all("missing_scope", /version|training/),
  );
  expect(await refusals(await without("project:update"), /project/)).toEqual(all("missing_scope", /project/));
  expect(await refusals(await keyContext(world, { scopes: [] }))).toEqual(all("missing_scope"));
});

test("a viewer's key changes nothing, whatever its scopes", async () => {
  const viewer = await buildMember(world, "VIEWER");
  expect(await refusals(await keyContext(world, { userId: viewer.id }))).toEqual(all("missing_scope"));
});

test("no API key purges, not even the owner's with every scope", async () => {
  expect(await refusals(await keyContext(world), /purge/)).toEqual(all("missing_scope", /purge/));
});

test("only our own jobs run the expiry and the removal of files", async () => {
  for (const ctx of [await userContext(world), await keyContext(world)]) {
    expect(await outcomeOf(purgeExpired(ctx, UNBOUNDED))).toBe("forbidden");
    expect(await outcomeOf(eraseFiles(ctx, UNBOUNDED))).toBe("forbidden");
  }
});

test("a job that was given no workspace reaches into none", async () => {
  expect(await refusals(await systemContext("purge-expired"))).toEqual(all("not_found"));
});

test("Trash and receipts are read by every member and by keys with project:read, and by nobody else", async () => {
  const input = { workspaceSlug: world.workspace.slug, limit: 1 };
  const reads = async (ctx: Context) => [
    await outcomeOf(listTrash(ctx, input)),
    await outcomeOf(listReceipts(ctx, input)),
  ];
  expect(await reads(await memberContext(world, "VIEWER"))).toEqual(["done", "done"]);
  expect(await reads(await keyContext(world, { scopes: ["project:read"] }))).toEqual(["done", "done"]);
  expect(await reads(await keyContext(world, { scopes: ["version:update"] }))).toEqual([
    "missing_scope",
    "missing_scope",
  ]);
  expect(await reads(await userContext(await buildWorld()))).toEqual(["not_found", "not_found"]);
});

// Last: it uses the world up. It shows that the operations above had something to do.
test("an editor trashes and restores all of it, and an owner purges what is left in Trash", async () => {
  const editor = await memberContext(world, "EDITOR");
  const said: Record<string, string> = {};
  for (const name of [
    "trash training",
    "purge training",
    "purge version",
    "purge project",
    "trash version",
    "trash project",
  ]) {
    said[name] = await outcomeOf(operations[name]!(name.startsWith("purge") ? await userContext(world) : editor));
  }
  expect(said).toEqual({
    "trash training": "trashed",
    "purge training": "done",
    "purge version": "done",
    "purge project": "done",
    "trash version": "trashed",
    "trash project": "trashed",
  });
});
