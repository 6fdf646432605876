import { z } from "zod";

const MAX_SIDE_PX = 4096;
const MAX_BLUR_PX = 25;
const MAX_TILES_A_SIDE = 10;
const MAX_CUTOUTS = 100;
/** Beyond half a right angle little of the image is left. */
const MAX_SHEAR_DEGREES = 45;

const percent = z.number().min(0).max(100);
const degrees = z.number().min(0).max(180);
const shearDegrees = z.number().min(0).max(MAX_SHEAR_DEGREES);
const sidePx = z.int().min(1).max(MAX_SIDE_PX);
const tiles = z.int().min(1).max(MAX_TILES_A_SIDE);
const className = z.string().min(1).max(200);

export const RESIZE_FORMATS = [
  "Stretch to",
  "Fill (with center crop) in",
  "Fit within",
  "Fit (reflect edges) in",
  "Fit (black edges) in",
  "Fit (white edges) in",
] as const;

export const CONTRAST_TYPES = ["Contrast Stretching", "Histogram Equalization", "Adaptive Equalization"] as const;

/**
 * What is done to every image of a version. Keys, values and ranges are the official client's. Strict: an unknown key, a
 * key of the hosted service that is not supported here (`isolate`, whatever its value), or a value out of range is a zod
 * error that names the key. `filter-null` and `remap` choose among the images (planSources); the others change pixels, in
 * this order whatever the order of the keys: auto-orient, static-crop, tile, resize, grayscale, contrast.
 */
export const preprocessingSchema = z.strictObject(
  {
    "auto-orient": z.boolean().optional(),
    "static-crop": z
      .strictObject({ x_min: percent, x_max: percent, y_min: percent, y_max: percent })
      .refine(({ x_min, x_max }) => x_min < x_max, { path: ["x_max"], error: "x_max must be greater than x_min." })
      .refine(({ y_min, y_max }) => y_min < y_max, { path: ["y_max"], error: "y_max must be greater than y_min." })
      .optional(),
    /** Each tile is an image of its own, and resized as one. */
    tile: z.strictObject({ rows: tiles, columns: tiles }).optional(),
    resize: z.strictObject({ width: sidePx, height: sidePx, format: z.enum(RESIZE_FORMATS) }).optional(),
    grayscale: z.boolean().optional(),
    contrast: z.strictObject({ type: z.enum(CONTRAST_TYPES) }).optional(),
    /** Images without a label or box are left out until at least so many percent of those that stay have one. */
    "filter-null": z.strictObject({ percent }).optional(),
    /** Old class to new class; several old ones may become one. */
    remap: z.record(className, className).optional(),
  },
  { error: refuseKeys },
);

/**
 * What is done to training images after preprocessing, with strengths drawn for each output, in this order whatever the
 * order of the keys: crop, flip, ninety, rotate, shear, blur, rgrayscale, saturation, hue, brightness, exposure, cutout,
 * noise. `image.versions` is the number of outputs for each training image (or tile of one). Strict as above; `mosaic`
 * and the steps for single boxes (`bb…`) are not supported.
 */
export const augmentationSchema = z.strictObject(
  {
    image: z.strictObject({ versions: z.int().min(1).max(50) }).optional(),
    /** How much of the width and height goes; what stays is enlarged to the old size. */
    crop: z
      .strictObject({ min: percent, max: percent })
      .refine(({ min, max }) => min <= max, { path: ["max"], error: "max must not be less than min." })
      .optional(),
    flip: z.strictObject({ horizontal: z.boolean().optional(), vertical: z.boolean().optional() }).optional(),
    ninety: z
      .strictObject({
        clockwise: z.boolean().optional(),
        "counter-clockwise": z.boolean().optional(),
        "upside-down": z.boolean().optional(),
      })
      .optional(),
    rotate: z.strictObject({ degrees }).optional(),
    shear: z.strictObject({ horizontal: shearDegrees.optional(), vertical: shearDegrees.optional() }).optional(),
    blur: z.strictObject({ pixels: z.number().min(0).max(MAX_BLUR_PX) }).optional(),
    /** The share of the outputs that turn grey. */
    rgrayscale: z.strictObject({ percent }).optional(),
    saturation: z.strictObject({ percent }).optional(),
    hue: z.strictObject({ degrees }).optional(),
    brightness: z
      .strictObject({ brighten: z.boolean().optional(), darken: z.boolean().optional(), percent })
      .optional(),
    exposure: z.strictObject({ percent }).optional(),
    /** So many black rectangles, each so many percent of the width and of the height. */
    cutout: z.strictObject({ count: z.int().min(1).max(MAX_CUTOUTS), percent }).optional(),
    noise: z.strictObject({ percent }).optional(),
  },
  { error: refuseKeys },
);

const wholePercent = z.int().min(0).max(100);

/** Shares of the three splits in whole percent; together 100. */
export const splitsSchema = z
  .strictObject({ train: wholePercent, valid: wholePercent, test: wholePercent })
  .refine(({ train, valid, test }) => train + valid + test === 100, {
    error: "train, valid and test must add up to 100.",
  });

export type Preprocessing = z.infer<typeof preprocessingSchema>;
export type Augmentation = z.infer<typeof augmentationSchema>;
export type SplitPercents = z.infer<typeof splitsSchema>;
export type ResizeFormat = (typeof RESIZE_FORMATS)[number];
export type ContrastType = (typeof CONTRAST_TYPES)[number];

/** A sentence for keys that are not ours; those of the hosted service are told apart from typing errors. */
function refuseKeys(issue: { code?: string | undefined; keys?: unknown }): string | undefined {
  if (issue.code !== "unrecognized_keys" || !Array.isArray(issue.keys)) return undefined;
  return issue.keys
    .map((key) =>
      /^(isolate|mosaic|bb.*)$/.test(String(key)) ? `"${key}" is not supported here.` : `"${key}" is not a setting.`,
    )
    .join(" ");
}
