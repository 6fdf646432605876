import { createHash } from "node:crypto";
import sharp, { type Create } from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { readDigits } from "@/lib/engine/digits";
import { ImageDecodeError, renderImage } from "@/lib/engine/generate";
import { derive } from "@/lib/engine/random";
import type { Augmentation, Preprocessing, ResizeFormat } from "@/lib/engine/settings";

let digit: Buffer;
beforeAll(async () => {
  digit = (await readDigits(4))[3]!.png;
});

const red = { r: 200, g: 30, b: 10 };
const all: Augmentation = { flip: { horizontal: true, vertical: true }, rotate: { degrees: 20 }, brightness: { brighten: true, darken: true, percent: 30 }, blur: { pixels: 2 }, noise: { percent: 10 } };

function render(source: Buffer, preprocessing: Preprocessing = {}, augmentation: Augmentation | null = null, seed = 1, ...labels: (string | number)[]) {
  return renderImage(source, { preprocessing, augmentation, random: derive(seed, ...labels) });
}

function solid(width: number, height: number, background: Create["background"] = red) {
  return sharp({ create: { width, height, channels: 3, background } });
}

/** The pixels in the file's own channels; sharp by itself would give three for a grey file. */
async function pixels(png: Buffer) {
  const { space } = await sharp(png).metadata();
  const { data, info } = await sharp(png).toColourspace(space).raw().toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

/** The channels' values at (x, y). */
async function at(png: Buffer, x: number, y: number): Promise<number[]> {
  const { data, width, channels } = await pixels(png);
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");

describe("determinism", () => {
  it("gives the same bytes for the same seed, and others for another seed, image or output", async () => {
    const first = await render(digit, { grayscale: true }, all, 7, "img", 0);
    expect(sha256((await render(digit, { grayscale: true }, all, 7, "img", 0)).bytes)).toBe(sha256(first.bytes));
    const others = await Promise.all([render(digit, { grayscale: true }, all, 8, "img", 0), render(digit, { grayscale: true }, all, 7, "img", 1), render(digit, { grayscale: true }, all, 7, "other", 0)]);
    expect(new Set([first, ...others].map(({ bytes }) => sha256(bytes))).size).toBe(4);
  });

  it("gives the same bytes whatever else is rendered at the same time", async () => {
    const alone = await render(digit, {}, all, 7, "img", 3);
    const together = await Promise.all(Array.from({ length: 8 }, (_, output) => render(digit, {}, all, 7, "img", output)));
    expect(together[3]!.bytes).toEqual(alone.bytes);
  });

  it("does not depend on the seed without augmentation, and keeps nothing of the source's metadata", async () => {
    const source = await solid(20, 10).withExif({ IFD0: { Copyright: "somebody" } }).jpeg().toBuffer();
    const { bytes } = await render(source, {}, null, 1);
    expect(bytes).toEqual((await render(source, {}, null, 2)).bytes);
    expect(bytes.includes("somebody")).toBe(false);
    const chunks = [...bytes.toString("latin1").matchAll(/(IHDR|PLTE|IDAT|IEND|tIME|tEXt|iTXt|zTXt|eXIf|iCCP)/g)].map(([name]) => name);
    expect([...new Set(chunks)]).toEqual(["IHDR", "IDAT", "IEND"]);
  });
});

describe("resize", () => {
  const sizes: [ResizeFormat, number, number][] = [
    ["Stretch to", 60, 60],
    ["Fill (with center crop) in", 60, 60],
    ["Fit within", 60, 30],
    ["Fit (reflect edges) in", 60, 60],
    ["Fit (black edges) in", 60, 60],
    ["Fit (white edges) in", 60, 60],
  ];
  it.each(sizes)("%s 60 × 60 makes 40 × 20 and 400 × 200 into %i × %i", async (format, width, height) => {
    for (const source of [await solid(40, 20).png().toBuffer(), await solid(400, 200).png().toBuffer()]) {
      const image = await render(source, { resize: { width: 60, height: 60, format } });
      expect([image.width, image.height]).toEqual([width, height]);
      const read = await pixels(image.bytes);
      expect([read.width, read.height, read.channels]).toEqual([width, height, 3]);
    }
  });

  it("fills the edges as its name says", async () => {
    const source = await solid(40, 20).png().toBuffer();
    const corner = async (format: ResizeFormat) => at((await render(source, { resize: { width: 60, height: 60, format } })).bytes, 0, 0);
    expect(await corner("Fit (black edges) in")).toEqual([0, 0, 0]);
    expect(await corner("Fit (white edges) in")).toEqual([255, 255, 255]);
    expect(await corner("Fit (reflect edges) in")).toEqual([200, 30, 10]);
    expect(await corner("Stretch to")).toEqual([200, 30, 10]);
  });

  it("crops the middle, and mirrors what lies at the edge", async () => {
    const halves = await solid(100, 50, "blue").composite([{ input: await solid(25, 50).png().toBuffer(), left: 0, top: 0 }]).png().toBuffer();
    const cropped = await render(halves, { resize: { width: 50, height: 50, format: "Fill (with center crop) in" } });
    expect(await at(cropped.bytes, 5, 25)).toEqual([0, 0, 255]);
    const striped = await solid(90, 30, "blue").composite([{ input: await solid(90, 10).png().toBuffer(), left: 0, top: 0 }]).png().toBuffer();
    const mirrored = await render(striped, { resize: { width: 90, height: 90, format: "Fit (reflect edges) in" } });
    const column = await Promise.all([2, 25, 35, 50, 87].map((y) => at(mirrored.bytes, 45, y)));
    expect(column.map(([value]) => (value === 200 ? "red" : "blue"))).toEqual(["blue", "red", "red", "blue", "red"]);
  });

  it("copes with one-pixel and very long images in every format", async () => {
    for (const source of [await solid(1, 1).png().toBuffer(), await solid(1, 3000).png().toBuffer()]) {
      for (const [format] of sizes) {
        const { width, height } = await render(source, { resize: { width: 16, height: 16, format } });
        expect(width <= 16 && height <= 16 && width >= 1 && height === 16).toBe(true);
      }
    }
  });
});

describe("preprocessing", () => {
  it("makes grey images that are really grey, with one channel", async () => {
    const grey = await pixels((await render(await solid(10, 10).png().toBuffer(), { grayscale: true })).bytes);
    expect(grey.channels).toBe(1);
    expect(grey.data[0]).toBeGreaterThan(20);
    expect(grey.data[0]).toBeLessThan(150);
    expect((await pixels((await render(digit, { grayscale: true }, all)).bytes)).channels).toBe(1);
  });

  it("keeps the digit's own pixels when there is nothing to do, and makes grey sources three equal channels", async () => {
    const before = await pixels(digit);
    const after = await pixels((await render(digit)).bytes);
    expect(after.channels).toBe(3);
    expect(Buffer.from(after.data.filter((_, index) => index % 3 === 0))).toEqual(before.data);
    expect((await pixels((await render(digit, { grayscale: true })).bytes)).data).toEqual(before.data);
  });

  it("turns an image as its orientation says only when asked to", async () => {
    const source = await solid(30, 10).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await render(source, { "auto-orient": true })).toMatchObject({ width: 10, height: 30 });
    expect(await render(source, { "auto-orient": false })).toMatchObject({ width: 30, height: 10 });
    expect(await render(source)).toMatchObject({ width: 30, height: 10 });
  });

  it("reads transparency, 16 bits, CMYK, and every supported format as eight-bit RGB", async () => {
    const sources = [
      await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer(),
      await solid(8, 8).toColourspace("rgb16").png().toBuffer(),
      await solid(8, 8).toColourspace("cmyk").jpeg().toBuffer(),
      await solid(8, 8).webp().toBuffer(),
      await solid(8, 8).gif().toBuffer(),
      await solid(8, 8).tiff().toBuffer(),
      await solid(8, 8).avif().toBuffer(),
    ];
    for (const source of sources) expect(await pixels((await render(source)).bytes)).toMatchObject({ width: 8, height: 8, channels: 3 });
    expect(await at((await render(sources[0]!)).bytes, 0, 0)).toEqual([0, 0, 0]);
    expect(await at((await render(sources[1]!)).bytes, 0, 0)).toEqual([200, 30, 10]);
  });
});

describe("augmentation", () => {
  const steps: [string, Augmentation][] = [
    ["rotate", { rotate: { degrees: 45 } }],
    ["noise", { noise: { percent: 50 } }],
    ["brightness", { brightness: { brighten: true, darken: true, percent: 50 } }],
    ["blur", { blur: { pixels: 4 } }],
    ["all together", all],
  ];
  it.each(steps)("%s changes pixels and keeps the size, grey or not", async (_name, augmentation) => {
    for (const grayscale of [true, false]) {
      const before = await pixels((await render(digit, { grayscale })).bytes);
      const after = await pixels((await render(digit, { grayscale }, augmentation)).bytes);
      expect([after.width, after.height, after.channels]).toEqual([28, 28, grayscale ? 1 : 3]);
      expect(after.data.equals(before.data)).toBe(false);
    }
  });

  it("keeps the size of an image that is not square at any angle, with black corners", async () => {
    const source = await solid(50, 21).png().toBuffer();
    for (let seed = 0; seed < 12; seed++) {
      const image = await render(source, {}, { rotate: { degrees: 180 } }, seed);
      expect([image.width, image.height]).toEqual([50, 21]);
      expect(await at(image.bytes, 25, 10)).toEqual([200, 30, 10]);
    }
    expect(await at((await render(source, {}, { rotate: { degrees: 45 } }, 3)).bytes, 0, 0)).toEqual([0, 0, 0]);
  });

  it("mirrors only along the directions asked for, and not always", async () => {
    const half = await solid(20, 10, "blue").composite([{ input: await solid(10, 10).png().toBuffer(), left: 0, top: 0 }]).png().toBuffer();
    const left = await Promise.all(Array.from({ length: 20 }, async (_, seed) => (await at((await render(half, {}, { flip: { horizontal: true } }, seed)).bytes, 0, 0))[0]));
    expect(new Set(left)).toEqual(new Set([0, 200]));
    const never = await Promise.all(Array.from({ length: 20 }, async (_, seed) => (await at((await render(half, {}, { flip: { vertical: true } }, seed)).bytes, 0, 0))[0]));
    expect(new Set(never)).toEqual(new Set([200]));
  });

  it("puts noise on no more pixels than the percentage allows, and none at 0", async () => {
    const source = await solid(100, 100).png().toBuffer();
    const counts = await Promise.all(
      Array.from({ length: 10 }, async (_, seed) => {
        const { data } = await pixels((await render(source, {}, { noise: { percent: 5 } }, seed)).bytes);
        let changed = 0;
        for (let i = 0; i < data.length; i += 3) {
          if (data[i] === 200) continue;
          changed += 1;
          expect([...data.subarray(i, i + 3)]).toEqual(data[i] === 0 ? [0, 0, 0] : [255, 255, 255]);
        }
        return changed;
      }),
    );
    expect(Math.max(...counts)).toBeLessThanOrEqual(500);
    expect(Math.max(...counts)).toBeGreaterThan(100);
    const clean: Augmentation = { noise: { percent: 0 }, rotate: { degrees: 0 }, blur: { pixels: 0 }, brightness: { percent: 50 }, flip: {} };
    expect((await render(source, {}, clean)).bytes).toEqual((await render(source)).bytes);
  });
});

describe("bytes that are no usable image", () => {
  it.each<[string, () => Promise<Buffer>, RegExp]>([
    ["nothing", async () => Buffer.alloc(0), /not an image/],
    ["text", async () => Buffer.from("hello"), /not an image/],
    ["a PNG that is cut short", async () => (await noisy()).subarray(0, 3000), /broken/],
    ["a JPEG that is cut short", async () => { const whole = await sharp(await noisy()).jpeg().toBuffer(); return whole.subarray(0, whole.length / 2); }, /broken/],
    ["an SVG", async () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><rect width="5" height="5"/></svg>'), /svg/],
  ])("are refused with a sentence: %s", async (_name, source, sentence) => {
    const failure = render(await source());
    await expect(failure).rejects.toBeInstanceOf(ImageDecodeError);
    await expect(failure).rejects.toThrow(sentence);
  });

  it("an image above 50 megapixels is refused before it is decoded, one of 50 is not", { timeout: 30_000 }, async () => {
    const above = await solid(10_001, 5_000).png().toBuffer();
    await expect(render(above)).rejects.toThrow(new ImageDecodeError("The image has 51 megapixels; at most 50 are supported."));
    const limit = await solid(10_000, 5_000).png().toBuffer();
    expect(await render(limit, { resize: { width: 8, height: 8, format: "Stretch to" } })).toMatchObject({ width: 8, height: 8 });
  });
});

/** A PNG of random pixels, so that cutting it loses some. */
async function noisy(): Promise<Buffer> {
  const random = derive(5);
  const data = Buffer.from(Array.from({ length: 64 * 64 * 3 }, () => random.integer(256)));
  return sharp(data, { raw: { width: 64, height: 64, channels: 3 } }).png().toBuffer();
}
