import { countOutputs } from "@/lib/engine/plan";
import {
  augmentationSchema,
  preprocessingSchema,
  type Augmentation,
  type ContrastType,
  type Preprocessing,
  type ResizeFormat,
} from "@/lib/engine/settings";

/** One thing that was done to a version's images, for a page to say in words. Lengths in pixels, shares in percent. */
export type SettingStep =
  | { key: "autoOrient" | "grayscale" }
  | { key: "remap"; classes: { from: string; to: string }[] }
  | { key: "filterNull" | "rgrayscale" | "saturation" | "exposure" | "noise"; percent: number }
  | { key: "staticCrop"; left: number; right: number; top: number; bottom: number }
  | { key: "tile"; rows: number; columns: number }
  | { key: "resize"; format: ResizeKind; width: number; height: number }
  | { key: "contrast"; type: ContrastKind }
  | { key: "crop"; min: number; max: number }
  | { key: "flip"; direction: "horizontal" | "vertical" | "both" }
  | { key: "ninety"; directions: TurnKind[] }
  | { key: "rotate" | "hue"; degrees: number }
  | { key: "shear"; direction: "horizontal" | "vertical" | "both"; horizontal: number; vertical: number }
  | { key: "blur"; pixels: number }
  | { key: "brightness"; direction: "brighten" | "darken" | "both"; percent: number }
  | { key: "cutout"; count: number; percent: number };

type ResizeKind = "stretch" | "fill" | "fit" | "reflect" | "black" | "white";
type ContrastKind = "stretching" | "equalization" | "adaptive";
type TurnKind = "clockwise" | "counterClockwise" | "upsideDown";

const RESIZE_KINDS = {
  "Stretch to": "stretch",
  "Fill (with center crop) in": "fill",
  "Fit within": "fit",
  "Fit (reflect edges) in": "reflect",
  "Fit (black edges) in": "black",
  "Fit (white edges) in": "white",
} as const satisfies Record<ResizeFormat, ResizeKind>;

const CONTRAST_KINDS = {
  "Contrast Stretching": "stretching",
  "Histogram Equalization": "equalization",
  "Adaptive Equalization": "adaptive",
} as const satisfies Record<ContrastType, ContrastKind>;

export interface SettingSteps {
  preprocessing: SettingStep[];
  augmentation: SettingStep[];
  /** Images made of each training image. */
  outputs: number;
}

/**
 * A version's settings as steps, in the order in which they are done; what is switched off is left out. null for settings
 * that are not ours, such as a version that was imported with steps we do not know.
 */
export function listSettingSteps(version: { preprocessing: unknown; augmentation: unknown }): SettingSteps | null {
  const [before, after] = [
    preprocessingSchema.safeParse(version.preprocessing),
    augmentationSchema.safeParse(version.augmentation),
  ];
  if (!before.success || !after.success) return null;
  const settings = { preprocessing: before.data, augmentation: after.data };
  return {
    preprocessing: listPreprocessing(settings.preprocessing),
    augmentation: listAugmentation(settings.augmentation),
    outputs: countOutputs({ train: 1, valid: 0, test: 0 }, settings).train,
  };
}

function listPreprocessing(settings: Preprocessing): SettingStep[] {
  const {
    remap,
    tile,
    resize,
    grayscale,
    contrast,
    "filter-null": filter,
    "auto-orient": autoOrient,
    "static-crop": crop,
  } = settings;
  const steps: SettingStep[] = [];
  const classes = Object.entries(remap ?? {}).map(([from, to]) => ({ from, to }));
  if (classes.length > 0) steps.push({ key: "remap", classes });
  if (filter && filter.percent > 0) steps.push({ key: "filterNull", percent: filter.percent });
  if (autoOrient) steps.push({ key: "autoOrient" });
  if (crop) steps.push({ key: "staticCrop", left: crop.x_min, right: crop.x_max, top: crop.y_min, bottom: crop.y_max });
  if (tile && tile.rows * tile.columns > 1) steps.push({ key: "tile", rows: tile.rows, columns: tile.columns });
  if (resize)
    steps.push({ key: "resize", format: RESIZE_KINDS[resize.format], width: resize.width, height: resize.height });
  if (grayscale) steps.push({ key: "grayscale" });
  if (contrast) steps.push({ key: "contrast", type: CONTRAST_KINDS[contrast.type] });
  return steps;
}

function listAugmentation(settings: Augmentation): SettingStep[] {
  const { crop, flip, ninety, rotate, shear, blur, rgrayscale, saturation, hue, brightness, exposure, cutout, noise } =
    settings;
  const steps: SettingStep[] = [];
  if (crop && crop.max > 0) steps.push({ key: "crop", min: crop.min, max: crop.max });
  const flipped = pick(flip?.horizontal, flip?.vertical, "horizontal", "vertical");
  if (flipped) steps.push({ key: "flip", direction: flipped });
  const directions: TurnKind[] = [];
  if (ninety?.clockwise) directions.push("clockwise");
  if (ninety?.["counter-clockwise"]) directions.push("counterClockwise");
  if (ninety?.["upside-down"]) directions.push("upsideDown");
  if (directions.length > 0) steps.push({ key: "ninety", directions });
  if (rotate && rotate.degrees > 0) steps.push({ key: "rotate", degrees: rotate.degrees });
  const { horizontal = 0, vertical = 0 } = shear ?? {};
  const sheared = pick(horizontal > 0, vertical > 0, "horizontal", "vertical");
  if (sheared) steps.push({ key: "shear", direction: sheared, horizontal, vertical });
  if (blur && blur.pixels > 0) steps.push({ key: "blur", pixels: blur.pixels });
  if (rgrayscale && rgrayscale.percent > 0) steps.push({ key: "rgrayscale", percent: rgrayscale.percent });
  if (saturation && saturation.percent > 0) steps.push({ key: "saturation", percent: saturation.percent });
  if (hue && hue.degrees > 0) steps.push({ key: "hue", degrees: hue.degrees });
  const changed =
    brightness && brightness.percent > 0 ? pick(brightness.brighten, brightness.darken, "brighten", "darken") : null;
  if (brightness && changed) steps.push({ key: "brightness", direction: changed, percent: brightness.percent });
  if (exposure && exposure.percent > 0) steps.push({ key: "exposure", percent: exposure.percent });
  if (cutout && cutout.percent > 0) steps.push({ key: "cutout", count: cutout.count, percent: cutout.percent });
  if (noise && noise.percent > 0) steps.push({ key: "noise", percent: noise.percent });
  return steps;
}

function pick<A, B>(first: boolean | undefined, second: boolean | undefined, a: A, b: B): A | B | "both" | null {
  if (first && second) return "both";
  return first ? a : second ? b : null;
}
