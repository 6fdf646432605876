import { expect, test } from "vitest";
import { listSettingSteps } from "./version-settings";

test("settings become steps, in the order in which they are done, without what is switched off", () => {
  expect(
    listSettingSteps({
      preprocessing: { grayscale: true, "auto-orient": false, resize: { width: 64, height: 32, format: "Fit (black edges) in" } },
      augmentation: { image: { versions: 3 }, flip: { horizontal: true, vertical: true }, rotate: { degrees: 15 }, brightness: { brighten: true, percent: 20 }, blur: { pixels: 0 }, noise: { percent: 5 } },
    }),
  ).toEqual({
    preprocessing: [{ key: "resize", format: "black", width: 64, height: 32 }, { key: "grayscale" }],
    augmentation: [{ key: "flip", direction: "both" }, { key: "rotate", degrees: 15 }, { key: "brightness", direction: "brighten", percent: 20 }, { key: "noise", percent: 5 }],
    outputs: 3,
  });
});

test("without a step of augmentation there is one output, and settings that are not ours are none", () => {
  expect(listSettingSteps({ preprocessing: {}, augmentation: { image: { versions: 5 } } })).toEqual({ preprocessing: [], augmentation: [], outputs: 1 });
  expect(listSettingSteps({ preprocessing: { tile: { rows: 2 } }, augmentation: {} })).toBeNull();
});
