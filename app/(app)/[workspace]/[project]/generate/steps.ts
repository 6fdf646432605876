import type { Messages } from "next-intl";

/*
 * The steps that the page offers, each with its controls, as a table. Keys, ranges and order are those of
 * lib/engine/settings.ts, which the browser need not load: steps.test.ts holds the one against the other.
 */

type Label = keyof Messages["generate"]["controls"];
type OptionLabel = keyof Messages["generate"]["options"];
export type Unit = "percent" | "degrees" | "pixels" | "none";

export interface NumberControl {
  kind: "number";
  key: string;
  label: Label;
  min: number;
  max: number;
  step: number;
  /** Fractions are refused. */
  whole: boolean;
  unit: Unit;
  initial: number;
}

export type Control =
  | NumberControl
  | { kind: "flag"; key: string; label: Label; initial: boolean }
  | {
      kind: "choice";
      key: string;
      label: Label;
      options: readonly { value: string; label: OptionLabel }[];
      initial: string;
    };

export interface Step {
  key: string;
  /** None: the step is on or not there. */
  controls: readonly Control[];
  /** Pairs of controls of which the first is a lower bound of the second; `mayMeet`: they may be equal. */
  ascending?: readonly (readonly [lower: string, upper: string])[];
  mayMeet?: boolean;
}

const percent = (key: string, label: Label, initial: number): Control => ({
  kind: "number",
  key,
  label,
  min: 0,
  max: 100,
  step: 1,
  whole: false,
  unit: "percent",
  initial,
});
const degrees = (key: string, label: Label, initial: number, max: number): Control => ({
  kind: "number",
  key,
  label,
  min: 0,
  max,
  step: 1,
  whole: false,
  unit: "degrees",
  initial,
});
const count = (key: string, label: Label, initial: number, max: number): Control => ({
  kind: "number",
  key,
  label,
  min: 1,
  max,
  step: 1,
  whole: true,
  unit: "none",
  initial,
});
const side = (key: string, label: Label): Control => ({
  kind: "number",
  key,
  label,
  min: 1,
  max: 4096,
  step: 1,
  whole: true,
  unit: "pixels",
  initial: 640,
});
const flag = (key: string, label: Label, initial: boolean): Control => ({ kind: "flag", key, label, initial });
const choice = (key: string, label: Label, options: readonly { value: string; label: OptionLabel }[]): Control => ({
  kind: "choice",
  key,
  label,
  options,
  initial: options[0]!.value,
});

const RESIZE_FORMATS = [
  { value: "Stretch to", label: "stretch" },
  { value: "Fill (with center crop) in", label: "fill" },
  { value: "Fit within", label: "fit" },
  { value: "Fit (reflect edges) in", label: "reflect" },
  { value: "Fit (black edges) in", label: "black" },
  { value: "Fit (white edges) in", label: "white" },
] as const;

const CONTRAST_TYPES = [
  { value: "Contrast Stretching", label: "stretching" },
  { value: "Histogram Equalization", label: "equalization" },
  { value: "Adaptive Equalization", label: "adaptive" },
] as const;

/** `remap` has a table of the project's classes instead of controls. */
export const PREPROCESSING = [
  { key: "auto-orient", controls: [] },
  {
    key: "static-crop",
    controls: [
      percent("x_min", "left", 10),
      percent("x_max", "right", 90),
      percent("y_min", "top", 10),
      percent("y_max", "bottom", 90),
    ],
    ascending: [
      ["x_min", "x_max"],
      ["y_min", "y_max"],
    ],
  },
  { key: "tile", controls: [count("rows", "rows", 2, 10), count("columns", "columns", 2, 10)] },
  {
    key: "resize",
    controls: [side("width", "width"), side("height", "height"), choice("format", "format", RESIZE_FORMATS)],
  },
  { key: "grayscale", controls: [] },
  { key: "contrast", controls: [choice("type", "method", CONTRAST_TYPES)] },
  { key: "filter-null", controls: [percent("percent", "atLeast", 80)] },
  { key: "remap", controls: [] },
] as const satisfies readonly Step[];

export const AUGMENTATION = [
  { key: "flip", controls: [flag("horizontal", "horizontal", true), flag("vertical", "vertical", false)] },
  {
    key: "ninety",
    controls: [
      flag("clockwise", "clockwise", true),
      flag("counter-clockwise", "counterClockwise", true),
      flag("upside-down", "upsideDown", false),
    ],
  },
  {
    key: "crop",
    controls: [percent("min", "atLeast", 0), percent("max", "atMost", 20)],
    ascending: [["min", "max"]],
    mayMeet: true,
  },
  { key: "rotate", controls: [degrees("degrees", "upTo", 15, 180)] },
  {
    key: "shear",
    controls: [degrees("horizontal", "horizontalUpTo", 10, 45), degrees("vertical", "verticalUpTo", 10, 45)],
  },
  {
    key: "blur",
    controls: [
      {
        kind: "number",
        key: "pixels",
        label: "upTo",
        min: 0,
        max: 25,
        step: 0.5,
        whole: false,
        unit: "pixels",
        initial: 2,
      },
    ],
  },
  {
    key: "brightness",
    controls: [flag("brighten", "brighten", true), flag("darken", "darken", true), percent("percent", "upTo", 15)],
  },
  { key: "exposure", controls: [percent("percent", "upTo", 10)] },
  { key: "saturation", controls: [percent("percent", "upTo", 25)] },
  { key: "hue", controls: [degrees("degrees", "upTo", 15, 180)] },
  { key: "rgrayscale", controls: [percent("percent", "share", 15)] },
  { key: "cutout", controls: [count("count", "patches", 3, 100), percent("percent", "size", 10)] },
  { key: "noise", controls: [percent("percent", "upTo", 2)] },
] as const satisfies readonly Step[];

export type PreprocessingKey = (typeof PREPROCESSING)[number]["key"];
export type AugmentationKey = (typeof AUGMENTATION)[number]["key"];
export type StepKey = PreprocessingKey | AugmentationKey;
