import { beforeEach, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import {
  listReceipts,
  listTrash,
  purgeItem,
  summarizeTrash,
  trashProject,
  trashTraining,
  trashVersion,
  withLosses,
  type Loss,
} from "@/lib/domain/trash";
import { getUsageByProject } from "@/lib/domain/workspaces";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { itemRef, projectRef, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";

/*
 * Of everything there can be: a version with bytes of its own, exports that are ready and not, models of trainings live and
 * in Trash; a project with source images, a version trashed before it, and one that failed half made.
 */
let world: World;
let owner: Context;
let digits: Awaited<ReturnType<typeof buildProject>>;
let faces: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let earlier: Awaited<ReturnType<typeof buildVersion>>;
let training: Awaited<ReturnType<typeof buildTraining>>;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  [digits, faces] = [await buildProject(world), await buildProject(world)];
  version = await buildVersion(world, digits, { images: 7 });
  await prisma().version.update({ where: { id: version.id }, data: { files: 8, sizeBytes: 1_000 } });
  training = await buildTraining(world, version, { status: "FINISHED" });
  await buildModel(world, training, { sizeBytes: 20 });
  await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }), { sizeBytes: 300 });
  const made = { versionId: version.id, createdById: world.owner.id, endedAt: owner.now };
  await prisma().export.create({ data: { ...made, format: "FOLDER", status: "READY", sizeBytes: 4_000 } });
  await prisma().export.create({ data: { ...made, format: "COCO", status: "FAILED", sizeBytes: 0 } });

  earlier = await buildVersion(world, faces, { images: 5 });
  await prisma().version.update({ where: { id: earlier.id }, data: { files: 6, sizeBytes: 50_000 } });
  await buildVersion(world, faces, { status: "FAILED" });
  await buildVersion(world, faces, { images: 2 });
  await prisma().image.create({
    data: {
      projectId: faces.id,
      fileName: "a.png",
      sha256: "a",
      contentType: "image/png",
      sizeBytes: 600_000,
      width: 1,
      height: 1,
      split: "TRAIN",
    },
  });

  await trashTraining(owner, trainingRef(world, training));
  await trashVersion(owner, versionRef(world, digits, version));
  await trashVersion(owner, versionRef(world, faces, earlier));
  await trashProject(owner, projectRef(world, faces));
});

async function losses(): Promise<Map<string, Loss>> {
  const { items } = await listTrash(owner, { workspaceSlug: world.workspace.slug });
  return new Map((await withLosses(items)).map(({ id, loss }) => [id, loss]));
}

test("an item holds everything that its purge takes along, what is in Trash by itself among it", async () => {
  expect(Object.fromEntries(await losses())).toEqual({
    [version.id]: { images: 7, files: 11, bytes: 5_320, versions: 1, trainings: 2, models: 2, sourceImages: 0 },
    [training.id]: { images: 0, files: 1, bytes: 20, versions: 0, trainings: 1, models: 1, sourceImages: 0 },
    [earlier.id]: { images: 5, files: 6, bytes: 50_000, versions: 1, trainings: 0, models: 0, sourceImages: 0 },
    [faces.id]: { images: 7, files: 7, bytes: 650_000, versions: 3, trainings: 0, models: 0, sourceImages: 1 },
  });
});

test("the summary counts nothing twice and agrees with the usage page to the byte, source images of a trashed project included", async () => {
  const { items, images, bytes } = await summarizeTrash(owner, world.workspace.slug);
  expect({ items, images, bytes }).toEqual({ items: 4, images: 14, bytes: 655_320 });
  const { trash, live } = await getUsageByProject(owner, world.workspace.slug);
  // a project's source images are the usage page's live ones only while the project is
  expect([trash, live]).toEqual([
    { images, bytes },
    { images: 0, bytes: 0 },
  ]);
});

test("each receipt says of what went what the list of Trash said before, to the byte", async () => {
  for (const [type, item] of [
    ["TRAINING", training],
    ["VERSION", version],
    ["PROJECT", faces],
  ] as const) {
    const { images, files, bytes, versions, trainings, models } = (await losses()).get(item.id)!;
    await purgeItem(owner, itemRef(world, type, item), UNBOUNDED);
    const { receipts } = await listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 100 });
    expect(receipts.find(({ itemId }) => itemId === item.id)).toMatchObject({
      ...{ images, versions, trainings, models },
      ...{ expectedFiles: files, expectedBytes: bytes },
    });
  }
});
