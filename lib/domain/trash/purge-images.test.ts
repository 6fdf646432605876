import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { endGrant, takeGrant } from "@/lib/domain/grants";
import { listImages, listImagesWithoutRow, sourceImageKey, thumbnailKey } from "@/lib/domain/images";
import {
  eraseFiles,
  getReceipt,
  lookAgainAtReceipt,
  listReceipts,
  listTrash,
  previewPurge,
  purgeExpired,
  purgeItem,
  restoreImages,
  restoreUploadedImage,
  startPurge,
  startRestore,
  summarizeTrash,
  trashImages,
  trashProject,
  verifyReceipts,
  withLosses,
  type Receipt,
} from "@/lib/domain/trash";
import { cancelVersionGeneration, createVersion } from "@/lib/domain/versions";
import { getUsageByProject } from "@/lib/domain/workspaces";
import { prisma, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildImages, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  allToTest,
  auditedActions,
  itemRef,
  keyContext,
  later,
  memberContext,
  outcomeOf,
  projectRef,
  RETENTION_MS,
  scheduler,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { keysUnder, storeFile, testStore } from "@/lib/testing/store-file";

let world: World;
let owner: Context;
let slug: string;
let project: Awaited<ReturnType<typeof buildProject>>;
let ids: string[];

beforeAll(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  slug = world.workspace.slug;
});
beforeEach(async () => {
  project = await buildProject(world, { name: "Digits" });
  ids = await imagesWithFiles(4);
});

const ref = () => projectRef(world, project);
const keysOf = (id: string) => [sourceImageKey(project.id, id), thumbnailKey(project.id, id)];
const stored = () => keysUnder(testStore(), `projects/${project.id}/`);

/** Rows of 10 bytes with a thumbnail of 3, and their files. */
async function imagesWithFiles(count: number): Promise<string[]> {
  const made = await buildImages(project, count);
  await prisma().image.updateMany({ where: { id: { in: made } }, data: { thumbnailBytes: 3 } });
  for (const id of made) {
    const [image, thumbnail] = keysOf(id);
    await storeFile(image!, Buffer.alloc(10));
    await storeFile(thumbnail!, Buffer.alloc(3));
  }
  return made;
}

async function trash(imageIds: readonly string[], ctx = owner): Promise<{ id: string; deletedAt: Date }> {
  const result = await trashImages(ctx, { ...ref(), images: { imageIds } });
  if (result.outcome !== "trashed") throw new Error(result.outcome);
  return result;
}
const purge = (removal: { id: string }, ctx = owner) => purgeItem(ctx, itemRef(world, "IMAGES", removal), UNBOUNDED);
const back = (removal: { id: string }, imageIds?: readonly string[]) =>
  restoreImages(owner, { workspaceSlug: slug, removalId: removal.id, imageIds });
const erase = async () => eraseFiles(await systemContext("erase-files"), UNBOUNDED);
async function receiptOf(removal: { id: string }): Promise<Receipt> {
  const { receipts } = await listReceipts(owner, { workspaceSlug: slug, limit: 100, type: "IMAGES" });
  return receipts.find(({ itemId }) => itemId === removal.id)!;
}
const live = async () => (await listImages(owner, ref(), { limit: 100 })).images.map(({ id }) => id).reverse();
const trashed = async () =>
  (await listTrash(owner, { workspaceSlug: slug })).items.filter((item) => item.projectId === project.id);

test("a purge by hand removes rows and files, which a receipt counts and proves gone, and nothing beside them", async () => {
  const version = await buildVersion(world, project, { images: 2 });
  const removal = await trash([ids[0]!, ids[2]!]);
  const [item] = await withLosses(await trashed());
  const before = await getUsageByProject(owner, slug);
  await purge(removal);
  expect(await stored()).toHaveLength(8); // the files go after the commit

  const claimed = await receiptOf(removal);
  expect(claimed).toMatchObject({
    ...{ itemType: "IMAGES", itemName: "2 images of Digits", projectSlug: project.slug, reason: "BY_HAND" },
    ...{ sourceImages: 2, images: 0, versions: 0, trainings: 0, models: 0, deletedAt: removal.deletedAt },
    ...{ expectedFiles: 4, expectedBytes: 26, removedFiles: 0, verifiedAt: null, versionNumber: null },
  });
  expect(item!.loss).toMatchObject({ files: 4, bytes: 26, sourceImages: 2, images: 0 });
  expect(await outcomeOf(back(removal))).toBe("purged");
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  const { id } = claimed;
  expect(await getReceipt(owner, { workspaceSlug: slug, receiptId: id })).toMatchObject({
    ...{ removedFiles: 4, removedBytes: 26, missingFiles: 0, lateFiles: 0, verifiedAt: expect.any(Date) },
  });
  expect(await stored()).toEqual([ids[1]!, ids[3]!].flatMap(keysOf).sort());
  expect([await live(), await trashed()]).toEqual([[ids[1], ids[3]], []]);
  expect(await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).toEqual(version);
  const after = await getUsageByProject(owner, slug);
  expect([before.trash.bytes - after.trash.bytes, before.usedImages - after.usedImages]).toEqual([26, 0]);
  expect((await auditedActions(world)).filter((action) => action === "image.purged")).toHaveLength(1);
  expect(await outcomeOf(purge(removal))).toBe("purged");
  expect(await verifyReceipts(owner, { workspaceSlug: slug })).toMatchObject({ ok: true });
  await checkInvariants(world.workspace.id);
});

test("a preview says what would be lost; it is refused once some came back; a job purges and restores", async () => {
  const [first, second] = [await trash([ids[0]!, ids[1]!]), await trash([ids[2]!])];
  const items = [first, second].map(({ id, deletedAt }) => ({ type: "IMAGES" as const, id, deletedAt }));
  const look = (chosen: typeof items) => previewPurge(owner, { workspaceSlug: slug, set: { items: chosen } });
  const preview = await look(items);
  expect(preview).toMatchObject({
    ...{ items: 2, loss: { sourceImages: 3, files: 6, bytes: 39, images: 0, versions: 0 }, calledModels: { count: 0 } },
    ...{ stays: { sourceImages: false, versions: false, versionsMade: true, otherItems: 0 } },
  });
  expect(preview.first.map(({ name, images }) => [name, images])).toEqual([
    ["2 images of Digits", 2],
    ["1 image of Digits", 1],
  ]);
  await back(first, [ids[0]!]);
  const start = (previewId: string, confirm: string) => startPurge(owner, { workspaceSlug: slug, previewId, confirm });
  expect(await outcomeOf(start(preview.id, "2"))).toBe("stale_selection");
  const [one] = items;
  expect(await start((await look([one!])).id, "1 image of Digits")).toMatchObject({
    end: "FINISHED",
    done: 1,
    left: 0,
  });
  expect(await startRestore(owner, { workspaceSlug: slug, items })).toMatchObject({ done: 1, left: 1 });
  expect([await live(), await trashed()]).toEqual([[ids[0], ids[2], ids[3]], []]);
  await erase();
});

test("the scheduled run takes them after 30 × 24 h and no sooner; no key ever, no editor", async () => {
  const removal = await trash([ids[0]!]);
  const at = removal.deletedAt.getTime() + RETENTION_MS;
  await purgeExpired(await scheduler(new Date(at - 1)), UNBOUNDED);
  expect(await trashed()).toHaveLength(1);
  expect(await outcomeOf(purge(removal, await memberContext(world, "EDITOR")))).toBe("forbidden");
  expect(await outcomeOf(purge(removal, await keyContext(world)))).toBe("missing_scope");
  expect(await purgeExpired(await scheduler(new Date(at)), UNBOUNDED)).toMatchObject({ purged: 1, failed: 0 });
  expect(await receiptOf(removal)).toMatchObject({ reason: "EXPIRED", actorType: "SYSTEM", sourceImages: 1 });
  await erase();
});

test("it waits for a version that is being generated from one of them, by hand and by schedule, and for no other", async () => {
  const plan = { preprocessing: {}, augmentation: {}, splits: null, plan: allToTest };
  const { number } = await createVersion(owner, { ...ref(), ...plan });
  const [used, other] = [await trash([ids[0]!, ids[1]!]), await trash(await imagesWithFiles(1))];
  await expect(purge(used)).rejects.toMatchObject({ code: "busy", details: { reason: "generating" } });
  const now = await scheduler(new Date(used.deletedAt.getTime() + RETENTION_MS + 1));
  expect(await purgeExpired(now, UNBOUNDED)).toMatchObject({ purged: 1, skipped: 1, failed: 0, remaining: 1 });
  expect(await receiptOf(other)).toBeDefined();
  const set = { items: [{ type: "IMAGES" as const, id: used.id, deletedAt: used.deletedAt }] };
  const preview = await previewPurge(owner, { workspaceSlug: slug, set });
  const job = await startPurge(owner, { workspaceSlug: slug, previewId: preview.id, confirm: "2 images of Digits" });
  expect(job).toMatchObject({ done: 0, left: 1, end: "FINISHED" });
  expect((await stored()).filter((key) => keysOf(ids[0]!).includes(key))).toHaveLength(2);

  await cancelVersionGeneration(owner, versionRef(world, project, { number }));
  expect(await purgeExpired(now, UNBOUNDED)).toMatchObject({ purged: 1, skipped: 0 });
  await erase();
});

test("with its project an item goes under a receipt of its own, and the project's adds up", async () => {
  const [first, second] = [await trash([ids[0]!]), await trash([ids[1]!])];
  await back(second);
  await buildVersion(world, project);
  await trashProject(owner, ref());
  expect((await summarizeTrash(owner, slug)).files).toBe(8); // nothing twice
  await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
  expect(await erase()).toMatchObject({ postponed: 0 });
  const { receipts } = await listReceipts(owner, { workspaceSlug: slug, limit: 100, type: "PROJECT" });
  const whole = receipts.find(({ itemId }) => itemId === project.id)!;
  expect(whole).toMatchObject({ versions: 1, sourceImages: 4, expectedFiles: 8, removedFiles: 8, missingFiles: 0 });
  expect(await receiptOf(first)).toMatchObject({
    ...{
      parentReceiptId: whole.id,
      reason: "WITH_PARENT",
      sourceImages: 1,
      removedFiles: 2,
      verifiedAt: expect.any(Date),
    },
  });
  expect([await prisma().imageRemoval.count({ where: { projectId: project.id } }), await stored()]).toEqual([0, []]);
  await checkInvariants(world.workspace.id);
});

test("a project that is purged while the files of an item still go counts none of them, and is proved after it", async () => {
  const removal = await trash([ids[0]!, ids[1]!]);
  await purge(removal);
  await trashProject(owner, ref());
  await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
  await prisma().purgeReceipt.updateMany({
    where: { itemId: removal.id },
    data: { nextAttemptAt: new Date(Date.now() + 600_000) }, // the store failed at it
  });
  expect(await erase()).toEqual({ verified: 0, postponed: 0 });
  expect(await stored()).toHaveLength(8);
  await prisma().purgeReceipt.updateMany({ where: { itemId: removal.id }, data: { nextAttemptAt: null } });
  expect(await erase()).toEqual({ verified: 2, postponed: 0 });
  expect(await receiptOf(removal)).toMatchObject({ removedFiles: 4, missingFiles: 0 });
  const { receipts } = await listReceipts(owner, { workspaceSlug: slug, limit: 100, type: "PROJECT" });
  expect(receipts.find(({ itemId }) => itemId === project.id)).toMatchObject({
    removedFiles: 4,
    sourceImages: 2,
    missingFiles: 0,
  });
});

describe("at the same moment as the purge", () => {
  const purgeOf = (removal: { id: string }) => () => outcomeOf(purge(removal));

  test("a restore, of all or some: whoever comes first has them, and the other is told", async () => {
    for (const some of [undefined, [ids[0]!]]) {
      const removal = await trash([ids[0]!, ids[1]!]);
      const restored = () => outcomeOf(back(removal, some));
      const at = ["image_removals", removal] as const;
      // a purge passes over what somebody holds
      expect(await raceAt(at, [restored], async () => expect(await purgeOf(removal)()).toBe("busy"))).toEqual([
        "restored",
      ]);
      expect(await outcomeOf(back(removal))).toBe(some ? "restored" : "already_active");
      expect(await live()).toEqual(ids);
    }
    const removal = await trash([ids[0]!, ids[1]!]);
    // it has the item, and waits for one of its images; the restore waits for the item
    const outcomes = await raceAt(["images", { id: ids[0]! }], [purgeOf(removal), () => outcomeOf(back(removal))]);
    expect(outcomes).toEqual(["done", "purged"]);
    expect(await live()).toEqual(ids.slice(2));
    await checkInvariants(world.workspace.id);
    await erase();
  });

  test("an upload of the bytes: first, it has its image back; later, they are new", async () => {
    const removal = await trash([ids[0]!, ids[1]!]);
    const upload = (imageId: string) => () => restoreUploadedImage(owner, { ...ref(), imageId });
    const at = ["image_removals", removal] as const;
    expect(await raceAt(at, [upload(ids[0]!)], async () => expect(await purgeOf(removal)()).toBe("busy"))).toEqual([
      "restored",
    ]);
    expect(await raceAt(["images", { id: ids[1]! }], [purgeOf(removal), upload(ids[1]!)])).toEqual(["done", "purged"]);
    expect(await live()).toEqual([ids[0], ids[2], ids[3]]);
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(removal)).toMatchObject({ sourceImages: 1, removedFiles: 2 });
    expect(await stored()).toEqual([ids[0]!, ids[2]!, ids[3]!].flatMap(keysOf).sort());
  });

  test("two purges, of which one is the project's: one receipt for each, nothing twice", async () => {
    const removal = await trash([ids[0]!]);
    const busy = (act: () => Promise<string>) => async () => expect(await act()).toBe("busy");
    const at = (id: string) => ["images", { id }] as const; // which the purge waits for, once it has the item
    expect(await raceAt(at(ids[0]!), [purgeOf(removal)], busy(purgeOf(removal)))).toEqual(["done"]);
    const again = await trash([ids[1]!]);
    await trashProject(owner, ref());
    const whole = () => outcomeOf(purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED));
    expect(await raceAt(at(ids[1]!), [purgeOf(again)], busy(whole))).toEqual(["done"]);
    expect(await whole()).toBe("done");
    await checkInvariants(world.workspace.id);
    await erase();
    expect(await receiptOf(again)).toMatchObject({ parentReceiptId: null, removedFiles: 2, missingFiles: 0 });
  });
});

describe("the files of purged images", () => {
  test("are not swept as nobody's while a receipt is still to count them", async () => {
    const removal = await trash([ids[0]!]);
    expect(await listImagesWithoutRow([ids[0]!, "none"])).toEqual(new Set(["none"]));
    await purge(removal);
    expect(await listImagesWithoutRow([ids[0]!, "none"])).toEqual(new Set(["none"]));
    await erase();
    expect(await receiptOf(removal)).toMatchObject({ removedFiles: 2, missingFiles: 0 });
    await lookAgainAtReceipt(owner, { workspaceSlug: slug, receiptId: (await receiptOf(removal)).id });
    expect(await listImagesWithoutRow([ids[0]!])).toEqual(new Set([ids[0]]));
  });

  test("are proved gone only once every upload is over that was under way, whose grant goes on", async () => {
    const grantId = newId();
    const item = { workspaceId: world.workspace.id, projectId: project.id };
    await transaction((tx) => takeGrant(tx, grantId, "UPLOADS", item, 60_000));
    const removal = await trash([ids[0]!]);
    await purge(removal);
    expect(await erase()).toEqual({ verified: 0, postponed: 1 });
    expect(await receiptOf(removal)).toMatchObject({ removedFiles: 2, verifiedAt: null, lastError: null });
    // what was on its way all the same is counted as late, and removed before the proof
    await storeFile(sourceImageKey(project.id, ids[0]!), Buffer.alloc(10));
    await prisma().purgeReceipt.updateMany({
      where: { itemId: removal.id },
      data: { writersUntil: new Date(0), nextAttemptAt: null },
    });
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(removal)).toMatchObject({ removedFiles: 2, lateFiles: 1, lateBytes: 10 });
    expect(await prisma().grant.count({ where: { id: grantId, endedAt: null } })).toBe(1);
    await endGrant(grantId);
  });

  test("that turn up after the proof are found by the second look, removed and said", async () => {
    const removal = await trash([ids[0]!]);
    await purge(removal);
    await erase();
    await storeFile(thumbnailKey(project.id, ids[0]!), Buffer.alloc(7));
    const { id } = await receiptOf(removal);
    expect(await lookAgainAtReceipt(owner, { workspaceSlug: slug, receiptId: id })).toMatchObject({
      ...{ receipts: 1, failed: 0, lateFiles: 1, lateBytes: 7 },
    });
    expect(await stored()).toHaveLength(6);
    expect(await verifyReceipts(owner, { workspaceSlug: slug })).toMatchObject({ ok: true });
  });

  test("are counted once, whoever dies after it has taken them away", async () => {
    const removal = await trash([ids[0]!, ids[1]!]);
    await purge(removal);
    const { id } = await receiptOf(removal);
    const sealed = await testStore().sealFiles(id, keysOf(ids[0]!)); // half of them, and then it died
    expect(await sealed.count()).toEqual({ files: 2, bytes: 13 });
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(removal)).toMatchObject({ removedFiles: 4, removedBytes: 26, missingFiles: 0 });
  });
});

test("what is due is looked at as it is when its turn comes", async () => {
  const removal = await trash([ids[0]!]);
  const seenAt = removal.deletedAt;
  await back(removal);
  expect(await outcomeOf(purge(removal))).toBe("not_in_trash");
  const again = await trash([ids[0]!], later(owner, 5));
  expect(again.id).not.toBe(removal.id);
  const ctx = { ...itemRef(world, "IMAGES", again), seenAt };
  expect(await outcomeOf(purgeItem(owner, ctx, UNBOUNDED))).toBe("not_in_trash");
  await back(again);
});
