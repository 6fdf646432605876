import { SPLIT_NAMES, type SplitName } from "@/lib/domain/splits";
import {
  AUGMENTATION,
  PREPROCESSING,
  type AugmentationKey,
  type Control,
  type NumberControl,
  type PreprocessingKey,
  type Step,
  type StepKey,
} from "./steps";

/** What a control holds; null for a number that nobody has typed yet. */
export type Value = number | boolean | string | null;
export type Values = Readonly<Record<string, Value>>;

export type Splits = Record<SplitName, number>;

/** What stands in the form; it may be unfinished. */
export interface Draft {
  name: string;
  /** "" is the project's. */
  seed: string;
  /** null keeps every image in its split. */
  splits: Splits | null;
  preprocessing: Readonly<Partial<Record<PreprocessingKey, Values>>>;
  augmentation: Readonly<Partial<Record<AugmentationKey, Values>>>;
  /** Outputs per training image, once something is augmented; null while nobody has typed it. */
  outputs: number | null;
  /** New names by old ones; "" and the same name change nothing. */
  renamed: Readonly<Record<string, string>>;
}

/** What is sent, in the official client's words. */
export interface Settings {
  preprocessing: Record<string, unknown>;
  augmentation: Record<string, unknown>;
  splits: Splits | null;
  seed: number | null;
}

/** Any seed. */
export const drawSeed = (): string => String(crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1);

export const OUTPUTS_MAX = 50;
const SEED_MAX = 2_147_483_647;
const OUTPUTS_INITIAL = 3;
/** Below this a resize to 640 × 640 would only blow the images up. */
const SMALL_SIDE_PX = 320;

export const initialValues = (step: Step): Values =>
  Object.fromEntries(step.controls.map(({ key, initial }) => [key, initial]));
const stepOf = (key: StepKey): Step => [...PREPROCESSING, ...AUGMENTATION].find((step) => step.key === key)!;

/** The values of `filter-null` with which no image without a class or box stays. */
export const LEFT_OUT: Values = { percent: 100 };

/** What the images of a project suggest. */
export interface Facts {
  images: Splits;
  /** Of an object detection project, the images without a box. */
  withoutBoxes: number;
  medianSidePx: number;
  /** The project's. */
  seed: number;
}

/**
 * Where one begins: upright images of one size, unless they are small; without those that have no box, unless none has one;
 * splits as they are, the project's seed; nothing augmented.
 */
export function initialDraft({ images, withoutBoxes, medianSidePx, seed }: Facts): Draft {
  const resize = medianSidePx < SMALL_SIDE_PX ? {} : { resize: initialValues(stepOf("resize")) };
  const all = withoutBoxes === 0 || withoutBoxes >= images.train + images.valid + images.test;
  return {
    name: "",
    seed: String(seed),
    splits: null,
    preprocessing: { "auto-orient": {}, ...resize, ...(all ? {} : { "filter-null": LEFT_OUT }) },
    augmentation: {},
    outputs: OUTPUTS_INITIAL,
    renamed: {},
  };
}

/** The other two share what is left as they shared it before; together always 100. */
export function moveSplit(splits: Splits, key: SplitName, percent: number): Splits {
  const [first, second] = SPLIT_NAMES.filter((other) => other !== key) as [SplitName, SplitName];
  const left = 100 - percent;
  const before = splits[first] + splits[second];
  const share = before === 0 ? left : Math.round((left * splits[first]) / before);
  return { ...splits, [key]: percent, [first]: share, [second]: left - share };
}

const renames = (draft: Draft): [string, string][] =>
  Object.entries(draft.renamed).flatMap(([from, to]): [string, string][] =>
    to.trim() === "" || to.trim() === from ? [] : [[from, to.trim()]],
  );

const described = (values: Values | undefined): unknown => values && (Object.keys(values).length === 0 ? true : values);

/** The draft as settings; what has no effect is left out. Meant for a draft without problems. */
export function toSettings(draft: Draft): Settings {
  const preprocessing: Record<string, unknown> = {};
  for (const { key } of PREPROCESSING) {
    if (draft.preprocessing[key] !== undefined)
      preprocessing[key] = key === "remap" ? Object.fromEntries(renames(draft)) : described(draft.preprocessing[key]);
  }
  const augmentation: Record<string, unknown> = {};
  for (const { key } of AUGMENTATION)
    if (draft.augmentation[key] !== undefined) augmentation[key] = described(draft.augmentation[key]);
  if (Object.keys(augmentation).length > 0) augmentation["image"] = { versions: draft.outputs };
  return {
    preprocessing,
    augmentation,
    splits: draft.splits,
    seed: draft.seed.trim() === "" ? null : Number(draft.seed),
  };
}

/** What is wrong with a control: the message's key and its arguments. */
export type Flaw =
  | { kind: "range"; min: number; max: number }
  | { kind: "whole"; min: number; max: number }
  | { kind: "order" }
  | { kind: "none" };

/** Paths of a draft's controls, as the server names fields ("preprocessing.resize.width"), and what is wrong with them. */
export function findFlaws(draft: Draft): Map<string, Flaw> {
  const flaws = new Map<string, Flaw>();
  const check = (
    part: "preprocessing" | "augmentation",
    steps: readonly Step[],
    chosen: Readonly<Record<string, Values | undefined>>,
  ) => {
    for (const step of steps) {
      const values = chosen[step.key];
      if (!values) continue;
      const path = `${part}.${step.key}`;
      for (const control of step.controls) {
        const flaw = findFlaw(control, values[control.key]);
        if (flaw) flaws.set(`${path}.${control.key}`, flaw);
      }
      for (const [lower, upper] of step.ascending ?? []) {
        const [low, high] = [values[lower], values[upper]];
        if (typeof low === "number" && typeof high === "number" && (step.mayMeet ? low > high : low >= high))
          flaws.set(`${path}.${upper}`, { kind: "order" });
      }
      const flags = step.controls.filter(({ kind }) => kind === "flag");
      if (flags.length > 0 && flags.every(({ key }) => values[key] === false)) flaws.set(path, { kind: "none" });
    }
  };
  check("preprocessing", PREPROCESSING, draft.preprocessing);
  check("augmentation", AUGMENTATION, draft.augmentation);
  if (Object.keys(draft.augmentation).length > 0) {
    const flaw = findFlaw({ kind: "number", min: 1, max: OUTPUTS_MAX, whole: true }, draft.outputs);
    if (flaw) flaws.set("augmentation.image.versions", flaw);
  }
  if (draft.seed.trim() !== "" && !(/^\d{1,10}$/.test(draft.seed.trim()) && Number(draft.seed) <= SEED_MAX))
    flaws.set("seed", { kind: "whole", min: 0, max: SEED_MAX });
  return flaws;
}

function findFlaw(
  control: Pick<NumberControl, "kind" | "min" | "max" | "whole"> | Exclude<Control, NumberControl>,
  value: Value | undefined,
): Flaw | null {
  if (control.kind !== "number") return null;
  const { min, max, whole } = control;
  const fits = typeof value === "number" && value >= min && value <= max && (!whole || Number.isInteger(value));
  return fits ? null : { kind: whole ? "whole" : "range", min, max };
}
