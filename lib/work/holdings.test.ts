import { buffer } from "node:stream/consumers";
import sharp from "sharp";
import { beforeEach, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { requestExport } from "@/lib/domain/exports";
import { projectPrefix, storeUploadsPrefix, trainingPrefix, versionPrefix } from "@/lib/domain/grants";
import type { ItemType } from "@/lib/domain/item-types";
import { cancelTraining, claimTraining, finishTraining } from "@/lib/domain/trainings";
import {
  eraseFiles,
  getReceipt,
  listReceipts,
  listTrash,
  purgeItem,
  summarizeTrash,
  trashImages,
  trashProject,
  trashTraining,
  trashVersion,
  withLosses,
} from "@/lib/domain/trash";
import { getUsageByProject } from "@/lib/domain/workspaces";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, projectRef, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { buildRealVersion } from "@/lib/testing/real-version";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { testStore } from "@/lib/testing/store-file";
import { buildExports } from "./exports/builder";
import { uploadImage } from "./uploads/images";
import { generateVersionNow } from "./versions/generator";
import { listVersionImages, openVersionImage } from "./versions/images";
import { generateVersion } from "./versions/plan";

/*
 * What rows say that an item holds, against what lies in the store: everything there can be, made as it really is made.
 */

let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  project = await buildProject(world);
});

interface Weight {
  files: number;
  bytes: number;
}

/** What lies under the prefixes. */
async function stored(...prefixes: string[]): Promise<Weight> {
  const weight = { files: 0, bytes: 0 };
  for (const prefix of prefixes)
    for await (const { sizeBytes } of testStore().list(prefix)) {
      weight.files += 1;
      weight.bytes += sizeBytes;
    }
  return weight;
}

/** What lies in the project's folder of these source images. */
async function storedOf(imageIds: readonly string[]): Promise<Weight> {
  const weight = { files: 0, bytes: 0 };
  for await (const { key, sizeBytes } of testStore().list(projectPrefix(project.id)))
    if (imageIds.some((id) => key.endsWith(`/${id}`))) {
      weight.files += 1;
      weight.bytes += sizeBytes;
    }
  return weight;
}

/** What the row of Trash says of each item, and so the dialog that asks whether to purge it; programs are told the same. */
async function listed(): Promise<Map<string, Weight>> {
  const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
  const weighed = await withLosses(items);
  expect(items.map(({ bytes }) => bytes)).toEqual(weighed.map(({ loss }) => loss.bytes));
  return new Map(weighed.map(({ id, loss: { files, bytes } }) => [id, { files, bytes }]));
}
const header = async (): Promise<Weight> => {
  const { files, bytes } = await summarizeTrash(owner, world.workspace.slug);
  return { files, bytes };
};
const usage = () => getUsageByProject(owner, world.workspace.slug);

async function photos(count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const background = { r: i * 40, g: 90, b: 160 };
    const bytes = await sharp({ create: { width: 600, height: 400, channels: 3, background } })
      .jpeg()
      .toBuffer();
    await uploadImage(owner, projectRef(world, project), [bytes], { fileName: `${i}.jpg`, split: null, label: "sky" });
  }
}

async function lookAtThumbnails(version: { number: number }): Promise<void> {
  const ref = versionRef(world, project, version);
  const { images } = await listVersionImages(owner, ref, { offset: 0, limit: 100 });
  for (const { path } of images)
    await buffer(await (await openVersionImage(owner, ref, path, { thumbnail: true })).stream());
}

/** A run with weights in the store. */
async function run(version: { id: string; number: number }, sizeBytes: number, end: "finished" | "cancelled") {
  const { id } = await buildTraining(world, version, { trainer: "EMBEDDED" });
  const ctx = await systemContext("train");
  const claimed = (await claimTraining(ctx, { trainingId: id }))!;
  await storeRunWeights(claimed, sizeBytes);
  if (end === "cancelled") await cancelTraining(owner, { ...versionRef(world, project, version), trainingId: id });
  else await finishTraining(ctx, claimed, { metrics: {} });
  return { id };
}

/** A version whose real generator is stopped half way, because it goes to Trash. */
async function halfMade(): Promise<{ id: string; number: number }> {
  const version = await generateVersion(owner, projectRef(world, project), {
    preprocessing: { resize: { width: 16, height: 16, format: "Stretch to" } },
    augmentation: { image: { versions: 50 }, noise: { percent: 5 } },
    splits: null,
    seed: 7,
  });
  const working = generateVersionNow(await systemContext("generate"), version.id);
  const deadline = performance.now() + 20_000;
  while ((await prisma().generationChunk.count({ where: { versionId: version.id } })) === 0)
    if (performance.now() > deadline) throw new Error("no chunk was ever made");
  await trashVersion(owner, versionRef(world, project, version));
  expect(await working).toBe("lost");
  return version;
}

/** Purges it, removes its files, and answers its receipt. */
async function purged(type: ItemType, item: { id: string }) {
  await purgeItem(owner, itemRef(world, type, item), UNBOUNDED);
  await eraseUntilVerified();
  const { receipts: all } = await listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 100 });
  const { id } = all.find(({ itemId }) => itemId === item.id)!;
  return getReceipt(owner, { workspaceSlug: world.workspace.slug, receiptId: id });
}

/** As the worker does, whose clock goes on: past the grants of this process, which keeps its writers for a while. */
async function eraseUntilVerified(): Promise<void> {
  const job = await systemContext("erase-files");
  while ((await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id, verifiedAt: null } })) > 0) {
    await prisma().purgeReceipt.updateMany({
      where: { verifiedAt: null },
      data: { writersUntil: null, nextAttemptAt: null },
    });
    await eraseFiles(job, UNBOUNDED);
  }
}

const onReceipt = ({ files, bytes }: Weight) => ({
  expectedFiles: files,
  expectedBytes: bytes,
  removedFiles: files,
  removedBytes: bytes,
  missingFiles: 0,
  lateFiles: 0,
});

test("row, header, usage and receipt say of a project with everything in it what lies in the store, to the byte", async () => {
  await photos(3);
  const version = await buildRealVersion(world, project, { images: 12 });
  await lookAtThumbnails(version);
  const ref = versionRef(world, project, version);
  await requestExport(owner, { ...ref, format: "FOLDER" });
  expect(await buildExports(await systemContext("downloads"), UNBOUNDED)).toMatchObject({ built: 1 });
  await run(version, 2_000, "finished");
  const ownTraining = await run(version, 500, "finished");
  await run(version, 70, "cancelled");
  const half = await halfMade();
  const earlier = await generateVersion(owner, projectRef(world, project), {
    preprocessing: {},
    augmentation: {},
    splits: null,
    seed: 1,
  });
  expect(await generateVersionNow(await systemContext("generate"), earlier.id)).toBe("ready");
  await trashTraining(owner, trainingRef(world, ownTraining));
  await trashVersion(owner, versionRef(world, project, earlier));
  const removed = await prisma().image.findMany({ where: { projectId: project.id }, take: 2, select: { id: true } });
  const imageIds = removed.map(({ id }) => id);
  const removal = await trashImages(owner, { ...projectRef(world, project), images: { imageIds } });
  if (removal.outcome !== "trashed") throw new Error(removal.outcome);

  const weigh = (id: string) => stored(versionPrefix(id));
  const everything = () =>
    stored(
      projectPrefix(project.id),
      storeUploadsPrefix(project.id),
      ...[version, half, earlier].map(({ id }) => versionPrefix(id)),
    );
  const { thumbnailFiles } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
  expect(thumbnailFiles).toBe(3);
  expect((await stored(`${projectPrefix(project.id)}thumbs/`)).files).toBe(15);

  // each item by itself
  const rows = await listed();
  expect(rows.get(ownTraining.id)).toEqual(await stored(trainingPrefix(version.id, ownTraining.id)));
  expect(rows.get(half.id)).toEqual(await weigh(half.id));
  expect(rows.get(half.id)!.files).toBeGreaterThan(0);
  expect(rows.get(earlier.id)).toEqual(await weigh(earlier.id));
  const ofRemoved = await storedOf(imageIds);
  expect([rows.get(removal.id), ofRemoved.files]).toEqual([ofRemoved, 4]);
  const { live, trash } = await usage();
  expect(live.bytes + trash.bytes).toBe((await everything()).bytes);
  const apart = [
    await weigh(half.id),
    await weigh(earlier.id),
    await stored(trainingPrefix(version.id, ownTraining.id)),
    ofRemoved,
  ];
  const together = apart.reduce((sum, one) => ({ files: sum.files + one.files, bytes: sum.bytes + one.bytes }));
  expect([await header(), trash.bytes]).toEqual([together, together.bytes]);

  // a version with everything under it, and then the whole
  await trashVersion(owner, ref);
  expect((await listed()).get(version.id)).toEqual(await weigh(version.id));
  await trashProject(owner, projectRef(world, project));
  const whole = await everything();
  expect((await listed()).get(project.id)).toEqual(whole);
  expect(await header()).toEqual(whole);
  expect((await usage()).trash.bytes).toBe(whole.bytes);

  const receipt = await purged("PROJECT", project);
  expect(receipt).toMatchObject({ ...onReceipt(whole), versions: 3, sourceImages: 15, trainings: 3, models: 2 });
  expect(await everything()).toEqual({ files: 0, bytes: 0 });
  expect((await usage()).trash).toEqual({ images: 0, bytes: 0 });
}, 60_000);

test("a version that was trashed half made is shown, purged and receipted with what lies in the store, to the byte", async () => {
  await photos(1);
  await buildRealVersion(world, project, { images: 12 });
  const half = await halfMade();
  const weight = await stored(versionPrefix(half.id));
  expect(weight.files).toBeGreaterThan(0);
  expect([(await listed()).get(half.id), await header(), (await usage()).trash.bytes]).toEqual([
    weight,
    weight,
    weight.bytes,
  ]);
  expect(await purged("VERSION", half)).toMatchObject({ ...onReceipt(weight), images: 0 });
}, 60_000);
