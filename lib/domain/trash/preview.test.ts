import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildTraining, buildVersion, userContext } from "@/lib/testing/builders";
import { buildFullTrash, chosen } from "@/lib/testing/full-trash";
import { DAY_MS, later, outcomeOf } from "@/lib/testing/lifecycle";
import {
  findChanges,
  previewPurge,
  purgeItem,
  restoreItem,
  summarizeTrash,
  trashVersion,
  withLosses,
} from "@/lib/domain/trash";

const forever = AbortSignal.timeout(60_000);

test("a preview says what is lost in all and counts nothing twice, what is in use, and what stays", async () => {
  const { world, slugs, gone, version, inGone, training, model, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const all = await previewPurge(ctx, { ...slugs, set: "all" });
  expect(all).toMatchObject({
    items: 4,
    more: false,
    loss: { images: 7 + 5 + 2, versions: 3, trainings: 1, models: 1, sourceImages: 0 },
    calledModels: { count: 0, first: [] },
    stays: { sourceImages: true, versions: true, versionsMade: false, otherItems: 0, moreItems: false },
  });
  const summary = await summarizeTrash(ctx, slugs.workspaceSlug);
  expect(all.loss).toMatchObject({ images: summary.images, bytes: summary.bytes });
  expect(all.first.map(({ id }) => id).slice(0, 1)).toEqual([gone.id]); // the whole before its parts

  // a version that was trashed before its project is in the project's figures
  const project = await previewPurge(ctx, { ...slugs, set: chosen(items, gone.id) });
  const both = await previewPurge(ctx, { ...slugs, set: chosen(items, gone.id, inGone.id) });
  expect(both.loss).toEqual(project.loss);
  expect(project.stays).toEqual({
    sourceImages: false,
    versions: false,
    versionsMade: false,
    otherItems: 3,
    moreItems: false,
  });
  const [row] = await withLosses(items.filter(({ id }) => id === gone.id));
  expect(project.loss).toEqual(row!.loss);

  await prisma().modelCalls.createMany({
    data: [
      { modelId: model.id, day: new Date(ctx.now.getTime() - 29 * DAY_MS), calls: 4 },
      { modelId: model.id, day: new Date(ctx.now.getTime() - 31 * DAY_MS), calls: 90 },
    ],
  });
  expect((await previewPurge(ctx, { ...slugs, set: chosen(items, training.id) })).calledModels).toEqual({
    count: 1,
    first: [{ slug: model.slug, calls: 4 }],
  });
  expect((await previewPurge(ctx, { ...slugs, set: chosen(items, version.id) })).calledModels.count).toBe(0);
});

test("a preview finds what is no longer as it was seen, and says how; calls age by themselves", async () => {
  const { world, slugs, kept, gone, version, training, items, inGone } = await buildFullTrash();
  const ctx = await userContext(world);
  const { id: previewId } = await previewPurge(ctx, { ...slugs, set: "all" });
  const changes = () => findChanges(ctx, { ...slugs, previewId });
  expect(await changes()).toEqual({ count: 0, first: [] });
  const call = await buildModel(
    world,
    await buildTraining(world, await buildVersion(world, kept), { status: "FINISHED" }),
  );
  await prisma().modelCalls.create({ data: { modelId: call.id, day: ctx.now, calls: 1 } });
  expect((await changes()).count).toBe(0);

  await restoreItem(ctx, { ...slugs, item: { type: "VERSION", projectId: kept.id, number: version.number } });
  expect((await changes()).first).toMatchObject([{ id: version.id, change: "restored", name: "baseline" }]);
  await trashVersion(later(ctx, 5), { ...slugs, projectSlug: kept.slug, number: version.number });
  expect((await changes()).first).toMatchObject([{ id: version.id, change: "deleted_again" }]);
  await purgeItem(ctx, { ...slugs, type: "TRAINING", id: training.id }, forever);
  await purgeItem(ctx, { ...slugs, type: "VERSION", id: inGone.id }, forever); // the project that it lay in holds less
  const { count, first } = await changes();
  expect(count).toBe(4);
  expect(Object.fromEntries(first.map(({ id, change }) => [id, change]))).toEqual({
    [gone.id]: "holds_other",
    [version.id]: "deleted_again",
    [inGone.id]: "purged",
    [training.id]: "purged",
  });
  expect(items).toHaveLength(4);
});

test("what is not in Trash as it was listed cannot be previewed, nor what was chosen beside it", async () => {
  const { world, slugs, version, training, items } = await buildFullTrash();
  const ctx = await userContext(world);
  const { items: two } = chosen(items, version.id, training.id);
  const another = two.map((item) => ({ ...item, deletedAt: new Date(item.deletedAt.getTime() + 1) }));
  expect(await outcomeOf(previewPurge(ctx, { ...slugs, set: { items: another } }))).toBe("stale_selection");
  expect(await outcomeOf(previewPurge(ctx, { ...slugs, set: { items: [two[0]!, another[1]!] } }))).toBe(
    "stale_selection",
  );
});
