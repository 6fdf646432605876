import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ImageDecodeError, inspectImage } from "@/lib/engine/decode";
import { makeThumbnail } from "@/lib/engine/thumbnail";
import { photo, solid } from "@/lib/testing/pixels";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "images-"));
});
afterAll(() => rm(folder, { recursive: true }));

const svg = Buffer.from(
  '<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><rect width="5" height="5"/></svg>',
);
const half = (whole: Buffer) => whole.subarray(0, whole.length / 2);

describe("inspectImage", () => {
  it("tells format and size of what may be uploaded, from bytes or a file of any name", async () => {
    const files: [Buffer, string][] = [
      [await photo(30, 20), "image/jpeg"],
      [await solid(30, 20).png().toBuffer(), "image/png"],
      [await solid(30, 20).webp().toBuffer(), "image/webp"],
    ];
    for (const [bytes, contentType] of files) {
      const file = path.join(folder, "picture.exe");
      await writeFile(file, bytes);
      expect(await inspectImage(bytes)).toEqual({ contentType, width: 30, height: 20 });
      expect(await inspectImage(file)).toEqual({ contentType, width: 30, height: 20 });
    }
  });

  it("gives the size that people see, whatever way the pixels are stored", async () => {
    expect(await inspectImage(await solid(30, 20).withMetadata({ orientation: 6 }).jpeg().toBuffer())).toMatchObject({
      width: 20,
      height: 30,
    });
    expect(await inspectImage(await solid(30, 20).withMetadata({ orientation: 3 }).jpeg().toBuffer())).toMatchObject({
      width: 30,
      height: 20,
    });
  });

  it.each<[string, () => Promise<Buffer>, string]>([
    ["nothing", async () => Buffer.alloc(0), "The file is not an image that can be read; use JPEG, PNG or WebP."],
    ["text", async () => Buffer.from("hello"), "The file is not an image that can be read; use JPEG, PNG or WebP."],
    ["an SVG", async () => svg, "SVG files are not supported; use JPEG, PNG or WebP."],
    ["a PDF", async () => Buffer.from("%PDF-1.7\n"), "PDF files are not supported; use JPEG, PNG or WebP."],
    ["a GIF", () => solid(8, 8).gif().toBuffer(), "GIF files are not supported; use JPEG, PNG or WebP."],
    ["a TIFF", () => solid(8, 8).tiff().toBuffer(), "TIFF files are not supported; use JPEG, PNG or WebP."],
    ["an AVIF", () => solid(8, 8).avif().toBuffer(), "AVIF files are not supported; use JPEG, PNG or WebP."],
    [
      "a photo of a telephone",
      async () => Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"),
      "HEIC files are not supported; use JPEG, PNG or WebP.",
    ],
    [
      "a video",
      async () => Buffer.from("\0\0\0\x18ftypisom\0\0\x02\0isomiso2"),
      "MP4 files are not supported; use JPEG, PNG or WebP.",
    ],
    ["a zip", async () => Buffer.from("PK\x03\x04\x14\0"), "ZIP files are not supported; use JPEG, PNG or WebP."],
    [
      "a JPEG's beginning",
      async () => (await photo(64, 64)).subarray(0, 30),
      "The image is broken: its pixels cannot be read.",
    ],
    [
      "a JPEG that is cut short",
      async () => half(await photo(64, 64)),
      "The image is broken: its pixels cannot be read.",
    ],
    [
      "a large JPEG without its last bytes",
      async () => (await photo(640, 480)).subarray(0, -2000),
      "The image is broken: its pixels cannot be read.",
    ],
    [
      "a PNG that is cut short",
      async () =>
        half(
          await sharp(await photo(64, 64))
            .png()
            .toBuffer(),
        ),
      "The image is broken: its pixels cannot be read.",
    ],
    [
      "a WebP that is cut short",
      async () =>
        half(
          await sharp(await photo(64, 64))
            .webp()
            .toBuffer(),
        ),
      "The image is broken: its pixels cannot be read.",
    ],
  ])("refuses %s with a sentence", async (_name, make, sentence) => {
    await expect(inspectImage(await make())).rejects.toThrow(new ImageDecodeError(sentence));
  });

  it("refuses more than 50 megapixels before any is decoded, and not 50", async () => {
    const bomb = pngHeader(60_000, 60_000); // there are no pixels behind it: reading one would fail in another way
    await expect(inspectImage(bomb)).rejects.toThrow(
      new ImageDecodeError("The image has 3600 megapixels; at most 50 are supported."),
    );
    await expect(makeThumbnail(bomb, 10)).rejects.toThrow(/3600 megapixels/);
    await expect(inspectImage(pngHeader(10_001, 5_000))).rejects.toThrow(/51 megapixels/);
    await expect(inspectImage(pngHeader(10_000, 5_000))).rejects.toThrow(/broken/);
  });
});

/** A PNG that says so many pixels and has none. */
function pngHeader(width: number, height: number): Buffer {
  const header = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR________\x08\x02\0\0\0", "latin1");
  header.writeUInt32BE(width, 16);
  header.writeUInt32BE(height, 20);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(header.subarray(12)));
  return Buffer.concat([header, checksum, Buffer.from("\0\0\0\x01IDAT\0\0\0\0\0", "latin1")]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
