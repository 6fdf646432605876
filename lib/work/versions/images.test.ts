import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import sharp from "sharp";
import { beforeAll, expect, test } from "vitest";
import { purgeItem, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { buildRealVersion } from "@/lib/testing/real-version";
import { storeVersion } from "@/lib/testing/stored-version";
import { uploadImage } from "@/lib/work/uploads/images";
import { answerImage } from "@/lib/doors/images/answer";
import { listVersionImages, openSourceImage, openVersionImage } from "./images";

let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildRealVersion(world, project, {
    images: 100,
    augmentation: { image: { versions: 2 }, noise: { percent: 5 } },
  });
});

test("ranges are of one order, training images first, and add up to all images", async () => {
  const ctx = await userContext(world);
  const all = await listVersionImages(ctx, ref(), { offset: 0, limit: 500 });
  expect(all.total).toBe(70 * 2 + 20 + 10);
  expect(all.images.map(({ split }) => split)).toEqual([
    ...Array(140).fill("train"),
    ...Array(20).fill("valid"),
    ...Array(10).fill("test"),
  ]);
  const parts = await Promise.all([0, 60, 120].map((offset) => listVersionImages(ctx, ref(), { offset, limit: 60 })));
  expect(parts.flatMap(({ images }) => images)).toEqual(all.images);
  expect((await listVersionImages(ctx, ref(), { offset: 170, limit: 10 })).images).toEqual([]);
});

test("filters by split and class count only what matches", async () => {
  const ctx = await userContext(world);
  const found = await listVersionImages(ctx, ref(), { split: "valid", label: "7", offset: 0, limit: 500 });
  expect(found.total).toBe(2);
  expect(found.images.every(({ split, label }) => split === "valid" && label === "7")).toBe(true);
  expect(await listVersionImages(ctx, ref(), { label: "no such class", offset: 0, limit: 10 })).toEqual({
    total: 0,
    images: [],
  });
});

test("an image is the bytes that the manifest promises, and only paths of the manifest open", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  const image = await openVersionImage(ctx, ref(), first!.path);
  const bytes = await buffer(await image.stream());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(image.sha256);
  expect(bytes.length).toBe(image.sizeBytes);
  for (const path of [
    "manifest.json",
    `images/../${first!.path}`,
    `../${version.id}/${first!.path}`,
    "images/",
    `${first!.path}\0`,
    "__proto__",
  ]) {
    await expect(openVersionImage(ctx, ref(), path), path).rejects.toMatchObject({ code: "not_found" });
  }
});

test("a source image opens for members, and is never shown as what a browser would run", async () => {
  const ctx = await userContext(world);
  const image = await prisma().image.findFirstOrThrow({ where: { projectId: project.id } });
  const place = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, imageId: image.id };
  const opened = await openSourceImage(ctx, place);
  expect([opened.contentType, opened.sha256, (await buffer(await opened.stream())).length]).toEqual([
    "image/png",
    image.sha256,
    image.sizeBytes,
  ]);
  await prisma().image.update({ where: { id: image.id }, data: { contentType: "image/svg+xml" } });
  expect((await openSourceImage(ctx, place)).contentType).toBe("application/octet-stream");
});

test("a source image that browsers cannot show, or only moving, is shown as a picture of its first frame", async () => {
  const ctx = await userContext(world);
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  const frames = Buffer.concat([Buffer.alloc(4 * 4 * 3, 255), Buffer.alloc(4 * 4 * 3, 0)]);
  const pages = sharp(frames, { raw: { width: 4, height: 8, channels: 3, pageHeight: 4 } });
  for (const bytes of [
    await pages
      .clone()
      .gif({ delay: [50, 50] })
      .toBuffer(),
    await pages.clone().tiff().toBuffer(),
  ]) {
    const { id } = await uploadImage(ctx, ref, [bytes], { fileName: "a", split: null, label: null });
    const opened = await openSourceImage(ctx, { ...ref, imageId: id });
    expect([opened.contentType, opened.sizeBytes]).toEqual(["image/png", null]);
    const shown = await sharp(await buffer(await opened.stream()))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect([shown.info.width, shown.info.height, shown.data[0]]).toEqual([4, 4, 255]);
    expect((await openSourceImage(ctx, { ...ref, imageId: id }, { thumbnail: true })).contentType).toBe("image/webp");
  }
});

test("a source image's thumbnail is a WebP, asked about every time, and costs nothing a second time", async () => {
  const ctx = await userContext(world);
  const image = await prisma().image.findFirstOrThrow({ where: { projectId: project.id } });
  const opened = await openSourceImage(
    ctx,
    { workspaceSlug: world.workspace.slug, projectSlug: project.slug, imageId: image.id },
    { thumbnail: true },
  );
  const fresh = await answerImage(new Request("http://x/"), opened);
  expect([
    fresh.status,
    fresh.headers.get("content-type"),
    Buffer.from(await fresh.arrayBuffer())
      .subarray(8, 12)
      .toString(),
  ]).toEqual([200, "image/webp", "WEBP"]);
  const etag = fresh.headers.get("etag")!;
  expect(etag).not.toBe(`"${image.sha256}"`);
  expect((await answerImage(new Request("http://x/", { headers: { "If-None-Match": etag } }), opened)).status).toBe(
    304,
  );
});

test("somebody else's workspace answers as one that does not exist", async () => {
  const stranger = await userContext(await buildWorld());
  await expect(listVersionImages(stranger, ref(), { offset: 0, limit: 1 })).rejects.toMatchObject({
    code: "not_found",
  });
  await expect(openVersionImage(stranger, ref(), "images/x.png")).rejects.toMatchObject({ code: "not_found" });
});

/** Photographs that are larger than a thumbnail, all different. */
const photos = (count: number) =>
  Promise.all(
    Array.from({ length: count }, async (_, i) => ({
      bytes: await sharp({ create: { width: 600, height: 400, channels: 3, background: { r: i * 20, g: 90, b: 160 } } })
        .jpeg()
        .toBuffer(),
      width: 600,
      height: 400,
      extension: "jpg" as const,
    })),
  );

test("the listing says what an image was made from and what is marked on it", async () => {
  const boxes = await buildProject(world, { type: "OBJECT_DETECTION" });
  const made = await storeVersion(world, boxes, await photos(1), "object-detection");
  const { images } = await listVersionImages(
    await userContext(world),
    { ...ref(), projectSlug: boxes.slug, number: made.number },
    { offset: 0, limit: 1 },
  );
  expect(images).toEqual([
    {
      path: "images/train/source-0-0.jpg",
      name: "photo 0.jpg",
      width: 600,
      height: 400,
      split: "train",
      label: null,
      boxes: [{ label: "cat", x: 1, y: 2, width: 10, height: 20 }],
      sourceImageId: "source-0",
      output: 0,
    },
  ]);
});

test("in Trash the images can still be seen; after the purge they cannot, though the manifest was read before", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  await trashVersion(ctx, ref());
  expect((await openVersionImage(ctx, ref(), first!.path)).sizeBytes).toBeGreaterThan(0);
  await purgeItem(
    await userContext(world),
    { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id },
    new AbortController().signal,
  );
  await expect(openVersionImage(ctx, ref(), first!.path)).rejects.toMatchObject({ code: "purged" });
  await expect(listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).rejects.toMatchObject({ code: "purged" });
});
