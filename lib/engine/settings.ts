import { z } from "zod";

const MAX_SIDE_PX = 4096;
const MAX_BLUR_PX = 25;

const percent = z.number().min(0).max(100);
const sidePx = z.int().min(1).max(MAX_SIDE_PX);

export const RESIZE_FORMATS = [
  "Stretch to",
  "Fill (with center crop) in",
  "Fit within",
  "Fit (reflect edges) in",
  "Fit (black edges) in",
  "Fit (white edges) in",
] as const;

/**
 * What is done to every image of a version, in this order: auto-orient, resize, grayscale. Strict: an unknown key or
 * a value out of range is a zod error that names the key. Keys, values and ranges are the official client's.
 */
export const preprocessingSchema = z.strictObject({
  "auto-orient": z.boolean().optional(),
  resize: z.strictObject({ width: sidePx, height: sidePx, format: z.enum(RESIZE_FORMATS) }).optional(),
  grayscale: z.boolean().optional(),
});

/**
 * What is done to training images after preprocessing, with strengths drawn for each output: flip, rotate,
 * brightness, blur, noise. `image.versions` is the number of outputs for each training image. Strict as above.
 */
export const augmentationSchema = z.strictObject({
  image: z.strictObject({ versions: z.int().min(1).max(50) }).optional(),
  flip: z.strictObject({ horizontal: z.boolean().optional(), vertical: z.boolean().optional() }).optional(),
  rotate: z.strictObject({ degrees: z.number().min(0).max(180) }).optional(),
  brightness: z.strictObject({ brighten: z.boolean().optional(), darken: z.boolean().optional(), percent }).optional(),
  blur: z.strictObject({ pixels: z.number().min(0).max(MAX_BLUR_PX) }).optional(),
  noise: z.strictObject({ percent }).optional(),
});

export type Preprocessing = z.infer<typeof preprocessingSchema>;
export type Augmentation = z.infer<typeof augmentationSchema>;
export type ResizeFormat = (typeof RESIZE_FORMATS)[number];
