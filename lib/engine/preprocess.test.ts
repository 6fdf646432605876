import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { readDigits } from "@/lib/engine/digits";
import type { ResizeFormat } from "@/lib/engine/settings";
import { EVERY_STEP, photo, pixelsOf, render, renderAll, solid, valuesAt } from "@/lib/testing/pixels";

let digit: Buffer;
beforeAll(async () => {
  digit = (await readDigits(4))[3]!.png;
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
      const image = await render(source, { preprocessing: { resize: { width: 60, height: 60, format } } });
      expect([image.width, image.height]).toEqual([width, height]);
      const read = await pixelsOf(image.bytes);
      expect([read.width, read.height, read.channels]).toEqual([width, height, 3]);
    }
  });

  it("fills the edges as its name says", async () => {
    const source = await solid(40, 20).png().toBuffer();
    const corner = async (format: ResizeFormat) =>
      valuesAt((await render(source, { preprocessing: { resize: { width: 60, height: 60, format } } })).bytes, 0, 0);
    expect(await corner("Fit (black edges) in")).toEqual([0, 0, 0]);
    expect(await corner("Fit (white edges) in")).toEqual([255, 255, 255]);
    expect(await corner("Fit (reflect edges) in")).toEqual([200, 30, 10]);
    expect(await corner("Stretch to")).toEqual([200, 30, 10]);
  });

  it("crops the middle, and mirrors what lies at the edge", async () => {
    const halves = await solid(100, 50, "blue")
      .composite([{ input: await solid(25, 50).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const cropped = await render(halves, {
      preprocessing: { resize: { width: 50, height: 50, format: "Fill (with center crop) in" } },
    });
    expect(await valuesAt(cropped.bytes, 5, 25)).toEqual([0, 0, 255]);
    const striped = await solid(90, 30, "blue")
      .composite([{ input: await solid(90, 10).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const mirrored = await render(striped, {
      preprocessing: { resize: { width: 90, height: 90, format: "Fit (reflect edges) in" } },
    });
    const column = await Promise.all([2, 25, 35, 50, 87].map((y) => valuesAt(mirrored.bytes, 45, y)));
    expect(column.map(([value]) => (value === 200 ? "red" : "blue"))).toEqual(["blue", "red", "red", "blue", "red"]);
  });

  it("copes with one-pixel and very long images in every format", async () => {
    for (const [source, side] of [
      [await solid(1, 1).png().toBuffer(), 16],
      [await solid(1, 3000).png().toBuffer(), 16],
      [await solid(1, 200_000).png().toBuffer(), 1000],
    ] as const) {
      for (const [format] of sizes) {
        const { width, height } = await render(source, {
          preprocessing: { resize: { width: side, height: side, format } },
        });
        expect(width <= side && width >= 1 && height === side).toBe(true);
      }
    }
  });
});

describe("preprocessing", () => {
  it("makes grey images that are really grey, with one channel", async () => {
    const grey = await pixelsOf(
      (await render(await solid(10, 10).png().toBuffer(), { preprocessing: { grayscale: true } })).bytes,
    );
    expect(grey.channels).toBe(1);
    expect(grey.data[0]).toBeGreaterThan(20);
    expect(grey.data[0]).toBeLessThan(150);
    expect(
      (await pixelsOf((await render(digit, { preprocessing: { grayscale: true }, augmentation: EVERY_STEP })).bytes))
        .channels,
    ).toBe(1);
  });

  it("keeps the digit's own pixels when there is nothing to do, and makes grey sources three equal channels", async () => {
    const before = await pixelsOf(digit);
    const after = await pixelsOf((await render(digit)).bytes);
    expect(after.channels).toBe(3);
    expect(Buffer.from(after.data.filter((_, index) => index % 3 === 0))).toEqual(before.data);
    expect((await pixelsOf((await render(digit, { preprocessing: { grayscale: true } })).bytes)).data).toEqual(
      before.data,
    );
  });

  it("turns an image as its orientation says only when asked to", async () => {
    const source = await solid(30, 10).withMetadata({ orientation: 6 }).jpeg().toBuffer();
    expect(await render(source, { preprocessing: { "auto-orient": true } })).toMatchObject({ width: 10, height: 30 });
    expect(await render(source, { preprocessing: { "auto-orient": false } })).toMatchObject({ width: 30, height: 10 });
    expect(await render(source)).toMatchObject({ width: 30, height: 10 });
  });

  it("reads an animation's first frame", async () => {
    const frames = await Promise.all([solid(8, 6), solid(8, 6, "blue")].map((frame) => frame.png().toBuffer()));
    const { bytes, width, height } = await render(
      await sharp(frames, { join: { animated: true } })
        .webp({ lossless: true })
        .toBuffer(),
    );
    expect([width, height, ...(await valuesAt(bytes, 4, 3))]).toEqual([8, 6, 200, 30, 10]);
  });

  it("reads transparency, 16 bits, CMYK, and every supported format as eight-bit RGB", async () => {
    const sources = [
      await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } })
        .png()
        .toBuffer(),
      await solid(8, 8).toColourspace("rgb16").png().toBuffer(),
      await solid(8, 8).toColourspace("cmyk").jpeg().toBuffer(),
      await solid(8, 8).webp().toBuffer(),
    ];
    for (const source of sources)
      expect(await pixelsOf((await render(source)).bytes)).toMatchObject({ width: 8, height: 8, channels: 3 });
    expect(await valuesAt((await render(sources[0]!)).bytes, 0, 0)).toEqual([0, 0, 0]);
    expect(await valuesAt((await render(sources[1]!)).bytes, 0, 0)).toEqual([200, 30, 10]);
  });
});

describe("static-crop and tile", () => {
  it("show the part that they name, down to a single pixel", async () => {
    const source = await solid(100, 50, "blue")
      .composite([{ input: await solid(25, 50).png().toBuffer(), left: 0, top: 0 }])
      .png()
      .toBuffer();
    const cropped = await render(source, {
      preprocessing: { "static-crop": { x_min: 20, x_max: 60, y_min: 0, y_max: 50 } },
    });
    expect([cropped.width, cropped.height]).toEqual([40, 25]);
    expect([await valuesAt(cropped.bytes, 4, 0), await valuesAt(cropped.bytes, 5, 0)]).toEqual([
      [200, 30, 10],
      [0, 0, 255],
    ]);
    const least = await render(source, {
      preprocessing: { "static-crop": { x_min: 99.9, x_max: 100, y_min: 0, y_max: 0.1 } },
    });
    expect([least.width, least.height]).toEqual([1, 1]);
  });

  it("put together again, tiles are the image, also when it does not divide evenly", async () => {
    const source = await photo(53, 31);
    const whole = await pixelsOf((await render(source)).bytes);
    const tiles = await renderAll(source, { preprocessing: { tile: { rows: 3, columns: 4 } } });
    expect(tiles.map(({ output }) => output.output)).toEqual([...tiles.keys()]);
    const canvas = solid(53, 31, "black");
    let top = 0;
    const pieces = [];
    for (let row = 0; row < 3; row++) {
      let left = 0;
      for (const { bytes, width } of tiles.slice(row * 4, row * 4 + 4)) {
        pieces.push({ input: bytes, left, top });
        left += width;
      }
      expect(left).toBe(53);
      top += tiles[row * 4]!.height;
    }
    expect(top).toBe(31);
    expect((await pixelsOf(await canvas.composite(pieces).removeAlpha().png().toBuffer())).data).toEqual(whole.data);
  });

  it("resize each tile as an image of its own, also of an image with fewer pixels than tiles", async () => {
    const tiles = await renderAll(await solid(2, 1).png().toBuffer(), {
      preprocessing: { tile: { rows: 2, columns: 3 }, resize: { width: 20, height: 10, format: "Stretch to" } },
    });
    expect(tiles.map(({ width, height }) => [width, height])).toEqual(Array.from({ length: 6 }, () => [20, 10]));
  });
});
