import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import type { Box } from "@/lib/engine/boxes";
import type { RenderedOutput } from "@/lib/engine/generate";
import { about, IDENTITY, moveTracks, readBoxes, toStored, trackBoxes } from "@/lib/engine/geometry";
import { RESIZE_FORMATS, type Augmentation, type Preprocessing } from "@/lib/engine/settings";
import { markedImage, pixelsOf, render, renderAll } from "@/lib/testing/pixels";

const box: Box = { label: "mark", x: 20, y: 12, width: 24, height: 16 };
const size = { width: 90, height: 60 };

/** Where the pixels are at least half white; null when none is. */
async function findMark({ bytes }: RenderedOutput) {
  const { data, width, height, channels } = await pixelsOf(bytes);
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (let place = 0; place < width * height; place++) {
    if (data[place * channels]! < 128) continue;
    const [x, y] = [place % width, Math.floor(place / width)];
    [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x + 1), Math.max(bottom, y + 1)];
  }
  return right > left ? { left, top, right, bottom } : null;
}

/** The one box lies around the mark's pixels, and not further away than a pixel is wide (`slack` for what is enlarged). */
async function expectAround(output: RenderedOutput, slack = 1.5) {
  const mark = await findMark(output);
  const [found] = output.boxes;
  if (mark === null || found === undefined)
    throw new Error(
      `The mark is ${mark === null ? "not there" : "there"}, its box is ${found === undefined ? "not" : "there"}.`,
    );
  expect(output.boxes).toHaveLength(1);
  for (const [edge, at] of [
    [mark.left, found.x],
    [mark.top, found.y],
    [mark.right, found.x + found.width],
    [mark.bottom, found.y + found.height],
  ] as const) {
    expect(Math.abs(edge - at)).toBeLessThanOrEqual(slack);
  }
}

describe("a box and the pixels that it marks stay together", () => {
  it.each<[string, Preprocessing]>([
    ...RESIZE_FORMATS.filter((format) => !/reflect|white/.test(format)).map((format): [string, Preprocessing] => [
      format,
      { resize: { width: 70, height: 70, format } },
    ]),
    ["a crop", { "static-crop": { x_min: 10, x_max: 40, y_min: 5, y_max: 90 } }],
    [
      "a crop, resized",
      {
        "static-crop": { x_min: 10, x_max: 80, y_min: 5, y_max: 90 },
        resize: { width: 40, height: 50, format: "Fill (with center crop) in" },
      },
    ],
  ])("through %s", async (_name, preprocessing) => {
    await expectAround(
      await render(await markedImage(90, 60, box), {
        preprocessing: { ...preprocessing, grayscale: true },
        boxes: [box],
      }),
    );
  });

  it("through edges of any kind, where only the image itself has the box", async () => {
    for (const format of ["Fit (reflect edges) in", "Fit (white edges) in", "Fit (black edges) in"] as const) {
      const { boxes } = await render(await markedImage(90, 60, box), {
        preprocessing: { resize: { width: 90, height: 90, format } },
        boxes: [box],
      });
      expect(boxes).toEqual([{ ...box, y: box.y + 15 }]);
    }
  });

  it.each<[string, Augmentation]>([
    ["flips", { flip: { horizontal: true, vertical: true } }],
    ["quarter turns", { ninety: { clockwise: true, "counter-clockwise": true, "upside-down": true } }],
    ["small rotations", { rotate: { degrees: 20 } }],
    ["any rotation", { rotate: { degrees: 180 } }],
    ["a crop", { crop: { min: 0, max: 45 } }],
    ["shears", { shear: { horizontal: 30, vertical: 20 } }],
    [
      "all of them",
      {
        flip: { horizontal: true, vertical: true },
        ninety: { clockwise: true, "upside-down": true },
        rotate: { degrees: 25 },
        crop: { min: 5, max: 20 },
        shear: { horizontal: 10, vertical: 15 },
      },
    ],
  ])("through %s", async (_name, augmentation) => {
    const source = await markedImage(90, 60, box);
    const outputs = await renderAll(source, {
      augmentation: { image: { versions: 16 }, ...augmentation },
      boxes: [box],
    });
    const places = new Set<string>();
    for (const output of outputs) {
      const mark = await findMark(output);
      if (output.boxes.length > 0) await expectAround(output, 3);
      else expect(mark === null || (mark.right - mark.left) * (mark.bottom - mark.top) < 100).toBe(true); // what is left of 384 px
      places.add(JSON.stringify(output.boxes));
    }
    expect(places.size).toBeGreaterThan(2);
  });

  it("exactly, where pixels move as a whole", async () => {
    const source = await markedImage(90, 60, box);
    for (const augmentation of [
      { flip: { horizontal: true, vertical: true } },
      { ninety: { clockwise: true, "counter-clockwise": true, "upside-down": true } },
    ]) {
      for (const output of await renderAll(source, {
        augmentation: { image: { versions: 8 }, ...augmentation },
        boxes: [box],
      })) {
        const mark = await findMark(output);
        expect(output.boxes).toEqual([
          {
            label: "mark",
            x: mark?.left,
            y: mark?.top,
            width: mark!.right - mark!.left,
            height: mark!.bottom - mark!.top,
          },
        ]);
      }
    }
  });

  it("in every tile that shows enough of it, cut to the tile", async () => {
    const outputs = await renderAll(await markedImage(90, 60, box), {
      preprocessing: { tile: { rows: 3, columns: 3 } },
      boxes: [box],
    });
    expect(outputs.map(({ width, height }) => `${width}×${height}`)).toEqual(Array.from({ length: 9 }, () => "30×20"));
    const found = Object.fromEntries(
      outputs
        .filter(({ boxes }) => boxes.length > 0)
        .map(({ output, boxes }) => [`${output.tile?.row} ${output.tile?.column}`, boxes]),
    );
    expect(found).toEqual({
      "0 0": [{ label: "mark", x: 20, y: 12, width: 10, height: 8 }],
      "0 1": [{ label: "mark", x: 0, y: 12, width: 14, height: 8 }],
      "1 0": [{ label: "mark", x: 20, y: 0, width: 10, height: 8 }],
      "1 1": [{ label: "mark", x: 0, y: 0, width: 14, height: 8 }],
    });
    for (const output of outputs.filter(({ boxes }) => boxes.length > 0)) await expectAround(output, 0);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    "at EXIF orientation %i, turned upright or left as it is stored, with and without a crop",
    async (orientation) => {
      const stored = { ...size, mark: { x: 20, y: 12, width: 24, height: 16 } };
      const source = await sharp(await markedImage(stored.width, stored.height, stored.mark))
        .withMetadata({ orientation })
        .png()
        .toBuffer();
      const upright = await render(source, { preprocessing: { "auto-orient": true } });
      const seen = await findMark(upright);
      const box = {
        label: "mark",
        x: seen!.left,
        y: seen!.top,
        width: seen!.right - seen!.left,
        height: seen!.bottom - seen!.top,
      };
      expect([upright.width, upright.height]).toEqual(orientation >= 5 ? [60, 90] : [90, 60]);
      const left = await render(source, { preprocessing: { "auto-orient": false }, boxes: [box] });
      expect(left.boxes).toEqual([{ label: "mark", ...stored.mark }]);
      for (const autoOrient of [true, false]) {
        for (const resize of [undefined, { width: 45, height: 45, format: "Fill (with center crop) in" as const }]) {
          await expectAround(
            await render(source, {
              preprocessing: {
                "auto-orient": autoOrient,
                "static-crop": { x_min: 15, x_max: 85, y_min: 10, y_max: 90 },
                ...(resize && { resize }),
              },
              boxes: [box],
            }),
          );
        }
      }
    },
  );
});

describe("boxes", () => {
  const any = fc.record({
    label: fc.constant("a"),
    x: fc.double({ min: -20, max: 110, noNaN: true }),
    y: fc.double({ min: -20, max: 80, noNaN: true }),
    width: fc.double({ min: 0.01, max: 120, noNaN: true }),
    height: fc.double({ min: 0.01, max: 90, noNaN: true }),
  });
  const number = (limit: number) => fc.double({ min: -limit, max: limit, noNaN: true });
  const matrix = fc.record({ a: number(3), b: number(3), c: number(3), d: number(3), e: number(100), f: number(100) });

  it("lie within their image, are at least a pixel wide and high, after whatever moves", () => {
    fc.assert(
      fc.property(fc.array(any), fc.array(matrix, { maxLength: 3 }), (boxes, moves) => {
        const tracks = moves.reduce((left, move) => moveTracks(left, move, size), trackBoxes(boxes, size));
        for (const { x, y, width, height } of readBoxes(tracks, size)) {
          expect(x >= 0 && y >= 0 && width >= 1 && height >= 1).toBe(true);
          expect(x + width <= size.width && y + height <= size.height).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("are given back as they were when nothing moves, to the thousandth of a pixel", () => {
    const thousandth = (most: number) => fc.integer({ min: 1000, max: most * 1000 }).map((parts) => parts / 1000);
    fc.assert(
      fc.property(thousandth(40), thousandth(20), thousandth(50), thousandth(40), (x, y, width, height) => {
        expect(
          readBoxes(moveTracks(trackBoxes([{ label: "a", x, y, width, height }], size), IDENTITY, size), size),
        ).toEqual([{ label: "a", x, y, width, height }]);
      }),
    );
  });

  it("come back when a move is undone", () => {
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), (degrees) => {
        const turn = (angle: number) =>
          about(
            { x: 45, y: 30 },
            { ...IDENTITY, a: Math.cos(angle), b: -Math.sin(angle), c: Math.sin(angle), d: Math.cos(angle) },
          );
        const middle = [{ label: "a", x: 35, y: 25, width: 20, height: 10 }];
        const angle = (degrees * Math.PI) / 180;
        expect(
          readBoxes(moveTracks(moveTracks(trackBoxes(middle, size), turn(angle), size), turn(-angle), size), size),
        ).toEqual(middle);
      }),
    );
  });

  it("are dropped when less than a tenth of them is left, however they were cut", () => {
    const shifted = (e: number) =>
      readBoxes(
        moveTracks(trackBoxes([{ label: "a", x: 0, y: 0, width: 60, height: 60 }], size), { ...IDENTITY, e }, size),
        size,
      );
    expect(shifted(-53.9)).toEqual([{ label: "a", x: 0, y: 0, width: 6.1, height: 60 }]);
    expect(shifted(-54.1)).toEqual([]);
    const steps = [-30, -15, -10].reduce(
      (left, e) => moveTracks(left, { ...IDENTITY, e }, size),
      trackBoxes([{ label: "a", x: 0, y: 0, width: 60, height: 60 }], size),
    );
    expect(readBoxes(steps, size)).toEqual([]);
  });

  it("cover what a cut left of a turned mark, and not the corner that was cut away", () => {
    const diamond = about(
      { x: 45, y: 30 },
      { ...IDENTITY, a: Math.SQRT1_2, b: -Math.SQRT1_2, c: Math.SQRT1_2, d: Math.SQRT1_2 },
    );
    const turned = moveTracks(trackBoxes([{ label: "a", x: 35, y: 20, width: 20, height: 20 }], size), diamond, size);
    const lowerHalf = moveTracks(moveTracks(turned, { ...IDENTITY, f: -35 }, size), { ...IDENTITY, f: 35 }, size);
    expect(readBoxes(lowerHalf, size)).toEqual([{ label: "a", x: 35.858, y: 35, width: 18.284, height: 9.142 }]);
  });

  it("know their way from the seen image to the stored one at every orientation, and inside it", () => {
    for (let orientation = 1; orientation <= 8; orientation++) {
      const stored = orientation >= 5 ? { width: size.height, height: size.width } : size;
      const [found] = readBoxes(
        moveTracks(
          trackBoxes([{ label: "a", x: 1, y: 2, width: 30, height: 10 }], size),
          toStored(orientation, size),
          stored,
        ),
        stored,
      );
      expect(found && [found.width, found.height]).toEqual(orientation >= 5 ? [10, 30] : [30, 10]);
    }
  });
});
