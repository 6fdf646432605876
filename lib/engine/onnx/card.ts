import type { ZodType } from "zod";
import { OnnxError } from "@/lib/engine/onnx/proto";

/*
 * What a model's makers say of it that its graph does not: class names, and how an image is to be shown to it. Ultralytics
 * writes some of that into the file; for others a small `model.json` lies beside it. What both say, model.json decides.
 */

/** The heads that we read (heads.ts). */
export const HEADS = [
  "yolov5",
  "yolov8",
  "end2end",
  "rtdetr",
  "detr",
  "torchvision",
  "postprocessed",
  "classification",
] as const;
export type HeadKind = (typeof HEADS)[number];

/** How an image comes to the size that the model takes: whole with edges, whole out of proportion, or its middle. */
export const RESIZES = ["letterbox", "stretch", "crop"] as const;
export type Resize = (typeof RESIZES)[number];

/** `model.json`. Unknown words are refused, so that none is passed over that somebody relied on. */
interface CardJson {
  /** Each class's name, in their order or by its number. */
  classes?: string[] | Record<string, string> | undefined;
  head?: HeadKind | undefined;
  width?: number | undefined;
  height?: number | undefined;
  resize?: Resize | undefined;
  mean?: number[] | undefined;
  std?: number[] | undefined;
  /** How a "detr" head's logits become confidences. With softmax the last class is "no object". */
  scores?: "sigmoid" | "softmax" | undefined;
}

export interface Card extends Omit<CardJson, "classes"> {
  /** By their numbers; null: nobody says. */
  classes: Map<number, string> | null;
  /** What Ultralytics says that it does. */
  task: string | null;
}

const CLASSES_MAX = 65_536;

/** `metadata` is the file's own; `json` the text of a model.json, where one lies beside it. Throws OnnxError. */
export async function readCard(metadata: ReadonlyMap<string, string>, json: string | null): Promise<Card> {
  const own = json === null ? {} : await parseJson(json);
  const names = metadata.get("names");
  const [height, width = height] = readNumbers(metadata.get("imgsz"));
  const { classes, ...rest } = own;
  return {
    ...(height !== undefined && width !== undefined ? { height, width } : {}),
    ...rest,
    classes: classes !== undefined ? toClasses(classes) : names === undefined ? null : readNames(names),
    task: metadata.get("task") ?? null,
  };
}

const SIDE_MAX = 4096;

async function parseJson(json: string): Promise<CardJson> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new OnnxError("The model.json beside the model is not JSON. Correct it, or leave it out.");
  }
  const { z } = await import("zod"); // a third of what a model's process needs to begin, for most without need
  const side = z.int().min(1).max(SIDE_MAX).optional();
  const perChannel = z.array(z.number()).min(1).max(3).optional();
  const schema: ZodType<CardJson> = z.strictObject({
    classes: z.union([z.array(z.string()), z.record(z.string().regex(/^\d{1,5}$/), z.string())]).optional(),
    head: z.enum(HEADS).optional(),
    width: side,
    height: side,
    resize: z.enum(RESIZES).optional(),
    mean: perChannel,
    std: perChannel,
    scores: z.enum(["sigmoid", "softmax"]).optional(),
  });
  const card = schema.safeParse(value);
  if (card.success) return card.data;
  const issue = card.error.issues[0]!;
  const place = issue.path.length > 0 ? ` at "${issue.path.join(".")}"` : "";
  throw new OnnxError(`The model.json beside the model is not valid${place}: ${issue.message}.`);
}

function toClasses(classes: NonNullable<CardJson["classes"]>): Map<number, string> {
  const entries = Array.isArray(classes)
    ? classes.map((name, id) => [id, name] as const)
    : Object.entries(classes).map(([id, name]) => [Number(id), name] as const);
  return new Map(entries.filter(([id]) => id < CLASSES_MAX).sort(([a], [b]) => a - b));
}

/** "[640, 640]" or "640". */
function readNumbers(text: string | undefined): number[] {
  return [...(text ?? "").matchAll(/\d+/g)].map(([digits]) => Number(digits)).filter((n) => n >= 1 && n <= SIDE_MAX);
}

const ESCAPES = new Map([
  ["n", "\n"],
  ["t", "\t"],
  ["r", "\r"],
  ["'", "'"],
  ['"', '"'],
  ["\\", "\\"],
]);

/**
 * Names as Python writes a dict or a list of strings: {0: 'person', 1: "driver's seat"}. Reads nothing else, and runs
 * nothing. Throws OnnxError.
 */
export function readNames(literal: string): Map<number, string> {
  const token = /\s*(?:(\d+)\s*:\s*)?(['"])((?:\\[^]|(?!\2)[^\\])*)\2\s*(,|[}\]]\s*$)/y;
  const broken = () =>
    new OnnxError(
      'The class names in the ONNX file\'s metadata ("names") cannot be read. Put a model.json beside it: {"classes": ["first", "second"]}.',
    );
  const start = /^\s*[[{]/.exec(literal);
  if (!start) throw broken();
  const names = new Map<number, string>();
  token.lastIndex = start[0].length;
  if (/^\s*[\]}]\s*$/.test(literal.slice(token.lastIndex))) return names;
  for (;;) {
    const found = token.exec(literal);
    if (!found) throw broken();
    const [, id, , name = "", end] = found;
    const number = id === undefined ? names.size : Number(id);
    if (number >= CLASSES_MAX) throw broken();
    names.set(number, unescape(name));
    if (end !== ",") return names;
    if (/^\s*[\]}]\s*$/.test(literal.slice(token.lastIndex))) return names; // a comma after the last
  }
}

const unescape = (text: string): string =>
  text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|([^]))/gi, (whole, x?: string, u?: string, one?: string) =>
    one === undefined ? String.fromCharCode(parseInt(x ?? u ?? "", 16)) : (ESCAPES.get(one) ?? whole),
  );
