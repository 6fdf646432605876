import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countOutputs, planOutputs, planSources, type SourceImage, type VersionSettings } from "@/lib/engine/plan";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";
import { type Split, SPLITS } from "@/lib/engine/splits";

const box = (label: string) => ({ label, x: 1, y: 2, width: 3, height: 4 });

function settings(part: Partial<VersionSettings> = {}): VersionSettings {
  return { preprocessing: {}, augmentation: {}, splits: null, seed: 7, ...part };
}

function tally(images: readonly { split: Split }[]): Record<Split, number> {
  const counts = { train: 0, valid: 0, test: 0 };
  for (const { split } of images) counts[split] += 1;
  return counts;
}

function images(count: number): SourceImage[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `img-${String(index).padStart(4, "0")}`,
    split: "train",
    label: "a",
    boxes: [],
  }));
}

const anyImages = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 6 }),
    split: fc.constantFrom(...SPLITS),
    label: fc.option(fc.constantFrom("cat", "dog")),
    boxes: fc.array(fc.constantFrom(box("cat"), box("dog")), { maxLength: 2 }),
  }),
  { selector: ({ id }) => id, maxLength: 40 },
);
const anySplits = fc
  .tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }))
  .map(([one, two]) => ({ train: Math.min(one, two), valid: Math.abs(one - two), test: 100 - Math.max(one, two) }));
const anySettings = fc.record({
  splits: fc.option(anySplits),
  seed: fc.integer({ min: 0, max: 2147483647 }),
  preprocessing: fc.record(
    {
      "filter-null": fc.record({ percent: fc.integer({ min: 0, max: 100 }) }),
      remap: fc.constant({ dog: "cat" }),
      tile: fc.record({ rows: fc.integer({ min: 1, max: 4 }), columns: fc.integer({ min: 1, max: 4 }) }),
    },
    { requiredKeys: [] },
  ),
  augmentation: fc.record(
    { image: fc.record({ versions: fc.integer({ min: 1, max: 5 }) }), noise: fc.constant({ percent: 1 }) },
    { requiredKeys: [] },
  ),
});

describe("planSources", () => {
  it("depends on the images and the settings only, not on the order that the images come in, and sorts by id", () => {
    fc.assert(
      fc.property(anyImages, anySettings, (given, wanted) => {
        const planned = planSources(given, wanted);
        expect(planSources(given.toReversed(), wanted)).toEqual(planned);
        expect(planned.map(({ id }) => id)).toEqual(planned.map(({ id }) => id).sort());
      }),
    );
  });

  it("deals exactly as the percentages say, to less than one image each, and loses nobody", () => {
    fc.assert(
      fc.property(anyImages, anySplits, fc.nat(1000), (given, splits, seed) => {
        const planned = planSources(given, settings({ splits, seed }));
        expect(planned.map(({ id }) => id)).toEqual(given.map(({ id }) => id).sort());
        const counts = tally(planned);
        for (const split of SPLITS)
          expect(Math.abs(counts[split] - (given.length * splits[split]) / 100)).toBeLessThan(1);
      }),
    );
  });

  it.each<[number, [number, number, number], [number, number, number]]>([
    [10, [70, 20, 10], [7, 2, 1]],
    [1, [34, 33, 33], [1, 0, 0]],
    [2, [34, 33, 33], [1, 1, 0]],
    [3, [50, 25, 25], [1, 1, 1]],
    [101, [70, 20, 10], [71, 20, 10]],
    [5, [0, 0, 100], [0, 0, 5]],
    [0, [70, 20, 10], [0, 0, 0]],
  ])("%i images at %j become %j", (count, [train, valid, test], [inTrain, inValid, inTest]) => {
    expect(tally(planSources(images(count), settings({ splits: { train, valid, test } })))).toEqual({
      train: inTrain,
      valid: inValid,
      test: inTest,
    });
  });

  it("deals in another way for another seed, and leaves most images where they were when a few are added", () => {
    const splits = { train: 70, valid: 20, test: 10 };
    const where = (count: number, seed: number) =>
      new Map(planSources(images(count), settings({ splits, seed })).map(({ id, split }) => [id, split]));
    const [before, after, other] = [where(500, 1), where(510, 1), where(500, 2)];
    const moved = (there: Map<string, Split>) => [...before].filter(([id, split]) => there.get(id) !== split).length;
    expect(moved(after)).toBeLessThan(25);
    expect(moved(other)).toBeGreaterThan(100);
  });

  it("moves images at the two cuts alone when others come or go, at each at most one more than those", () => {
    const rank: Record<Split, number> = { train: 0, valid: 1, test: 2 };
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 0, max: 20 }),
        anySplits,
        fc.nat(1000),
        (count, added, splits, seed) => {
          const where = (many: number) =>
            new Map(planSources(images(many), settings({ splits, seed })).map(({ id, split }) => [id, split]));
          const [before, after] = [where(count), where(count + added)];
          for (const cut of [1, 2]) {
            const crossed = [...before].filter(([id, split]) => rank[split] < cut !== rank[after.get(id)!] < cut);
            expect(crossed.length).toBeLessThanOrEqual(added === 0 ? 0 : added + 1);
            // all in one direction: nobody takes the place of another
            expect(new Set(crossed.map(([, split]) => rank[split] < cut)).size).toBeLessThanOrEqual(1);
          }
        },
      ),
    );
  });

  it("keeps the splits that images have when none are given", () => {
    const given = images(3).map((image, index) => ({ ...image, split: SPLITS[index]! }));
    expect(planSources(given, settings())).toEqual(given);
  });

  it("renames classes once, of labels and of boxes, and only those named", () => {
    const given: SourceImage[] = [
      { id: "a", split: "train", label: "dog", boxes: [box("dog"), box("cat"), box("fox")] },
      { id: "b", split: "test", label: "constructor", boxes: [] },
    ];
    expect(planSources(given, settings({ preprocessing: { remap: { dog: "cat", cat: "animal" } } }))).toEqual([
      { id: "a", split: "train", label: "cat", boxes: [box("cat"), box("animal"), box("fox")] },
      { id: "b", split: "test", label: "constructor", boxes: [] },
    ]);
  });

  it("leaves out as few null images as the percentage allows, and none that is marked", () => {
    const marked: SourceImage[] = [
      ...images(6),
      { id: "boxed", split: "train", label: null, boxes: [box("a")] },
      { id: "named", split: "train", label: "a", boxes: [] },
    ];
    const empty: SourceImage[] = Array.from({ length: 8 }, (_, index) => ({
      id: `null-${index}`,
      split: "train",
      label: null,
      boxes: [],
    }));
    const left = (percent: number) =>
      planSources([...empty, ...marked], settings({ preprocessing: { "filter-null": { percent } } }));
    expect([0, 50, 80, 81, 100].map((percent) => left(percent).length)).toEqual([16, 16, 10, 9, 8]);
    expect(left(100).map(({ id }) => id)).toEqual(marked.map(({ id }) => id).sort());
    expect(planSources(empty, settings({ preprocessing: { "filter-null": { percent: 1 } } }))).toEqual([]);
  });
});

function plan(augmentation: Augmentation, preprocessing: Preprocessing = {}, contentType = "image/png") {
  return SPLITS.flatMap((split) =>
    planOutputs({ id: `img-${split}`, split, contentType }, { preprocessing, augmentation }),
  );
}

describe("planOutputs", () => {
  it("gives every training image so many augmented outputs, and valid and test images one that is not augmented", () => {
    expect(plan({ image: { versions: 2 }, noise: { percent: 5 } })).toEqual([
      {
        sourceImageId: "img-train",
        split: "train",
        output: 0,
        path: "train/img-train-0.png",
        tile: null,
        augmented: true,
      },
      {
        sourceImageId: "img-train",
        split: "train",
        output: 1,
        path: "train/img-train-1.png",
        tile: null,
        augmented: true,
      },
      {
        sourceImageId: "img-valid",
        split: "valid",
        output: 0,
        path: "valid/img-valid-0.png",
        tile: null,
        augmented: false,
      },
      {
        sourceImageId: "img-test",
        split: "test",
        output: 0,
        path: "test/img-test-0.png",
        tile: null,
        augmented: false,
      },
    ]);
  });

  it("makes one output when the number is left out", () => {
    expect(plan({ rotate: { degrees: 5 } }).map(({ augmented }) => augmented)).toEqual([true, false, false]);
  });

  it("never makes the same file several times: without an augmentation step each image gives one output", () => {
    expect(plan({}).map(({ path }) => path)).toEqual([
      "train/img-train-0.png",
      "valid/img-valid-0.png",
      "test/img-test-0.png",
    ]);
    expect(plan({ image: { versions: 5 } })).toEqual(plan({}));
  });

  it("makes JPEGs of JPEGs and PNGs of everything else", () => {
    expect(
      ["image/jpeg", "image/png", "image/webp"].map((type) => plan({}, {}, type)[0]!.path.split(".").at(-1)),
    ).toEqual(["jpg", "png", "png"]);
  });

  it("gives each tile its outputs, rows first, numbered through", () => {
    const outputs = plan({ image: { versions: 2 }, flip: { horizontal: true } }, { tile: { rows: 2, columns: 3 } });
    const train = outputs.filter(({ split }) => split === "train");
    expect(train.map(({ output, tile }) => `${output}: ${tile?.row} ${tile?.column}`)).toEqual([
      "0: 0 0",
      "1: 0 0",
      "2: 0 1",
      "3: 0 1",
      "4: 0 2",
      "5: 0 2",
      "6: 1 0",
      "7: 1 0",
      "8: 1 1",
      "9: 1 1",
      "10: 1 2",
      "11: 1 2",
    ]);
    expect(outputs.length).toBe(12 + 6 + 6);
  });
});

describe("countOutputs", () => {
  it("is the number of files that are planned, with other paths each", () => {
    fc.assert(
      fc.property(anyImages, anySettings, (given, wanted) => {
        const sources = planSources(given, wanted);
        const planned = sources.flatMap((source) => planOutputs({ ...source, contentType: "image/jpeg" }, wanted));
        expect(countOutputs(tally(sources), wanted)).toEqual(tally(planned));
        expect(new Set(planned.map(({ path }) => path)).size).toBe(planned.length);
      }),
    );
  });
});
