import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Augmentation } from "@/lib/engine/settings";
import { photo, pixelsOf, render, renderAll, solid, valuesAt } from "@/lib/testing/pixels";

const red = [200, 30, 10];

/** So many outputs of one image, each as the values at its first pixel. */
async function corners(source: Buffer, augmentation: Augmentation, versions = 20): Promise<number[][]> {
  const outputs = await renderAll(source, { augmentation: { image: { versions }, ...augmentation } });
  return Promise.all(outputs.map(({ bytes }) => valuesAt(bytes, 0, 0)));
}

/** The left half red, the right half blue. */
async function halves(width: number, height: number): Promise<Buffer> {
  return solid(width, height, "blue")
    .composite([
      {
        input: await solid(width / 2, height)
          .png()
          .toBuffer(),
        left: 0,
        top: 0,
      },
    ])
    .png()
    .toBuffer();
}

describe("every step", () => {
  const steps: [string, Augmentation][] = Object.entries({
    crop: { min: 20, max: 40 },
    flip: { horizontal: true, vertical: true },
    ninety: { clockwise: true, "counter-clockwise": true, "upside-down": true },
    rotate: { degrees: 45 },
    shear: { horizontal: 20, vertical: 20 },
    blur: { pixels: 4 },
    rgrayscale: { percent: 100 },
    saturation: { percent: 60 },
    hue: { degrees: 90 },
    brightness: { brighten: true, darken: true, percent: 50 },
    exposure: { percent: 60 },
    cutout: { count: 2, percent: 20 },
    noise: { percent: 50 },
  } satisfies Required<Omit<Augmentation, "image">>).map(([key, value]) => [key, { [key]: value }]);
  const COLOUR = ["rgrayscale", "saturation", "hue"];

  it.each(steps)("%s changes pixels and keeps the size of a square, grey or not", async (name, augmentation) => {
    const source = await photo(28, 28);
    for (const grayscale of [true, false]) {
      const before = await pixelsOf((await render(source, { preprocessing: { grayscale } })).bytes);
      const outputs = await renderAll(source, {
        preprocessing: { grayscale },
        augmentation: { image: { versions: 6 }, ...augmentation },
      });
      const after = await Promise.all(outputs.map(({ bytes }) => pixelsOf(bytes)));
      for (const { width, height, channels } of after)
        expect([width, height, channels]).toEqual([28, 28, grayscale ? 1 : 3]);
      expect(after.some(({ data }) => !data.equals(before.data))).toBe(!(grayscale && COLOUR.includes(name)));
    }
  });

  it("of no strength leaves every pixel as it is", async () => {
    const nothing: Required<Omit<Augmentation, "image">> = {
      crop: { min: 0, max: 0 },
      flip: {},
      ninety: {},
      rotate: { degrees: 0 },
      shear: { horizontal: 0 },
      blur: { pixels: 0 },
      rgrayscale: { percent: 0 },
      saturation: { percent: 0 },
      hue: { degrees: 0 },
      brightness: { percent: 50 },
      exposure: { percent: 0 },
      cutout: { count: 3, percent: 0 },
      noise: { percent: 0 },
    };
    const source = await photo(40, 30);
    expect((await render(source, { augmentation: nothing })).bytes).toEqual((await render(source)).bytes);
  });
});

describe("geometry", () => {
  it("keeps the size of an image that is not square at any angle, with black where nothing is", async () => {
    const source = await solid(50, 21).png().toBuffer();
    for (const augmentation of [
      { rotate: { degrees: 180 } },
      { shear: { horizontal: 45, vertical: 45 } },
      { rotate: { degrees: 180 }, crop: { min: 0, max: 60 } },
    ]) {
      const outputs = await renderAll(source, { augmentation: { image: { versions: 12 }, ...augmentation } });
      for (const { bytes, width, height } of outputs) {
        expect([width, height]).toEqual([50, 21]);
        expect(await valuesAt(bytes, 25, 10)).toEqual(red);
      }
      expect((await Promise.all(outputs.map(({ bytes }) => valuesAt(bytes, 0, 0)))).map(String)).toContain("0,0,0");
    }
  });

  it("mirrors only along the directions asked for, and not always", async () => {
    const source = await halves(20, 10);
    expect(new Set((await corners(source, { flip: { horizontal: true } })).map(([value]) => value))).toEqual(
      new Set([0, 200]),
    );
    expect(new Set((await corners(source, { flip: { vertical: true } })).map(([value]) => value))).toEqual(
      new Set([200]),
    );
  });

  it("turns by quarters only in the directions asked for, pixel for pixel, and not always", async () => {
    const source = await halves(20, 10);
    const after = async (ninety: Augmentation["ninety"]) => {
      const outputs = await renderAll(source, { augmentation: { image: { versions: 24 }, ninety } });
      return new Set(
        await Promise.all(
          outputs.map(
            async ({ bytes, width, height }) =>
              `${width}×${height} ${(await valuesAt(bytes, 0, 0))[0]} ${(await valuesAt(bytes, width - 1, height - 1))[0]}`,
          ),
        ),
      );
    };
    expect(await after({ clockwise: true })).toEqual(new Set(["20×10 200 0", "10×20 200 0"]));
    expect(await after({ "counter-clockwise": true })).toEqual(new Set(["20×10 200 0", "10×20 0 200"]));
    expect(await after({ "upside-down": true })).toEqual(new Set(["20×10 200 0", "20×10 0 200"]));
  });

  it("crops between the two percentages, anywhere, and enlarges what stays to the old size", async () => {
    const gradient = await sharp(Buffer.from(Array.from({ length: 200 * 10 }, (_, place) => place % 200)), {
      raw: { width: 200, height: 10, channels: 1 },
    })
      .png()
      .toBuffer();
    const outputs = await renderAll(gradient, {
      augmentation: { image: { versions: 20 }, crop: { min: 50, max: 75 } },
    });
    const ends = await Promise.all(
      outputs.map(
        async ({ bytes }) => [(await valuesAt(bytes, 0, 5))[0]!, (await valuesAt(bytes, 199, 5))[0]!] as const,
      ),
    );
    for (const [first, last] of ends) {
      expect(last - first).toBeGreaterThanOrEqual(46); // 25 to 50 % of 200 levels, less the blending at either end
      expect(last - first).toBeLessThanOrEqual(101);
    }
    expect(Math.min(...ends.map(([first]) => first))).toBeLessThan(30);
    expect(Math.max(...ends.map(([, last]) => last))).toBeGreaterThan(170);
  });

  it("survives the strongest crop, of the smallest image", async () => {
    for (const side of [1, 2, 50]) {
      const { width, height } = await render(await solid(side, side).png().toBuffer(), {
        augmentation: {
          crop: { min: 100, max: 100 },
          rotate: { degrees: 30 },
          shear: { horizontal: 45, vertical: 45 },
          ninety: { clockwise: true },
        },
      });
      expect([width, height]).toEqual([side, side]);
    }
  });
});

describe("colour", () => {
  it("turns about the share asked for grey, with three channels, at the brightness that the colour had", async () => {
    const values = await corners(await solid(4, 4).png().toBuffer(), { rgrayscale: { percent: 30 } }, 50);
    const grey = values.filter(([r, g, b]) => r === g && g === b);
    expect(grey.length).toBeGreaterThan(5);
    expect(grey.length).toBeLessThan(28);
    expect(new Set(grey.map(String))).toEqual(new Set(["65,65,65"]));
    expect(values.filter((value) => String(value) === "200,30,10").length).toBe(50 - grey.length);
  });

  it("leaves greys alone when hue and saturation change", async () => {
    const values = await corners(await solid(4, 4, { r: 77, g: 77, b: 77 }).png().toBuffer(), {
      hue: { degrees: 180 },
      saturation: { percent: 100 },
    });
    expect(new Set(values.map(String))).toEqual(new Set(["77,77,77"]));
  });

  it("turns the hue at most as far as asked for, in both directions", async () => {
    const hueOf = ([r, g, b]: number[]) => (Math.atan2(Math.sqrt(3) * (g! - b!), 2 * r! - g! - b!) * 180) / Math.PI;
    const source = await solid(4, 4, { r: 140, g: 100, b: 100 }).png().toBuffer();
    const hues = (await corners(source, { hue: { degrees: 40 } })).map(hueOf);
    expect(Math.max(...hues.map(Math.abs))).toBeLessThan(60); // the wheel of luma and chroma is not quite that of red, green, blue
    expect([Math.min(...hues) < -10, Math.max(...hues) > 10]).toEqual([true, true]);
  });

  it("makes colours stronger and weaker, within the percentage", async () => {
    const source = await solid(4, 4, { r: 140, g: 100, b: 100 }).png().toBuffer();
    const spreads = (await corners(source, { saturation: { percent: 50 } })).map(([r, g]) => r! - g!);
    expect([Math.min(...spreads) >= 20, Math.max(...spreads) <= 60]).toEqual([true, true]);
    expect([Math.min(...spreads) < 35, Math.max(...spreads) > 45]).toEqual([true, true]);
  });

  it("brightens and darkens only when asked to, within the percentage", async () => {
    const source = await solid(4, 4, { r: 100, g: 100, b: 100 }).png().toBuffer();
    const levels = async (brightness: Augmentation["brightness"]) =>
      (await corners(source, { brightness })).map(([value]) => value!);
    const [up, down, both] = await Promise.all([
      levels({ brighten: true, percent: 40 }),
      levels({ darken: true, percent: 40 }),
      levels({ brighten: true, darken: true, percent: 40 }),
    ]);
    expect([Math.min(...up) >= 100, Math.max(...up) <= 140, Math.max(...up) > 115]).toEqual([true, true, true]);
    expect([Math.min(...down) >= 60, Math.max(...down) <= 100, Math.min(...down) < 85]).toEqual([true, true, true]);
    expect([Math.min(...both) < 90, Math.max(...both) > 110]).toEqual([true, true]);
  });

  it("changes exposure in the middle tones, and leaves black black and white white", async () => {
    const strip = await sharp(Buffer.from([0, 128, 255]), { raw: { width: 3, height: 1, channels: 1 } })
      .png()
      .toBuffer();
    const outputs = await renderAll(strip, { augmentation: { image: { versions: 20 }, exposure: { percent: 100 } } });
    const middles = await Promise.all(
      outputs.map(async ({ bytes }) => {
        const { data } = await pixelsOf(bytes);
        expect([data[0], data[6]]).toEqual([0, 255]);
        return data[3]!;
      }),
    );
    expect([
      Math.min(...middles) >= 64,
      Math.min(...middles) < 110,
      Math.max(...middles) > 145,
      Math.max(...middles) <= 181,
    ]).toEqual([true, true, true, true]);
  });
});

describe("what is laid over the image", () => {
  it("puts noise on no more pixels than the percentage allows", async () => {
    const outputs = await renderAll(await solid(100, 100).png().toBuffer(), {
      augmentation: { image: { versions: 10 }, noise: { percent: 5 } },
    });
    const counts = await Promise.all(
      outputs.map(async ({ bytes }) => {
        const { data } = await pixelsOf(bytes);
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
  });

  it("cuts out black rectangles of the size and at most the number asked for, wholly inside, and lets boxes stay", async () => {
    const boxes = [{ label: "a", x: 1, y: 2, width: 50, height: 30 }];
    const black = async (count: number) => {
      const outputs = await renderAll(await solid(100, 60).png().toBuffer(), {
        augmentation: { image: { versions: 6 }, cutout: { count, percent: 20 } },
        boxes,
      });
      for (const output of outputs) expect(output.boxes).toEqual(boxes);
      return Promise.all(
        outputs.map(
          async ({ bytes }) =>
            (await pixelsOf(bytes)).data.filter((value, index) => index % 3 === 0 && value === 0).length,
        ),
      );
    };
    expect(new Set(await black(1))).toEqual(new Set([20 * 12]));
    const three = await black(3);
    expect(Math.max(...three)).toBeLessThanOrEqual(3 * 20 * 12);
    expect(Math.max(...three)).toBeGreaterThan(20 * 12);
  });
});
