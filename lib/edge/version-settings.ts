import { augmentationSchema, preprocessingSchema, type ResizeFormat } from "@/lib/engine/settings";

/** One thing that was done to a version's images, for a page to say in words. */
export type SettingStep =
  | { key: "autoOrient" | "grayscale" }
  | { key: "resize"; format: ResizeKind; width: number; height: number }
  | { key: "flip"; direction: "horizontal" | "vertical" | "both" }
  | { key: "rotate"; degrees: number }
  | { key: "brightness"; direction: "brighten" | "darken" | "both"; percent: number }
  | { key: "blur"; pixels: number }
  | { key: "noise"; percent: number };

type ResizeKind = "stretch" | "fill" | "fit" | "reflect" | "black" | "white";

const KINDS = {
  "Stretch to": "stretch",
  "Fill (with center crop) in": "fill",
  "Fit within": "fit",
  "Fit (reflect edges) in": "reflect",
  "Fit (black edges) in": "black",
  "Fit (white edges) in": "white",
} as const satisfies Record<ResizeFormat, ResizeKind>;

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
  const [before, after] = [preprocessingSchema.safeParse(version.preprocessing), augmentationSchema.safeParse(version.augmentation)];
  if (!before.success || !after.success) return null;
  const { resize, grayscale, "auto-orient": autoOrient } = before.data;
  const { image, flip, rotate, brightness, blur, noise } = after.data;

  const preprocessing: SettingStep[] = [];
  if (autoOrient) preprocessing.push({ key: "autoOrient" });
  if (resize) preprocessing.push({ key: "resize", format: KINDS[resize.format], width: resize.width, height: resize.height });
  if (grayscale) preprocessing.push({ key: "grayscale" });

  const augmentation: SettingStep[] = [];
  const flipped = flip && pick(flip.horizontal, flip.vertical, "horizontal", "vertical");
  if (flipped) augmentation.push({ key: "flip", direction: flipped });
  if (rotate && rotate.degrees > 0) augmentation.push({ key: "rotate", degrees: rotate.degrees });
  const changed = brightness && brightness.percent > 0 ? pick(brightness.brighten, brightness.darken, "brighten", "darken") : null;
  if (brightness && changed) augmentation.push({ key: "brightness", direction: changed, percent: brightness.percent });
  if (blur && blur.pixels > 0) augmentation.push({ key: "blur", pixels: blur.pixels });
  if (noise && noise.percent > 0) augmentation.push({ key: "noise", percent: noise.percent });

  return { preprocessing, augmentation, outputs: augmentation.length > 0 ? (image?.versions ?? 1) : 1 };
}

function pick<A, B>(first: boolean | undefined, second: boolean | undefined, a: A, b: B): A | B | "both" | null {
  if (first && second) return "both";
  return first ? a : second ? b : null;
}
