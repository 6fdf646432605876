import { expect, test } from "vitest";
import { augmentationSchema, CONTRAST_TYPES, preprocessingSchema, RESIZE_FORMATS } from "@/lib/engine/settings";
import { findFlaws, initialDraft, initialValues, moveSplit, toSettings, type Draft } from "./draft";
import { AUGMENTATION, PREPROCESSING, type Step } from "./steps";

const FACTS = { images: { train: 7, valid: 2, test: 1 }, withoutBoxes: 0, medianSidePx: 1024, seed: 5 };
const SMALL = initialDraft({ ...FACTS, medianSidePx: 28 });

const PARTS = [
  ["preprocessing", PREPROCESSING, preprocessingSchema],
  ["augmentation", AUGMENTATION, augmentationSchema],
] as const;

test("every setting that the generator takes has a step, and nothing else has", () => {
  for (const [part, steps, schema] of PARTS) {
    const keys = Object.keys(schema.shape).filter((key) => key !== "image");
    expect(steps.map(({ key }) => key).sort(), part).toEqual(keys.sort());
  }
  const options = PARTS.flatMap(([, steps]) =>
    steps.flatMap((step: Step) =>
      step.controls.flatMap((control) => (control.kind === "choice" ? control.options.map(({ value }) => value) : [])),
    ),
  );
  expect(options).toEqual([...RESIZE_FORMATS, ...CONTRAST_TYPES]);
});

const cases = PARTS.flatMap(([part, steps, schema]) =>
  steps.filter(({ controls }) => controls.length > 0).map((step: Step) => ({ part, step, schema, key: step.key })),
);

test.each(cases)(
  "$part $key: the generator takes what a new step holds, and both refuse what is just out of range",
  ({ part, step, schema }) => {
    const values = initialValues(step);
    const takes = (changed: object) => schema.safeParse({ [step.key]: { ...values, ...changed } }).success;
    const flawless = (changed: object) =>
      findFlaws({
        ...initialDraft(FACTS),
        preprocessing: {},
        augmentation: {},
        [part]: { [step.key]: { ...values, ...changed } },
      }).size === 0;
    expect([takes({}), flawless({})]).toEqual([true, true]);
    for (const control of step.controls) {
      if (control.kind !== "number") continue;
      const alone = step.ascending === undefined; // bounds also depend on each other
      for (const [value, good] of [
        [control.min, alone],
        [control.max, alone],
        [control.min - 1, false],
        [control.max + 1, false],
      ] as const) {
        if (!good && value >= control.min && value <= control.max) continue;
        expect(
          [takes({ [control.key]: value }), flawless({ [control.key]: value })],
          `${control.key} ${value}`,
        ).toEqual([good, good]);
      }
      expect(takes({ [control.key]: control.initial + 0.5 }), control.key).toBe(
        flawless({ [control.key]: control.initial + 0.5 }),
      );
    }
    for (const [lower, upper] of step.ascending ?? []) {
      for (const [low, high] of [
        [50, 40],
        [50, 50],
      ])
        expect(takes({ [lower]: low, [upper]: high })).toBe(flawless({ [lower]: low, [upper]: high }));
    }
  },
);

test("a new draft keeps the splits, and makes nothing larger than it is", () => {
  expect(toSettings(initialDraft(FACTS))).toEqual({
    preprocessing: { "auto-orient": true, resize: { width: 640, height: 640, format: "Stretch to" } },
    augmentation: {},
    splits: null,
    seed: 5,
  });
  expect(toSettings(SMALL).preprocessing).toEqual({ "auto-orient": true });
  expect(toSettings({ ...SMALL, seed: " " }).seed).toBe(null);
});

test("a new draft leaves out images without boxes, unless none has one", () => {
  const filterOf = (withoutBoxes: number) =>
    toSettings(initialDraft({ ...FACTS, withoutBoxes })).preprocessing["filter-null"];
  expect([0, 1, 9, 10].map(filterOf)).toEqual([undefined, { percent: 100 }, { percent: 100 }, undefined]);
});

test("outputs are told only with something to augment, and renames only where a name changes", () => {
  const draft: Draft = {
    ...SMALL,
    augmentation: { flip: { horizontal: true, vertical: false } },
    preprocessing: { remap: {} },
    renamed: { cat: "animal", dog: " animal ", cow: "cow", hen: "" },
    seed: " 7 ",
  };
  expect(toSettings(draft)).toEqual({
    preprocessing: { remap: { cat: "animal", dog: "animal" } },
    augmentation: { flip: { horizontal: true, vertical: false }, image: { versions: 3 } },
    splits: null,
    seed: 7,
  });
  expect(findFlaws({ ...draft, outputs: 51 }).has("augmentation.image.versions")).toBe(true);
  expect(findFlaws({ ...draft, augmentation: {}, outputs: 51 }).size).toBe(0);
  expect(
    findFlaws({ ...draft, augmentation: { flip: { horizontal: false, vertical: false } } }).get("augmentation.flip"),
  ).toEqual({ kind: "none" });
  for (const seed of ["-1", "1.5", "x", "2147483648"])
    expect(findFlaws({ ...draft, seed }).has("seed"), seed).toBe(true);
});

test("splits stay whole percents of 100, whatever is moved", () => {
  expect(moveSplit({ train: 70, valid: 20, test: 10 }, "train", 40)).toEqual({ train: 40, valid: 40, test: 20 });
  expect(moveSplit({ train: 100, valid: 0, test: 0 }, "train", 80)).toEqual({ train: 80, valid: 20, test: 0 });
  expect(moveSplit({ train: 70, valid: 20, test: 10 }, "test", 100)).toEqual({ train: 0, valid: 0, test: 100 });
  for (let percent = 0; percent <= 100; percent++) {
    const { train, valid, test: rest } = moveSplit({ train: 61, valid: 28, test: 11 }, "valid", percent);
    expect([train + valid + rest, valid]).toEqual([100, percent]);
    expect(Math.min(train, rest)).toBeGreaterThanOrEqual(0);
  }
});
