import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import { beforeAll, expect, test } from "vitest";
import { purgeItem, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { buildRealVersion } from "@/lib/testing/real-version";
import { answerImage } from "./image-answer";
import { listVersionImages, openSourceImage, openVersionImage } from "./version-images";

let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildRealVersion(world, project, { images: 100, augmentation: { image: { versions: 2 }, noise: { percent: 5 } } });
});

test("ranges are of one order, training images first, and add up to all images", async () => {
  const ctx = await userContext(world);
  const all = await listVersionImages(ctx, ref(), { offset: 0, limit: 500 });
  expect(all.total).toBe(70 * 2 + 20 + 10);
  expect(all.images.map(({ split }) => split)).toEqual([...Array(140).fill("train"), ...Array(20).fill("valid"), ...Array(10).fill("test")]);
  const parts = await Promise.all([0, 60, 120].map((offset) => listVersionImages(ctx, ref(), { offset, limit: 60 })));
  expect(parts.flatMap(({ images }) => images)).toEqual(all.images);
  expect((await listVersionImages(ctx, ref(), { offset: 170, limit: 10 })).images).toEqual([]);
});

test("filters by split and class count only what matches", async () => {
  const ctx = await userContext(world);
  const found = await listVersionImages(ctx, ref(), { split: "valid", label: "7", offset: 0, limit: 500 });
  expect(found.total).toBe(2);
  expect(found.images.every(({ split, label }) => split === "valid" && label === "7")).toBe(true);
  expect(await listVersionImages(ctx, ref(), { label: "no such class", offset: 0, limit: 10 })).toEqual({ total: 0, images: [] });
});

test("an image is the bytes that the manifest promises, and only paths of the manifest open", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  const image = await openVersionImage(ctx, ref(), first!.path);
  const bytes = await buffer(await image.stream());
  expect(createHash("sha256").update(bytes).digest("hex")).toBe(image.sha256);
  expect(bytes).toHaveLength(image.sizeBytes);
  for (const path of ["manifest.json", `images/../${first!.path}`, `../${version.id}/${first!.path}`, "images/", `${first!.path}\0`, "__proto__"]) {
    await expect(openVersionImage(ctx, ref(), path), path).rejects.toMatchObject({ code: "not_found" });
  }
});

test("an answer is asked about every time, and its bytes go out only once", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  const image = await openVersionImage(ctx, ref(), first!.path);
  const fresh = await answerImage(new Request("http://x/"), image);
  expect([fresh.status, fresh.headers.get("cache-control"), fresh.headers.get("content-type")]).toEqual([200, "private, no-cache", "image/png"]);
  expect((await fresh.arrayBuffer()).byteLength).toBe(image.sizeBytes);
  const again = await answerImage(new Request("http://x/", { headers: { "If-None-Match": `"other", W/${fresh.headers.get("etag")}` } }), image);
  expect([again.status, await again.text()]).toEqual([304, ""]);
});

test("a source image opens for members, and is never shown as what a browser would run", async () => {
  const ctx = await userContext(world);
  const image = await prisma().image.findFirstOrThrow({ where: { projectId: project.id } });
  const place = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, imageId: image.id };
  const opened = await openSourceImage(ctx, place);
  expect([opened.contentType, opened.sha256, (await buffer(await opened.stream())).length]).toEqual(["image/png", image.sha256, image.sizeBytes]);
  await prisma().image.update({ where: { id: image.id }, data: { contentType: "image/svg+xml" } });
  expect((await openSourceImage(ctx, place)).contentType).toBe("application/octet-stream");
});

test("somebody else's workspace answers as one that does not exist", async () => {
  const stranger = await userContext(await buildWorld());
  await expect(listVersionImages(stranger, ref(), { offset: 0, limit: 1 })).rejects.toMatchObject({ code: "not_found" });
  await expect(openVersionImage(stranger, ref(), "images/x.png")).rejects.toMatchObject({ code: "not_found" });
});

test("in Trash the images can still be seen; after the purge they cannot, though the manifest was read before", async () => {
  const ctx = await userContext(world);
  const [first] = (await listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).images;
  await trashVersion(ctx, ref());
  expect((await openVersionImage(ctx, ref(), first!.path)).sizeBytes).toBeGreaterThan(0);
  await purgeItem(await userContext(world), { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id }, new AbortController().signal);
  await expect(openVersionImage(ctx, ref(), first!.path)).rejects.toMatchObject({ code: "purged" });
  await expect(listVersionImages(ctx, ref(), { offset: 0, limit: 1 })).rejects.toMatchObject({ code: "purged" });
});
