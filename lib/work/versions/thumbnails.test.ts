import { buffer } from "node:stream/consumers";
import { writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { purgeItem, trashVersion } from "@/lib/domain/trash";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { storeFolder, UNBOUNDED } from "@/lib/testing/lifecycle";
import { solid } from "@/lib/testing/pixels";
import { storeFile } from "@/lib/testing/store-file";
import { storeVersion } from "@/lib/testing/stored-version";
import { listVersionImages, openVersionImage } from "./images";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it puts a file in the way of the thumbnails");

let world: World;
let project: { id: string; slug: string };
let version: { id: string; number: number };
const ref = () => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number });

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await storeVersion(world, project, [{ bytes: await solid(64, 48).png().toBuffer() }]);
});

/** The keys of the thumbnails that are kept for a version. */
async function thumbnailsOf({ id }: { id: string }): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobStore().list(`versions/${id}/thumbs/`)) keys.push(key);
  return keys;
}

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
const open = async (of: { number: number }, path: string, thumbnail = true) =>
  openVersionImage(await userContext(world), { ...ref(), number: of.number }, path, { thumbnail });
const read = async (image: { stream: () => Promise<Readable> }) => buffer(await image.stream());

describe("a thumbnail", () => {
  test("is a WebP of at most 256 pixels, made once however many ask, and kept under the version's prefix", async () => {
    const made = await storeVersion(world, project, await photos(1));
    const path = "images/train/source-0-0.jpg";
    const pictures = await Promise.all(Array.from({ length: 20 }, async () => read(await open(made, path))));
    expect(await sharp(pictures[0]).metadata()).toMatchObject({ format: "webp", width: 256, height: 171 });
    expect(new Set(pictures.map((picture) => picture.toString("hex"))).size).toBe(1);
    const [key, ...more] = await thumbnailsOf(made);
    expect([key, more]).toEqual([expect.stringMatching(/\/thumbs\/[0-9a-f]{64}\.webp$/), []]);

    await storeFile(key!, Buffer.from("what is kept"));
    const again = await open(made, path);
    expect([again.contentType, String(await read(again))]).toEqual(["image/webp", "what is kept"]);
    expect(again.sha256).not.toBe((await open(made, path, false)).sha256); // another ETag than the image's own
    expect(await open(made, path, false)).toMatchObject({ contentType: "image/jpeg" });
  });

  test("of a small image is the image itself, and nothing is kept", async () => {
    const [first] = (await listVersionImages(await userContext(world), ref(), { offset: 0, limit: 1 })).images;
    expect(await open(version, first!.path)).toMatchObject({
      contentType: "image/png",
      sha256: (await open(version, first!.path, false)).sha256,
    });
    expect(await thumbnailsOf(version)).toEqual([]);
  });

  test("is kept under one grant, renewed now and then, however many are looked at", async () => {
    const made = await storeVersion(world, project, await photos(12));
    await prisma().$executeRaw`create sequence renewals`;
    await prisma()
      .$executeRaw`create function count_renewal() returns trigger language plpgsql as $$ begin perform nextval('renewals'); return new; end $$`;
    await prisma()
      .$executeRaw`create trigger count_renewal before insert or update on grants for each row execute function count_renewal()`;
    for (let i = 0; i < 12; i++) await read(await open(made, `images/train/source-${i}-0.jpg`));
    expect(await thumbnailsOf(made)).toHaveLength(12);
    const [counted] = await prisma().$queryRaw<{ renewals: bigint }[]>`select last_value as renewals from renewals`;
    expect(await prisma().grant.count({ where: { versionId: made.id } })).toBe(1);
    expect(Number(counted!.renewals)).toBeLessThan(6);
    await prisma().$executeRaw`drop function count_renewal() cascade`;
  });

  test("of a version in Trash is shown, but no new one is kept; after the purge there is none", async () => {
    const [looked, other] = [
      await storeVersion(world, project, await photos(1)),
      await storeVersion(world, project, await photos(1)),
    ];
    const path = "images/train/source-0-0.jpg";
    await read(await open(looked, path));
    for (const { number } of [looked, other]) await trashVersion(await userContext(world), { ...ref(), number });
    for (const made of [looked, other])
      expect(await sharp(await read(await open(made, path))).metadata()).toMatchObject({ format: "webp" });
    expect([(await thumbnailsOf(looked)).length, (await thumbnailsOf(other)).length]).toEqual([1, 0]);

    const opened = await open(looked, path);
    await purgeItem(
      await userContext(world),
      { workspaceSlug: world.workspace.slug, type: "VERSION", id: looked.id },
      UNBOUNDED,
    );
    await expect(open(looked, path)).rejects.toMatchObject({ code: "purged" });
    await blobStore().removePrefix(`versions/${looked.id}/`);
    await expect(opened.stream()).rejects.toMatchObject({ code: "not_found" });
    expect(await thumbnailsOf(looked)).toEqual([]);
  });

  test("that cannot be kept is shown all the same", async () => {
    const made = await storeVersion(world, project, await photos(1));
    writeFileSync(`${storeFolder()}/versions/${made.id}/thumbs`, "a file where a folder should be");
    expect(await sharp(await read(await open(made, "images/train/source-0-0.jpg"))).metadata()).toMatchObject({
      format: "webp",
    });
  });

  test("is had for paths of the manifest only", async () => {
    for (const path of ["manifest.json", "images/train/../../../x.jpg", "thumbs/x.webp"])
      await expect(open(version, path)).rejects.toMatchObject({ code: "not_found" });
  });
});
