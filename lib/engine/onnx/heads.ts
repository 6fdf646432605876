import type { Card, HeadKind } from "@/lib/engine/onnx/card";
import { OnnxError } from "@/lib/engine/onnx/proto";

/*
 * What the outputs of a model mean. Nothing in an ONNX file says so: the families are told apart by the number, shapes and
 * types of their outputs, as one run over an empty image gives them.
 *
 *     yolov5          [1, N, 5 + C]  box (centre, size; pixels of the input), objectness, a score for each class. Also YOLOv6, YOLOv7
 *     yolov8          [1, 4 + C, N]  box (centre, size; pixels), a score for each class. Also YOLOv9, v11, v12
 *     end2end         [1, N, 6]      left, top, right, bottom (pixels), confidence, class. YOLOv10, YOLO26, and exports with NMS
 *     rtdetr          [1, N, 4 + C]  box (centre, size; shares of the input), a score for each class. Ultralytics' RT-DETR
 *     detr            [1, N, 4] and [1, N, C]  box (centre, size; shares), logits. DETR, RT-DETR, RF-DETR
 *     torchvision     [n, 4], [n], [n]  left, top, right, bottom (pixels), class from 1, confidence
 *     postprocessed   [1, N, 4], [1, N], [1, N]  the same with classes from 0, for models that ask for `orig_target_sizes`
 *     classification  [1, C]         logits or confidences
 */

export type Head = { classes: number | null } & (
  | { kind: "classification"; output: string }
  | { kind: "yolov5" | "yolov8" | "end2end" | "rtdetr"; output: string }
  | {
      kind: "detr";
      boxes: string;
      logits: string;
      scores: "sigmoid" | "softmax";
      /** How many of the logits, from the first, are of classes that there are. */
      used: number;
    }
  | { kind: "torchvision" | "postprocessed"; boxes: string; labels: string; scores: string }
);

export interface Shape {
  name: string;
  type: string;
  dims: readonly number[];
}

export interface Output extends Shape {
  data: ArrayLike<number | bigint>;
}

/** A box in pixels of the model's input. */
export interface Found {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** 0 to 1. */
  confidence: number;
  classId: number;
}

interface Size {
  width: number;
  height: number;
}

/** The head of a model that has these outputs for an image of the size. Throws OnnxError for one that we do not know. */
export function recognizeHead(outputs: readonly Shape[], size: Size, card: Card): Head {
  if (card.task !== null && card.task !== "detect" && card.task !== "classify" && card.head === undefined)
    throw new OnnxError(
      `The model's task is "${card.task}", and models that detect or classify are served here. Export one of those.`,
    );
  const head = findHead(outputs, size, card);
  if (head && (card.head === undefined || card.head === head.kind)) return head;
  const given = outputs.map(({ name, type, dims }) => `"${name}" ${type} [${dims.join(", ")}]`).join(", ");
  throw new OnnxError(
    card.head === undefined
      ? `The model's outputs are none that this server knows: ${given}. Served are YOLOv5 to v12 and YOLO26, RT-DETR, RF-DETR, DETR, torchvision's detectors, and classifiers. Export one of those, or name its head in a model.json.`
      : `The model's outputs do not fit the head "${card.head}" that its model.json names: ${given}.`,
  );
}

function findHead(outputs: readonly Shape[], size: Size, card: Card): Head | null {
  const floats = outputs.filter(({ type }) => type === "float32");
  const labels = outputs.find(({ type }) => type === "int64" || type === "int32");
  if (outputs.length === 3 && floats.length === 2 && labels) return findLabelled(floats, labels, card);
  if (floats.length === 2 && outputs.length === 2) return findDetr(floats, card);
  const [only] = floats;
  if (!only || outputs.length !== 1) return null;
  const { name: output, dims } = only;
  if (dims[0] !== 1) return null;
  if (dims.length === 2 || (dims.length === 4 && dims[2] === 1 && dims[3] === 1))
    return dims[1]! >= 2 ? { kind: "classification", output, classes: dims[1]! } : null;
  if (dims.length !== 3) return null;
  const kind = card.head ?? guessRows(dims[1]!, dims[2]!, size, card);
  const classes = classesOf(kind, dims[1]!, dims[2]!);
  return classes === undefined || kind === "detr" || kind === "torchvision" || kind === "postprocessed" || kind === "classification" // prettier-ignore
    ? null
    : { kind, output, classes };
}

function findLabelled([first, second]: readonly Shape[], labels: Shape, card: Card): Head | null {
  const boxes = [first!, second!].find(({ dims }) => dims.length >= 2 && dims.at(-1) === 4);
  if (!boxes || labels.dims.length !== boxes.dims.length - 1) return null;
  const scores = boxes === first ? second! : first!;
  const kind = card.head ?? (boxes.dims.length === 2 ? "torchvision" : "postprocessed");
  if (kind !== "torchvision" && kind !== "postprocessed") return null;
  return { kind, boxes: boxes.name, labels: labels.name, scores: scores.name, classes: null };
}

function findDetr(floats: readonly Shape[], card: Card): Head | null {
  if (!floats.every(({ dims }) => dims.length === 3 && dims[0] === 1) || floats[0]!.dims[1] !== floats[1]!.dims[1])
    return null;
  const four = floats.filter(({ dims }) => dims[2] === 4);
  const boxes = four.length === 2 ? four.find(({ name }) => /box|dets/i.test(name)) : four[0];
  const logits = floats.find((one) => one !== boxes);
  if (!boxes || !logits) return null;
  const classes = logits.dims[2]!;
  // DETR itself has one more class, "no object"; RF-DETR has one more, too, that is never trained, and names its outputs so
  const ownNoObject = card.classes?.size === classes - 1 && boxes.name !== "dets";
  const scores = card.scores ?? (ownNoObject ? "softmax" : "sigmoid");
  const named = card.classes === null ? classes : Math.max(...card.classes.keys()) + 1;
  const used = Math.min(named, scores === "softmax" ? classes - 1 : classes);
  return used < 1 ? null : { kind: "detr", boxes: boxes.name, logits: logits.name, scores, used, classes };
}

/** Cells of the grids that YOLO lays over an image. */
const cellsOf = ({ width, height }: Size): number =>
  [8, 16, 32].reduce((sum, stride) => sum + Math.floor(width / stride) * Math.floor(height / stride), 0);

const ANCHORS = 3;

/** What a single [1, a, b] is: by the class names where there are some, by YOLO's grids, and by which side is the longer. */
function guessRows(a: number, b: number, size: Size, card: Card): HeadKind {
  const cells = cellsOf(size);
  const named = card.classes?.size;
  if (a === ANCHORS * cells && b > 5) return "yolov5";
  if (b === cells && a > 4) return "yolov8";
  if (b === 6 && named !== 2) return a === cells && named === 1 ? "yolov5" : "end2end";
  if (named !== undefined) {
    if (a === 4 + named) return "yolov8";
    if (b === 5 + named) return "yolov5";
    if (b === 4 + named) return "rtdetr";
  }
  if (b === 6) return "end2end";
  return a < b ? "yolov8" : "yolov5";
}

/** undefined: the shape has no room for a class. */
function classesOf(kind: HeadKind, a: number, b: number): number | null | undefined {
  if (kind === "end2end") return b === 6 ? null : undefined;
  const classes = kind === "yolov8" ? a - 4 : kind === "yolov5" ? b - 5 : b - 4;
  return classes >= 1 ? classes : undefined;
}

// ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a head that finds boxes has found, at least as confident as `least`; in no order. */
export function readBoxes(
  head: Exclude<Head, { kind: "classification" }>,
  outputs: ReadonlyMap<string, Output>,
  size: Size,
  least: number,
): Found[] {
  const data = (name: string): ArrayLike<number | bigint> => outputs.get(name)!.data;
  const found: Found[] = [];
  const add = (left: number, top: number, right: number, bottom: number, confidence: number, classId: number) => {
    const rounded = roundConfidence(confidence);
    if (rounded >= least && right > left && bottom > top)
      found.push({ left, top, right, bottom, confidence: rounded, classId });
  };
  const addCentred = (box: Strided, scale: Size, confidence: number, classId: number) => {
    const [x, y] = [box.at(0) * scale.width, box.at(1) * scale.height];
    const [w, h] = [(box.at(2) * scale.width) / 2, (box.at(3) * scale.height) / 2];
    add(x - w, y - h, x + w, y + h, confidence, classId);
  };
  switch (head.kind) {
    case "yolov8": {
      const [, , rows] = outputs.get(head.output)!.dims as [number, number, number];
      const numbers = data(head.output) as Float32Array;
      for (let row = 0; row < rows; row++) {
        const [confidence, classId] = best(new Strided(numbers, row + 4 * rows, rows), head.classes!);
        addCentred(new Strided(numbers, row, rows), PIXELS, confidence, classId);
      }
      return found;
    }
    case "yolov5":
    case "rtdetr": {
      const [, rows, columns] = outputs.get(head.output)!.dims as [number, number, number];
      const numbers = data(head.output) as Float32Array;
      const objectness = head.kind === "yolov5";
      for (let row = 0; row < rows; row++) {
        const at = row * columns;
        const [score, classId] = best(new Strided(numbers, at + (objectness ? 5 : 4), 1), head.classes!);
        const confidence = objectness ? score * numbers[at + 4]! : score;
        addCentred(new Strided(numbers, at, 1), objectness ? PIXELS : size, confidence, classId);
      }
      return found;
    }
    case "end2end": {
      const numbers = data(head.output) as Float32Array;
      for (let at = 0; at + 6 <= numbers.length; at += 6)
        add(numbers[at]!, numbers[at + 1]!, numbers[at + 2]!, numbers[at + 3]!, numbers[at + 4]!, numbers[at + 5]!);
      return found;
    }
    case "detr": {
      const [boxes, logits] = [data(head.boxes) as Float32Array, data(head.logits) as Float32Array];
      const classes = head.classes!;
      for (let row = 0; row * 4 < boxes.length; row++) {
        const own = new Strided(logits, row * classes, 1);
        const [confidence, classId] =
          head.scores === "sigmoid"
            ? bestSigmoid(own, head.used)
            : best(new Strided(softmax(own, classes), 0, 1), head.used);
        addCentred(new Strided(boxes, row * 4, 1), size, confidence, classId);
      }
      return found;
    }
    case "torchvision":
    case "postprocessed": {
      const [boxes, labels, scores] = [data(head.boxes) as Float32Array, data(head.labels), data(head.scores)];
      const first = head.kind === "torchvision" ? 1 : 0; // 0 is its background
      for (let row = 0; row < scores.length; row++) {
        const at = row * 4;
        const classId = Number(labels[row]) - first;
        if (classId >= 0) add(boxes[at]!, boxes[at + 1]!, boxes[at + 2]!, boxes[at + 3]!, Number(scores[row]), classId);
      }
      return found;
    }
  }
}

/** A box is in pixels already. */
const PIXELS: Size = { width: 1, height: 1 };

/** Numbers that lie `step` apart. */
class Strided {
  constructor(
    private readonly numbers: ArrayLike<number>,
    private readonly start: number,
    private readonly step: number,
  ) {}
  at(index: number): number {
    return this.numbers[this.start + index * this.step]!;
  }
}

function best(scores: Strided, classes: number): [score: number, classId: number] {
  let [highest, classId] = [-Infinity, 0];
  for (let id = 0; id < classes; id++) {
    const score = scores.at(id);
    if (score > highest) [highest, classId] = [score, id];
  }
  return [highest, classId];
}

function bestSigmoid(logits: Strided, classes: number): [score: number, classId: number] {
  const [logit, classId] = best(logits, classes);
  return [1 / (1 + Math.exp(-logit)), classId];
}

function softmax(logits: { at(index: number): number }, classes: number): number[] {
  const [highest] = best(
    new Strided(
      Array.from({ length: classes }, (_, id) => logits.at(id)),
      0,
      1,
    ),
    classes,
  );
  const powers = Array.from({ length: classes }, (_, id) => Math.exp(logits.at(id) - highest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

/** Each class's confidence, from 0 to 1 and 1 together: those that a classifier gives, or what its logits come to. */
export function readConfidences(output: Output): number[] {
  const scores = Array.from(output.data, Number);
  const sum = scores.reduce((a, b) => a + b, 0);
  const shares = Math.abs(sum - 1) < 1e-3 && scores.every((score) => score >= 0 && score <= 1);
  return (shares ? scores : softmax({ at: (id) => scores[id]! }, scores.length)).map(roundConfidence);
}

/** To a millionth: without the noise of a 32-bit float's last digits, which 0.9 would have. NaN is none. */
const roundConfidence = (confidence: number): number =>
  Number.isNaN(confidence) ? 0 : Math.round(Math.min(1, Math.max(0, confidence)) * 1e6) / 1e6;

/** The most boxes that an image is answered with. */
export const BOXES_MAX = 300;
/** Of more candidates, the most confident. */
const CANDIDATES_MAX = 10_000;

/**
 * The boxes that stay, the most confident first: one goes that covers a more confident one of its class by more than
 * `overlap` (intersection over union, 0 to 1).
 */
export function suppress(found: readonly Found[], overlap: number): Found[] {
  const ordered = found.toSorted((a, b) => b.confidence - a.confidence || a.classId - b.classId).slice(0, CANDIDATES_MAX); // prettier-ignore
  const kept: Found[] = [];
  for (const one of ordered) {
    if (kept.length >= BOXES_MAX) break;
    if (kept.every((other) => other.classId !== one.classId || iou(other, one) <= overlap)) kept.push(one);
  }
  return kept;
}

const area = ({ left, top, right, bottom }: Pick<Found, "left" | "top" | "right" | "bottom">): number =>
  Math.max(0, right - left) * Math.max(0, bottom - top);

/** Intersection over union, 0 to 1. */
export function iou(a: Found, b: Found): number {
  const common = area({
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom),
  });
  return common === 0 ? 0 : common / (area(a) + area(b) - common);
}
