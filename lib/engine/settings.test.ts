import { describe, expect, it } from "vitest";
import { augmentationSchema, preprocessingSchema, RESIZE_FORMATS } from "@/lib/engine/settings";

describe("preprocessing settings", () => {
  it("takes everything that the client may send for what is supported", () => {
    for (const format of RESIZE_FORMATS) {
      const settings = { "auto-orient": true, resize: { width: 640, height: 480, format }, grayscale: false };
      expect(preprocessingSchema.parse(settings)).toEqual(settings);
    }
    expect(preprocessingSchema.parse({})).toEqual({});
  });

  it.each([
    [{ sharpen: true }, "sharpen"],
    [{ contrast: { type: "Contrast Stretching" } }, "contrast"],
    [{ resize: { width: 10, height: 10, format: "Stretch to", unit: "px" } }, "unit"],
    [{ resize: { width: 0, height: 10, format: "Stretch to" } }, "width"],
    [{ resize: { width: 10, height: 4097, format: "Stretch to" } }, "height"],
    [{ resize: { width: 10.5, height: 10, format: "Stretch to" } }, "width"],
    [{ resize: { width: 10, height: 10, format: "Squeeze into" } }, "format"],
    [{ resize: { width: 10, height: 10 } }, "format"],
    [{ resize: null }, "resize"],
    [{ grayscale: "yes" }, "grayscale"],
    [{ "auto-orient": 1 }, "auto-orient"],
  ])("refuses %j and names %s", (settings, key) => {
    expect(named(preprocessingSchema.safeParse(settings))).toContain(key);
  });
});

describe("augmentation settings", () => {
  it("takes everything that the client may send for what is supported", () => {
    const settings = {
      image: { versions: 50 },
      flip: { horizontal: true, vertical: false },
      rotate: { degrees: 180 },
      brightness: { brighten: true, darken: true, percent: 25 },
      blur: { pixels: 2.5 },
      noise: { percent: 0.1 },
    };
    expect(augmentationSchema.parse(settings)).toEqual(settings);
    expect(augmentationSchema.parse({})).toEqual({});
  });

  it.each([
    [{ image: { versions: 0 } }, "versions"],
    [{ image: { versions: 51 } }, "versions"],
    [{ image: { versions: "3" } }, "versions"],
    [{ image: {} }, "versions"],
    [{ rotate: { degrees: 181 } }, "degrees"],
    [{ rotate: { degrees: Number.NaN } }, "degrees"],
    [{ noise: { percent: -1 } }, "percent"],
    [{ noise: { percent: 100.5 } }, "percent"],
    [{ mosaic: true }, "mosaic"],
    [{ blur: { pixels: 26 } }, "pixels"],
    [{ flip: { diagonal: true } }, "diagonal"],
    [{ brightness: { brighten: true } }, "percent"],
  ])("refuses %j and names %s", (settings, key) => {
    expect(named(augmentationSchema.safeParse(settings))).toContain(key);
  });
});

function named(result: ReturnType<typeof augmentationSchema.safeParse> | ReturnType<typeof preprocessingSchema.safeParse>): string[] {
  return (result.error?.issues ?? []).flatMap((issue) => [...issue.path.map(String), ...(issue.code === "unrecognized_keys" ? issue.keys : [])]);
}
