import { describe, expect, it } from "vitest";
import {
  augmentationSchema,
  CONTRAST_TYPES,
  preprocessingSchema,
  RESIZE_FORMATS,
  splitsSchema,
} from "@/lib/engine/settings";

type Result = ReturnType<(typeof augmentationSchema | typeof preprocessingSchema | typeof splitsSchema)["safeParse"]>;

/** Where the issues are and what they say: whoever reads either finds the key. */
function complaints(result: Result): string[] {
  return (result.error?.issues ?? []).map((issue) => `${issue.path.join(".")}: ${issue.message}`);
}

describe("preprocessing settings", () => {
  it("takes everything that the client may send for what is supported", () => {
    const crop = { "static-crop": { x_min: 0, x_max: 100, y_min: 12.5, y_max: 50 } };
    for (const format of RESIZE_FORMATS) {
      for (const type of CONTRAST_TYPES) {
        const settings = {
          "auto-orient": true,
          resize: { width: 640, height: 480, format },
          grayscale: false,
          contrast: { type },
          ...crop,
          tile: { rows: 2, columns: 10 },
          "filter-null": { percent: 80 },
          remap: { cat: "animal", 犬: "animal" },
        };
        expect(preprocessingSchema.parse(settings)).toEqual(settings);
      }
    }
    expect(preprocessingSchema.parse({})).toEqual({});
  });

  it.each([
    [{ sharpen: true }, '"sharpen" is not a setting.'],
    [{ isolate: true }, '"isolate" is not supported here.'],
    [{ isolate: false }, '"isolate" is not supported here.'],
    [{ sharpen: true, isolate: null }, '"sharpen" is not a setting. "isolate" is not supported here.'],
    [{ contrast: { type: "More" } }, "contrast.type"],
    [{ contrast: {} }, "contrast.type"],
    [{ resize: { width: 10, height: 10, format: "Stretch to", unit: "px" } }, "unit"],
    [{ resize: { width: 0, height: 10, format: "Stretch to" } }, "resize.width"],
    [{ resize: { width: 10, height: 4097, format: "Stretch to" } }, "resize.height"],
    [{ resize: { width: 10.5, height: 10, format: "Stretch to" } }, "resize.width"],
    [{ resize: { width: 10, height: 10, format: "Squeeze into" } }, "resize.format"],
    [{ resize: { width: 10, height: 10 } }, "resize.format"],
    [{ resize: null }, "resize"],
    [{ grayscale: "yes" }, "grayscale"],
    [{ "auto-orient": 1 }, "auto-orient"],
    [
      { "static-crop": { x_min: 50, x_max: 50, y_min: 0, y_max: 100 } },
      "static-crop.x_max: x_max must be greater than x_min.",
    ],
    [
      { "static-crop": { x_min: 0, x_max: 50, y_min: 60, y_max: 10 } },
      "static-crop.y_max: y_max must be greater than y_min.",
    ],
    [{ "static-crop": { x_min: 0, x_max: 101, y_min: 0, y_max: 10 } }, "static-crop.x_max"],
    [{ "static-crop": { x_min: 0, x_max: 50 } }, "static-crop.y_min"],
    [{ tile: { rows: 0, columns: 1 } }, "tile.rows"],
    [{ tile: { rows: 1, columns: 11 } }, "tile.columns"],
    [{ "filter-null": { percent: 101 } }, "filter-null.percent"],
    [{ remap: { cat: "" } }, "remap.cat"],
    [{ remap: { cat: 3 } }, "remap.cat"],
    [{ remap: ["cat"] }, "remap"],
  ])("refuses %j and says %s", (settings, sentence) => {
    expect(complaints(preprocessingSchema.safeParse(settings)).join("\n")).toContain(sentence);
  });
});

describe("augmentation settings", () => {
  it("takes everything that the client may send for what is supported", () => {
    const settings = {
      image: { versions: 50 },
      crop: { min: 0, max: 100 },
      flip: { horizontal: true, vertical: false },
      ninety: { clockwise: true, "counter-clockwise": false, "upside-down": true },
      rotate: { degrees: 180 },
      shear: { horizontal: 45, vertical: 0 },
      blur: { pixels: 2.5 },
      rgrayscale: { percent: 15 },
      saturation: { percent: 100 },
      hue: { degrees: 180 },
      brightness: { brighten: true, darken: true, percent: 25 },
      exposure: { percent: 0 },
      cutout: { count: 3, percent: 10 },
      noise: { percent: 0.1 },
    };
    expect(augmentationSchema.parse(settings)).toEqual(settings);
    expect(augmentationSchema.parse({})).toEqual({});
  });

  it.each([
    [{ image: { versions: 0 } }, "image.versions"],
    [{ image: { versions: 51 } }, "image.versions"],
    [{ image: { versions: "3" } }, "image.versions"],
    [{ image: {} }, "image.versions"],
    [{ rotate: { degrees: 181 } }, "rotate.degrees"],
    [{ rotate: { degrees: Number.NaN } }, "rotate.degrees"],
    [{ rotate: { degrees: -1 } }, "rotate.degrees"],
    [{ hue: { degrees: 181 } }, "hue.degrees"],
    [{ shear: { horizontal: 46 } }, "shear.horizontal"],
    [{ crop: { min: 30, max: 20 } }, "crop.max: max must not be less than min."],
    [{ crop: { min: 30 } }, "crop.max"],
    [{ noise: { percent: -1 } }, "noise.percent"],
    [{ noise: { percent: 100.5 } }, "noise.percent"],
    [{ exposure: { percent: 101 } }, "exposure.percent"],
    [{ saturation: {} }, "saturation.percent"],
    [{ rgrayscale: { percent: "all" } }, "rgrayscale.percent"],
    [{ cutout: { count: 1.5, percent: 10 } }, "cutout.count"],
    [{ cutout: { count: 101, percent: 10 } }, "cutout.count"],
    [{ blur: { pixels: 26 } }, "blur.pixels"],
    [{ ninety: { left: true } }, "left"],
    [{ flip: { diagonal: true } }, "diagonal"],
    [{ brightness: { brighten: true } }, "brightness.percent"],
    [{ mosaic: true }, '"mosaic" is not supported here.'],
    [{ mosaic: false }, '"mosaic" is not supported here.'],
    [{ bbflip: { horizontal: true } }, '"bbflip" is not supported here.'],
    [{ bbblur: {} }, '"bbblur" is not supported here.'],
    [{ bright: 1 }, '"bright" is not a setting.'],
  ])("refuses %j and says %s", (settings, sentence) => {
    expect(complaints(augmentationSchema.safeParse(settings)).join("\n")).toContain(sentence);
  });
});

describe("splits", () => {
  it("takes whole percentages that make up the whole", () => {
    for (const splits of [
      { train: 70, valid: 20, test: 10 },
      { train: 100, valid: 0, test: 0 },
    ])
      expect(splitsSchema.parse(splits)).toEqual(splits);
  });

  it.each([
    [{ train: 70, valid: 20, test: 9 }, "train, valid and test must add up to 100."],
    [{ train: 70.5, valid: 20, test: 9.5 }, "train"],
    [{ train: 120, valid: -10, test: -10 }, "valid"],
    [{ train: 100 }, "valid"],
  ])("refuses %j and says %s", (splits, sentence) => {
    expect(complaints(splitsSchema.safeParse(splits)).join("\n")).toContain(sentence);
  });
});
