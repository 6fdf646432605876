import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { ImageDecodeError, inspectImage } from "@/lib/engine/decode";
import { makeThumbnail } from "@/lib/engine/thumbnail";
import { refuseFormat } from "@/lib/engine/formats";
import { photo, render, solid, valuesAt } from "@/lib/testing/pixels";

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
      [await solid(30, 20).avif().toBuffer(), "image/avif"],
      [await solid(30, 20).tiff().toBuffer(), "image/tiff"],
      [await solid(30, 20).gif().toBuffer(), "image/gif"],
      [bitmap(30, 20), "image/bmp"],
    ];
    for (const [bytes, contentType] of files) {
      const file = path.join(folder, "picture.exe");
      await writeFile(file, bytes);
      expect(await inspectImage(bytes)).toEqual({ contentType, width: 30, height: 20, notes: [] });
      expect(await inspectImage(file)).toEqual({ contentType, width: 30, height: 20, notes: [] });
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
    ["an SVG", async () => svg, refuseFormat("SVG")],
    ["a photo of a telephone", async () => Buffer.from("\0\0\0\x18ftypheic\0\0\0\0mif1heic"), refuseFormat("HEIC")],
    ["a bitmap that is cut short", async () => half(bitmap(30, 20)), "The image is broken: it is cut short."],
    [
      "measurements",
      async () => floatTiff(),
      "The image holds measurements, not colours. Export it with 8 or 16 bits a channel, in grey or RGB.",
    ],
    ["a camera's raw file", async () => rawTiff(), refuseFormat("camera raw")],
    [
      "a JPEG's beginning",
      async () => (await photo(64, 64)).subarray(0, 30),
      "The image is broken: its pixels cannot be read.",
    ],
    [
      "a JPEG that is cut short",
      async () => half(await photo(64, 64)),
      expect.stringMatching(/^The file is cut short: about \d\d % of the image is missing\./) as unknown as string,
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
    const error: unknown = await inspectImage(await make()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ImageDecodeError);
    expect((error as Error).message).toEqual(sentence);
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

describe("a JPEG that viewers show, and no strict decoder", () => {
  const [CUT, MARKER] = ["its end is missing", "a marker where none may be"];
  const damages: [string, (whole: Buffer) => Buffer][] = [
    [CUT, (whole) => whole.subarray(0, -2_000)],
    [
      "bytes between its segments",
      (whole) => Buffer.concat([whole.subarray(0, 20), Buffer.from("rubbish!"), whole.subarray(20)]),
    ],
    [MARKER, (whole) => Buffer.concat([whole.subarray(0, -1_000), Buffer.from([0xff, 0xd4]), whole.subarray(-1_000)])],
  ];
  it.each(damages)("is taken with a note: %s", async (what, damage) => {
    const whole = await photo(640, 480);
    const { notes, ...facts } = await inspectImage(damage(whole));
    expect(facts).toEqual({ contentType: "image/jpeg", width: 640, height: 480 });
    expect(notes).toEqual([{ code: "damaged", missingPercent: { [CUT]: 3, [MARKER]: 2 }[what] ?? 0 }]);
    // and can be used from then on
    expect((await makeThumbnail(damage(whole), 64)).length).toBeGreaterThan(0);
    expect((await render(damage(whole), { contentType: "image/jpeg" })).width).toBe(640);
  });

  it("needs no note for what follows its end, as cameras write", async () => {
    const whole = await photo(64, 48);
    expect((await inspectImage(Buffer.concat([whole, Buffer.alloc(100, 7)]))).notes).toEqual([]);
  });
});

test("of an animation, or of pages, the first counts, and a note says so", async () => {
  const frames = Buffer.concat([Buffer.alloc(8 * 6 * 3, 250), Buffer.alloc(8 * 6 * 3, 5)]);
  const both = sharp(frames, { raw: { width: 8, height: 12, channels: 3, pageHeight: 6 } });
  for (const bytes of [
    await both
      .clone()
      .gif({ delay: [100, 100] })
      .toBuffer(),
    await both.clone().webp({ lossless: true }).toBuffer(),
  ]) {
    expect(await inspectImage(bytes)).toMatchObject({
      width: 8,
      height: 6,
      notes: [{ code: "first_frame", frames: 2 }],
    });
    expect((await valuesAt((await render(bytes)).bytes, 0, 0))[0]).toBeGreaterThan(240);
  }
});

/** A bitmap of one colour, of 24 bits. */
function bitmap(width: number, height: number): Buffer {
  const stride = Math.ceil((width * 3) / 4) * 4;
  const bytes = Buffer.alloc(54 + stride * height, 90);
  bytes.fill(0, 0, 54).write("BM");
  bytes.writeUInt32LE(54, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(width, 18);
  bytes.writeInt32LE(height, 22);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

/** A TIFF of 4 × 4 pixels of one sample, with these tags besides. */
function tiff(bits: number, more: readonly [tag: number, value: number][]): Buffer {
  const tags = [[256, 4], [257, 4], [258, bits], [259, 1], [262, 1], [273, 512], [277, 1], [278, 4], [279, 2 * bits], ...more]; // prettier-ignore
  tags.sort(([a], [b]) => a! - b!);
  const bytes = Buffer.alloc(512 + 2 * bits, 60);
  bytes.write("II*\0", "latin1");
  bytes.writeUInt32LE(8, 4);
  bytes.writeUInt16LE(tags.length, 8);
  tags.forEach(([tag, value], index) => {
    bytes.writeUInt16LE(tag!, 10 + index * 12);
    bytes.writeUInt16LE(4, 12 + index * 12);
    bytes.writeUInt32LE(1, 14 + index * 12);
    bytes.writeUInt32LE(value!, 18 + index * 12);
  });
  bytes.writeUInt32LE(0, 10 + tags.length * 12);
  return bytes;
}

const floatTiff = () => tiff(32, [[339, 3]]);
/** Its first image says that it is a thumbnail. */
const rawTiff = () => tiff(8, [[254, 1]]);

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
