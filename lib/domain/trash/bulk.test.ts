import { expect, test } from "vitest";
import { query } from "@/lib/platform/db";
import {
  buildApiKey,
  buildMember,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
} from "@/lib/testing/builders";
import { authenticateKey } from "@/lib/domain/people";
import {
  emptyTrash,
  listTrash,
  foreseeTrashVersion,
  purgeItems,
  restoreAll,
  restoreItems,
  summarizeTrash,
  trashProject,
  trashTraining,
  trashVersion,
  withLosses,
} from "@/lib/domain/trash";

const forever = AbortSignal.timeout(60_000);

async function buildFullTrash() {
  const world = await buildWorld();
  const slugs = { workspaceSlug: world.workspace.slug };
  const [kept, gone] = [await buildProject(world), await buildProject(world)];
  const version = await buildVersion(world, kept, { name: "baseline", images: 7 });
  const inGone = await buildVersion(world, gone, { images: 5 });
  await buildVersion(world, gone, { images: 2 });
  const training = await buildTraining(world, await buildVersion(world, kept), { status: "FINISHED" });
  await buildModel(world, training);
  const ctx = await userContext(world);
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: version.number });
  await trashVersion(ctx, { ...slugs, projectSlug: gone.slug, number: inGone.number });
  await trashProject(ctx, { ...slugs, projectSlug: gone.slug });
  await trashTraining(ctx, { ...slugs, trainingId: training.id });
  return { world, slugs, kept, gone, version, inGone, training, items: (await listTrash(ctx, slugs)).items };
}

test("Restore All brings back parents first, so that everything comes back", async () => {
  const { world, slugs, items } = await buildFullTrash();
  const results = await restoreItems(await userContext(world), { ...slugs, items });
  expect(results).toHaveLength(4);
  expect(results.filter((result) => result.error)).toEqual([]);
  expect((await listTrash(await userContext(world), slugs)).items).toEqual([]);
});

test("an item that cannot be restored says why and keeps no other", async () => {
  const { world, slugs, inGone, version, items } = await buildFullTrash();
  const results = await restoreItems(await userContext(world), {
    ...slugs,
    items: items.filter((item) => item.type === "VERSION"),
  });
  expect(results.find((result) => result.id === inGone.id)!.error).toMatchObject({ code: "parent_in_trash" });
  expect(results.find((result) => result.id === version.id)!.error).toBeNull();
});

test("the chosen items are purged one by one; one restored meanwhile is reported and not touched", async () => {
  const { world, slugs, version, training, items } = await buildFullTrash();
  await restoreItems(await userContext(world), { ...slugs, items: items.filter((item) => item.id === version.id) });
  const ctx = await userContext(world);
  const results = await purgeItems(
    ctx,
    {
      ...slugs,
      items: items.filter((item) => [version.id, training.id].includes(item.id)),
      confirm: "2",
      asOf: ctx.now,
    },
    forever,
  );
  expect(results.find((result) => result.id === version.id)!.error).toMatchObject({ code: "not_in_trash" });
  expect(results.find((result) => result.id === training.id)!.error).toBeNull();
});

test("Empty Trash takes what was in it when the person looked, and nothing trashed since", async () => {
  const { world, slugs, kept } = await buildFullTrash();
  const looked = await userContext(world);
  const late = await buildVersion(world, kept, { images: 3 });
  const later = await userContext(world, { now: new Date(looked.now.getTime() + 1000) });
  await trashVersion(later, { ...slugs, projectSlug: kept.slug, number: late.number });

  expect(await emptyTrash(later, { ...slugs, asOf: looked.now, confirm: "４" }, forever)).toEqual({
    items: 4,
    left: 0,
  });
  expect((await listTrash(later, slugs)).items.map((item) => item.id)).toEqual([late.id]);
  const [{ used }] = (await query<{ used: number }>(
    { name: "used", text: "select used_images as used from workspaces where id = $1" },
    [world.workspace.id],
  )) as [{ used: number }];
  expect(used).toBe(3 + 10); // the late one, and the live one whose training went
});

test("an editor and an API key cannot purge anything, by no way", async () => {
  const { world, slugs, items } = await buildFullTrash();
  const editor = await userContext(world, { user: await buildMember(world, "EDITOR"), role: "EDITOR" });
  await expect(purgeItems(editor, { ...slugs, items, confirm: "4", asOf: editor.now }, forever)).rejects.toMatchObject({
    code: "forbidden",
  });
  await expect(emptyTrash(editor, { ...slugs, asOf: editor.now, confirm: "4" }, forever)).rejects.toMatchObject({
    code: "forbidden",
  });
  const key = await authenticateKey(await buildApiKey(world), "request");
  await expect(purgeItems(key, { ...slugs, items, confirm: "4", asOf: key.now }, forever)).rejects.toMatchObject({
    code: "missing_scope",
  });
  await expect(emptyTrash(key, { ...slugs, asOf: key.now, confirm: "4" }, forever)).rejects.toMatchObject({
    code: "missing_scope",
  });
  expect((await listTrash(editor, slugs)).items).toHaveLength(4);
});

test("Restore All brings everything back, and tells what it could not", async () => {
  const { world, slugs } = await buildFullTrash();
  const ctx = await userContext(world);
  expect(await restoreAll(ctx, slugs, AbortSignal.abort())).toEqual({
    restored: 0,
    failed: 0,
    failures: [],
    done: false,
  });
  expect(await restoreAll(ctx, slugs, forever)).toEqual({ restored: 4, failed: 0, failures: [], done: true });
  expect((await listTrash(ctx, slugs)).items).toEqual([]);
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  await expect(restoreAll(viewer, slugs, forever)).rejects.toMatchObject({ code: "forbidden" });
});

test("a purge by hand is confirmed by the name as it is, or by the number of items; else nothing is purged", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const one = { ...slugs, items: items.filter((item) => item.id === version.id), asOf: ctx.now };
  for (const confirm of ["", "Baseline", "b\u0430seline", "baseline\u200b", "1"]) {
    await expect(purgeItems(ctx, { ...one, confirm }, forever)).rejects.toMatchObject({
      code: "name_mismatch",
      details: { name: "baseline" },
    });
  }
  // The name that counts is the version's, not the one that the browser sent along.
  await expect(
    purgeItems(ctx, { ...one, items: [{ ...one.items[0]!, name: "forged" }], confirm: "forged" }, forever),
  ).rejects.toMatchObject({ code: "name_mismatch" });
  await expect(purgeItems(ctx, { ...slugs, items, confirm: "3", asOf: ctx.now }, forever)).rejects.toMatchObject({
    code: "name_mismatch",
    details: { items: 4 },
  });
  await expect(emptyTrash(ctx, { ...slugs, asOf: ctx.now, confirm: "3" }, forever)).rejects.toMatchObject({
    code: "name_mismatch",
    details: { items: 4 },
  });
  expect((await listTrash(ctx, slugs)).items).toHaveLength(4);
  expect(await purgeItems(ctx, { ...one, confirm: " baseline " }, forever)).toMatchObject([
    { id: version.id, error: null },
  ]);
});

test("an item restored and deleted again since the person looked is left alone", async () => {
  const { world, slugs, kept, version, items } = await buildFullTrash();
  const looked = await userContext(world);
  const afterwards = await userContext(world, { now: new Date(looked.now.getTime() + 1000) });
  const one = items.filter((item) => item.id === version.id);
  await restoreItems(afterwards, { ...slugs, items: one });
  await trashVersion(afterwards, { ...slugs, projectSlug: kept.slug, number: version.number });
  const [result] = await purgeItems(
    afterwards,
    { ...slugs, items: one, confirm: "baseline", asOf: looked.now },
    forever,
  );
  expect(result!.error).toMatchObject({ code: "not_in_trash" });
  expect((await listTrash(afterwards, slugs)).items).toHaveLength(4);
});

test("Empty Trash that runs out of time says how much is left, and goes on when pressed again", async () => {
  const { world, slugs } = await buildFullTrash();
  const ctx = await userContext(world);
  expect(await emptyTrash(ctx, { ...slugs, asOf: ctx.now, confirm: "4" }, AbortSignal.abort())).toEqual({
    items: 4,
    left: 4,
  });
  expect(await emptyTrash(ctx, { ...slugs, asOf: ctx.now, confirm: "4" }, forever)).toEqual({ items: 4, left: 0 });
});

test("each item says what its purge would free, and the summary counts nothing twice", async () => {
  const { world, slugs, gone, version, training, items } = await buildFullTrash();
  const detailed = new Map((await withLosses(items)).map((item) => [item.id, item.loss]));
  expect(detailed.get(version.id)).toMatchObject({ images: 7, versions: 1, trainings: 0, models: 0 });
  expect(detailed.get(gone.id)).toMatchObject({ images: 7, versions: 2 });
  expect(detailed.get(training.id)).toMatchObject({ images: 0, bytes: 100, models: 1 });
  expect(await summarizeTrash(await userContext(world), slugs.workspaceSlug)).toMatchObject({
    items: 4,
    images: 7 + 5 + 2,
    more: false,
    nextPurgeAt: expect.any(Date),
  });
});

test("the dialog is told what would be cancelled and silenced, and the name is checked at that very moment", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "Überblick", images: 4 });
  await buildTraining(world, version, { status: "RUNNING" });
  const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  const ctx = await userContext(world);
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number };
  expect(await foreseeTrashVersion(ctx, ref)).toMatchObject({
    name: "Überblick",
    images: 4,
    trainings: [{ number: 1, status: "RUNNING", epoch: 0, epochs: 20 }],
    trainingCount: 1,
    models: [{ slug: model.slug, calls: 0 }],
  });

  await expect(trashVersion(ctx, { ...ref, confirmName: "überblick" })).rejects.toMatchObject({
    code: "name_mismatch",
    details: { name: "Überblick" },
  });
  expect((await listTrash(ctx, ref)).items).toEqual([]);
  expect(await trashVersion(ctx, { ...ref, confirmName: "  U\u0308berblick " })).toMatchObject({ outcome: "trashed" });
});
