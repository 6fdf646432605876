import { expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
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
import { later, versionRef } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import { authenticateKey } from "@/lib/domain/people";
import {
  emptyTrash,
  freezeTrash,
  listTrash,
  foreseeTrashVersion,
  purgeItem,
  purgeItems,
  restoreAll,
  restoreItems,
  restoreVersion,
  summarizeTrash,
  trashProject,
  trashTraining,
  trashVersion,
  withLosses,
  type SeenItem,
  type TrashItem,
} from "@/lib/domain/trash";

const forever = AbortSignal.timeout(60_000);

/** Looks at Trash, or at some of it. */
const look = async (ctx: Context, slugs: { workspaceSlug: string }, items?: readonly SeenItem[]) => ({
  ...slugs,
  selectionId: (await freezeTrash(ctx, { ...slugs, items })).id,
});

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
  const ctx = await userContext(world);
  const chosen = await look(
    ctx,
    slugs,
    items.filter((item) => [version.id, training.id].includes(item.id)),
  );
  await restoreItems(ctx, { ...slugs, items: items.filter((item) => item.id === version.id) });
  const results = await purgeItems(ctx, { ...chosen, confirm: "2" }, forever);
  expect(results.find((result) => result.id === version.id)!.error).toMatchObject({ code: "not_in_trash" });
  expect(results.find((result) => result.id === training.id)!.error).toBeNull();
});

test("Empty Trash takes what was in it when the person looked, and nothing trashed since", async () => {
  const { world, slugs, kept } = await buildFullTrash();
  const ctx = await userContext(world);
  const seen = await look(ctx, slugs);
  const late = await buildVersion(world, kept, { images: 3 });
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: late.number }); // at the very instant of the look

  expect(await emptyTrash(ctx, { ...seen, confirm: "４" }, forever)).toEqual({ items: 4, left: 0, changed: 0 });
  expect((await listTrash(ctx, slugs)).items.map((item) => item.id)).toEqual([late.id]);
  const [{ used }] = (await query<{ used: number }>(
    { name: "used", text: "select used_images as used from workspaces where id = $1" },
    [world.workspace.id],
  )) as [{ used: number }];
  expect(used).toBe(3 + 10); // the late one, and the live one whose training went
});

test("an editor and an API key cannot purge anything, by no way", async () => {
  const { world, slugs } = await buildFullTrash();
  const editor = await userContext(world, { user: await buildMember(world, "EDITOR"), role: "EDITOR" });
  const key = await authenticateKey(await buildApiKey(world), "request");
  for (const [ctx, code] of [
    [editor, "forbidden"],
    [key, "missing_scope"],
  ] as const) {
    const seen = { ...(await look(ctx, slugs)), confirm: "4" };
    await expect(purgeItems(ctx, seen, forever)).rejects.toMatchObject({ code });
    await expect(emptyTrash(ctx, seen, forever)).rejects.toMatchObject({ code });
  }
  expect((await listTrash(editor, slugs)).items).toHaveLength(4);
});

test("Restore All brings everything back, and tells what it could not", async () => {
  const { world, slugs } = await buildFullTrash();
  const ctx = await userContext(world);
  const seen = await look(ctx, slugs);
  expect(await restoreAll(ctx, seen, AbortSignal.abort())).toEqual({
    restored: 0,
    failed: 0,
    failures: [],
    done: false,
  });
  expect(await restoreAll(ctx, seen, forever)).toEqual({ restored: 4, failed: 0, failures: [], done: true });
  expect(await restoreAll(ctx, seen, forever)).toMatchObject({ restored: 4, failed: 0 }); // live counts as restored
  expect((await listTrash(ctx, slugs)).items).toEqual([]);
  const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
  await expect(restoreAll(viewer, seen, forever)).rejects.toMatchObject({ code: "forbidden" });
});

test("Restore All leaves what came to Trash after the look, and reports what it cannot bring back", async () => {
  const { world, slugs, kept, gone, version, inGone, training } = await buildFullTrash();
  const ctx = await userContext(world);
  const seen = await look(ctx, slugs);
  const late = await buildVersion(world, kept);
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: late.number });
  await purgeItem(ctx, { ...slugs, type: "PROJECT", id: gone.id }, forever);
  await restoreVersion(ctx, { ...slugs, projectId: kept.id, number: version.number });
  await trashVersion(later(ctx, 1000), { ...slugs, projectSlug: kept.slug, number: version.number });

  const result = await restoreAll(ctx, seen, forever);
  expect(result).toMatchObject({ restored: 1, failed: 3, done: true });
  expect(result.failures.map(({ id, name, error }) => [id, name, error!.code, error!.details["reason"]])).toEqual([
    [gone.id, gone.name, "purged", undefined],
    [version.id, "baseline", "not_in_trash", "changed"],
    [inGone.id, inGone.name, "purged", undefined],
  ]);
  const inTrash = (await listTrash(ctx, slugs)).items.map(({ id }) => id);
  expect(inTrash.sort()).toEqual([version.id, late.id].sort());
  expect(inTrash).not.toContain(training.id);
});

test("a purge by hand is confirmed by the name as it is, or by the number of items; else nothing is purged", async () => {
  const { world, slugs, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const one = await look(
    ctx,
    slugs,
    items.filter((item) => item.id === version.id),
  );
  for (const confirm of ["", "Baseline", "b\u0430seline", "baseline\u200b", "1"]) {
    await expect(purgeItems(ctx, { ...one, confirm }, forever)).rejects.toMatchObject({
      code: "name_mismatch",
      details: { name: "baseline" },
    });
  }
  const four = { code: "name_mismatch", details: { items: 4, field: "items" } };
  for (const seen of [await look(ctx, slugs, items), await look(ctx, slugs)]) {
    await expect(purgeItems(ctx, { ...seen, confirm: "3" }, forever)).rejects.toMatchObject(four);
    await expect(emptyTrash(ctx, { ...seen, confirm: "3" }, forever)).rejects.toMatchObject(four);
  }
  expect((await listTrash(ctx, slugs)).items).toHaveLength(4);
  expect(await purgeItems(ctx, { ...one, confirm: " baseline " }, forever)).toMatchObject([
    { id: version.id, name: "baseline", error: null },
  ]);
});

test("an item restored and deleted again since the person looked is left alone, by every act", async () => {
  const { world, slugs, kept, version, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const [one, all] = [
    await look(
      ctx,
      slugs,
      items.filter((item) => item.id === version.id),
    ),
    await look(ctx, slugs),
  ];
  // Earlier than it was seen: what counts is that it is another instant.
  await restoreVersion(ctx, { ...slugs, projectId: kept.id, number: version.number });
  await trashVersion(later(ctx, -60_000), { ...slugs, projectSlug: kept.slug, number: version.number });
  const [result] = await purgeItems(ctx, { ...one, confirm: "baseline" }, forever);
  expect(result!.error).toMatchObject({ code: "not_in_trash", details: { reason: "changed" } });
  expect(await emptyTrash(ctx, { ...all, confirm: "4" }, forever)).toEqual({ items: 4, left: 0, changed: 1 });
  expect((await listTrash(ctx, slugs)).items.map(({ id }) => id)).toEqual([version.id]);
});

test("Empty Trash that runs out of time says how much is left, and goes on when pressed again", async () => {
  const { world, slugs } = await buildFullTrash();
  const ctx = await userContext(world);
  const seen = { ...(await look(ctx, slugs)), confirm: "4" };
  expect(await emptyTrash(ctx, seen, AbortSignal.abort())).toEqual({ items: 4, left: 4, changed: 0 });
  for (const _again of [1, 2]) expect(await emptyTrash(ctx, seen, forever)).toEqual({ items: 4, left: 0, changed: 0 });
  expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id, parentReceiptId: null } })).toBe(
    3,
  );
});

test("a version whose delete had waited while Trash was listed is not purged by those who did not see it", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const slugs = { workspaceSlug: world.workspace.slug };
  const [a, b] = [await buildVersion(world, project), await buildVersion(world, project)];
  const owner = await userContext(world);
  await trashVersion(owner, versionRef(world, project, a));

  let seen: Awaited<ReturnType<typeof look>>;
  const [waited] = await raceAt(
    ["versions", b],
    [() => trashVersion(owner, versionRef(world, project, b))],
    async () => {
      seen = await look(later(owner, 1), slugs); // A alone
      await restoreVersion(owner, { ...slugs, projectId: project.id, number: a.number });
    },
  );
  const looked = later(owner, 1);
  expect(waited.outcome).toBe("trashed");
  // By its instant it was in Trash when that was listed, and the number of items is the same.
  const [{ deletedAt }] = (await listTrash(looked, slugs)).items as [TrashItem];
  expect(deletedAt.getTime()).toBeLessThan(looked.now.getTime());

  expect(await emptyTrash(looked, { ...seen!, confirm: "1" }, forever)).toEqual({ items: 1, left: 0, changed: 1 });
  expect((await listTrash(looked, slugs)).items.map(({ id }) => id)).toEqual([b.id]);
  expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
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
