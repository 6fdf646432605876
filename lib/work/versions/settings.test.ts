import { expect, test } from "vitest";
import { listSettingSteps } from "./settings";

test("settings become steps, in the order in which they are done, every one of them", () => {
  expect(
    listSettingSteps({
      preprocessing: {
        grayscale: true,
        contrast: { type: "Adaptive Equalization" },
        resize: { width: 64, height: 32, format: "Fit (black edges) in" },
        tile: { rows: 2, columns: 3 },
        "static-crop": { x_min: 5, x_max: 90, y_min: 0, y_max: 100 },
        "auto-orient": true,
        "filter-null": { percent: 80 },
        remap: { cat: "animal", dog: "animal" },
      },
      augmentation: {
        image: { versions: 3 },
        noise: { percent: 5 },
        cutout: { count: 3, percent: 10 },
        exposure: { percent: 12 },
        brightness: { brighten: true, percent: 20 },
        hue: { degrees: 25 },
        saturation: { percent: 30 },
        rgrayscale: { percent: 15 },
        blur: { pixels: 1.5 },
        shear: { horizontal: 10, vertical: 0 },
        rotate: { degrees: 15 },
        ninety: { clockwise: true, "upside-down": true },
        flip: { horizontal: true, vertical: true },
        crop: { min: 0, max: 20 },
      },
    }),
  ).toEqual({
    preprocessing: [
      {
        key: "remap",
        classes: [
          { from: "cat", to: "animal" },
          { from: "dog", to: "animal" },
        ],
      },
      { key: "filterNull", percent: 80 },
      { key: "autoOrient" },
      { key: "staticCrop", left: 5, right: 90, top: 0, bottom: 100 },
      { key: "tile", rows: 2, columns: 3 },
      { key: "resize", format: "black", width: 64, height: 32 },
      { key: "grayscale" },
      { key: "contrast", type: "adaptive" },
    ],
    augmentation: [
      { key: "crop", min: 0, max: 20 },
      { key: "flip", direction: "both" },
      { key: "ninety", directions: ["clockwise", "upsideDown"] },
      { key: "rotate", degrees: 15 },
      { key: "shear", direction: "horizontal", horizontal: 10, vertical: 0 },
      { key: "blur", pixels: 1.5 },
      { key: "rgrayscale", percent: 15 },
      { key: "saturation", percent: 30 },
      { key: "hue", degrees: 25 },
      { key: "brightness", direction: "brighten", percent: 20 },
      { key: "exposure", percent: 12 },
      { key: "cutout", count: 3, percent: 10 },
      { key: "noise", percent: 5 },
    ],
    outputs: 18,
  });
});

test("what is switched off is left out", () => {
  expect(
    listSettingSteps({
      preprocessing: {
        "auto-orient": false,
        grayscale: false,
        remap: {},
        "filter-null": { percent: 0 },
        tile: { rows: 1, columns: 1 },
      },
      augmentation: {
        crop: { min: 0, max: 0 },
        flip: {},
        ninety: { clockwise: false },
        rotate: { degrees: 0 },
        shear: {},
        blur: { pixels: 0 },
        rgrayscale: { percent: 0 },
        brightness: { percent: 20 },
        cutout: { count: 2, percent: 0 },
      },
    }),
  ).toEqual({ preprocessing: [], augmentation: [], outputs: 1 });
});

test("without a step of augmentation there is one output for each tile, and settings that are not ours are none", () => {
  expect(
    listSettingSteps({ preprocessing: { tile: { rows: 2, columns: 2 } }, augmentation: { image: { versions: 5 } } }),
  ).toMatchObject({ augmentation: [], outputs: 4 });
  expect(listSettingSteps({ preprocessing: { isolate: true }, augmentation: {} })).toBeNull();
});
