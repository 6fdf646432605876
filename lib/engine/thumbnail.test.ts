import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ImageDecodeError } from "@/lib/engine/decode";
import { makeThumbnail } from "@/lib/engine/thumbnail";
import { photo, solid, valuesAt } from "@/lib/testing/pixels";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "images-"));
});
afterAll(() => rm(folder, { recursive: true }));

const svg = Buffer.from(
  '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><rect width="5" height="5"/></svg>',
);
const half = (whole: Buffer) => whole.subarray(0, whole.length / 2);

describe("makeThumbnail", () => {
  it("fits the image into a square as WebP, and never enlarges it", async () => {
    expect(await sharp(await makeThumbnail(await photo(300, 200), 96)).metadata()).toMatchObject({
      format: "webp",
      width: 96,
      height: 64,
    });
    expect(await sharp(await makeThumbnail(await photo(30, 20), 96)).metadata()).toMatchObject({
      width: 30,
      height: 20,
    });
  });

  it("turns the image upright, lays transparency on black and drops the metadata", async () => {
    const turned = await solid(30, 20)
      .withExif({ IFD0: { Copyright: "somebody" } })
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    const thumbnail = await makeThumbnail(turned, 15);
    const metadata = await sharp(thumbnail).metadata();
    expect(metadata).toMatchObject({ width: 10, height: 15 });
    expect([metadata.exif, metadata.orientation]).toEqual([undefined, undefined]);
    const clear = await sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 255, g: 255, b: 255, alpha: 0 } },
    })
      .png()
      .toBuffer();
    expect(await valuesAt(await makeThumbnail(clear, 8), 4, 4)).toEqual([0, 0, 0]);
  });

  it("refuses what is no image or is broken", async () => {
    await expect(makeThumbnail(svg, 8)).rejects.toBeInstanceOf(ImageDecodeError);
    await expect(makeThumbnail(half(await photo(64, 64)), 8)).rejects.toBeInstanceOf(ImageDecodeError);
  });
});
