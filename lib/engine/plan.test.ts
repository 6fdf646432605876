import { describe, expect, it } from "vitest";
import { countOutputs, planOutputs, type Split } from "@/lib/engine/plan";
import type { Augmentation } from "@/lib/engine/settings";

const images: { id: string; split: Split }[] = [
  { id: "img-a", split: "train" },
  { id: "img-b", split: "valid" },
  { id: "img-c", split: "test" },
];

function plan(augmentation: Augmentation) {
  return [...planOutputs(images, { augmentation })];
}

describe("planOutputs", () => {
  it("gives every training image so many augmented outputs, and valid and test images one that is not augmented", () => {
    expect(plan({ image: { versions: 2 }, noise: { percent: 5 } })).toEqual([
      { sourceImageId: "img-a", split: "train", output: 0, path: "images/train/img-a-0.png", augmented: true },
      { sourceImageId: "img-a", split: "train", output: 1, path: "images/train/img-a-1.png", augmented: true },
      { sourceImageId: "img-b", split: "valid", output: 0, path: "images/valid/img-b-0.png", augmented: false },
      { sourceImageId: "img-c", split: "test", output: 0, path: "images/test/img-c-0.png", augmented: false },
    ]);
  });

  it("makes one output when the number is left out", () => {
    expect(plan({ rotate: { degrees: 5 } }).map(({ augmented }) => augmented)).toEqual([true, false, false]);
  });

  it("never makes the same file several times: without an augmentation step each image gives one output", () => {
    expect(plan({}).map(({ path }) => path)).toEqual(["images/train/img-a-0.png", "images/valid/img-b-0.png", "images/test/img-c-0.png"]);
    expect(plan({ image: { versions: 5 } })).toEqual(plan({}));
  });
});

describe("countOutputs", () => {
  it.each<Augmentation>([{}, { image: { versions: 7 } }, { image: { versions: 7 }, blur: { pixels: 1 } }, { flip: {} }])("agrees with the plan for %j", (augmentation) => {
    const planned = { train: 0, valid: 0, test: 0 };
    for (const { split } of planOutputs(images, { augmentation })) planned[split] += 1;
    expect(countOutputs({ train: 1, valid: 1, test: 1 }, { augmentation })).toEqual(planned);
  });
});
