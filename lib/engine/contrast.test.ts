import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { CONTRAST_TYPES, type ContrastType } from "@/lib/engine/settings";
import { photo, pixelsOf, render, solid, valuesAt } from "@/lib/testing/pixels";

/** A grey PNG; `level` says each pixel's value. */
function grey(width: number, height: number, level: (x: number, y: number) => number) {
  const data = Buffer.from(
    Array.from({ length: width * height }, (_, place) => level(place % width, Math.floor(place / width))),
  );
  return sharp(data, { raw: { width, height, channels: 1 } })
    .png()
    .toBuffer();
}

async function levels(source: Buffer, type: ContrastType): Promise<number[]> {
  return [
    ...(await pixelsOf((await render(source, { preprocessing: { contrast: { type }, grayscale: true } })).bytes)).data,
  ];
}

describe("contrast", () => {
  it("stretching spreads a narrow range over the whole, and lets single pixels at the ends go", async () => {
    const found = await levels(
      await grey(100, 100, (x, y) => (y === 0 && x < 50 ? 255 * (x % 2) : 100 + Math.floor(x / 2))),
      "Contrast Stretching",
    );
    expect([Math.min(...found), Math.max(...found)]).toEqual([0, 255]);
    // what was 50 levels wide: each step is now about five, in a straight line
    const row = found.slice(5000, 5100);
    expect(Math.abs(row[50]! - 127)).toBeLessThan(8);
    expect(Math.abs(row[26]! - row[24]! - (row[76]! - row[74]!))).toBeLessThanOrEqual(1);
  });

  it("equalization gives every brightness its share, however uneven it was", async () => {
    const found = await levels(
      await grey(100, 100, (x) => 60 + Math.floor((x / 100) ** 2 * 40)),
      "Histogram Equalization",
    );
    const mean = found.reduce((sum, value) => sum + value, 0) / found.length;
    expect([Math.min(...found), Math.max(...found)]).toEqual([0, 255]);
    expect(Math.abs(mean - 128)).toBeLessThan(30);
  });

  it("adaptive equalization shows what is hidden in the dark and in the light at once, without seams", async () => {
    const wave = (x: number) => Math.round(3 * Math.sin(x / 3));
    const source = await grey(160, 80, (x) => Math.round(20 + x * 1.3) + wave(x));
    const spread = (values: number[], from: number) =>
      Math.max(...values.slice(from, from + 20)) - Math.min(...values.slice(from, from + 20));
    const row = (values: number[]) => values.slice(40 * 160, 41 * 160);
    const [before, after] = [
      row([...(await pixelsOf(source)).data]),
      row(await levels(source, "Adaptive Equalization")),
    ];
    for (const from of [10, 70, 130]) expect(spread(after, from)).toBeGreaterThan(1.3 * spread(before, from));
    const steps = after.slice(1).map((value, index) => Math.abs(value - after[index]!));
    expect(Math.max(...steps)).toBeLessThan(16);
  });

  it.each(CONTRAST_TYPES)(
    "%s keeps colours: the differences between channels stay where nothing is clipped",
    async (type) => {
      const source = await sharp(await photo(40, 40))
        .linear(0.2, 100)
        .png()
        .toBuffer();
      const [before, after] = await Promise.all([
        pixelsOf(source),
        pixelsOf((await render(source, { preprocessing: { contrast: { type } } })).bytes),
      ]);
      expect(after.data.equals(before.data)).toBe(false);
      let compared = 0;
      for (let at = 0; at < before.data.length; at += 3) {
        const values = [...after.data.subarray(at, at + 3)];
        if (values.some((value) => value === 0 || value === 255)) continue;
        compared++;
        expect([values[0]! - values[1]!, values[1]! - values[2]!]).toEqual([
          before.data[at]! - before.data[at + 1]!,
          before.data[at + 1]! - before.data[at + 2]!,
        ]);
      }
      expect(compared).toBeGreaterThan(100);
    },
  );

  it.each(CONTRAST_TYPES)(
    "%s leaves an image of one colour nearly as it is, down to one pixel, grey or not",
    async (type) => {
      for (const side of [1, 3, 20]) {
        const source = await solid(side, side).png().toBuffer();
        const [r] = await valuesAt((await render(source, { preprocessing: { contrast: { type } } })).bytes, 0, 0);
        expect(Math.abs(r! - 200)).toBeLessThanOrEqual(3);
        const [level] = await levels(source, type);
        expect(Math.abs(level! - 90)).toBeLessThan(40);
      }
    },
  );

  it("does not take the edges that a resize adds for a part of the image", async () => {
    const source = await grey(40, 20, (x) => 100 + x);
    const resize = { width: 40, height: 40, format: "Fit (white edges) in" as const };
    const { bytes } = await render(source, {
      preprocessing: { resize, contrast: { type: "Contrast Stretching" }, grayscale: true },
    });
    const alone = await levels(source, "Contrast Stretching");
    const { data } = await pixelsOf(bytes);
    expect([...data.subarray(10 * 40, 30 * 40)]).toEqual(alone);
    expect(new Set(data.subarray(0, 10 * 40))).toEqual(new Set([255]));
  });
});
