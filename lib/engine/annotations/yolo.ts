import type { LabelFacts, NameLists } from "@/lib/engine/annotations/class-names";
import type { Collector, Edges, Reduction } from "@/lib/engine/annotations/collector";
import { LINEAR_LIMIT_BYTES } from "@/lib/engine/annotations/json";
import { edgesAround, isTangled, tellOutline, type Point } from "@/lib/engine/annotations/shapes";

/** A line is one object; a polygon of thousands of points fits. */
const MAX_LINE_LENGTH = 100_000;

/** Exports round; beyond this a number is a pixel or a slip, not a share of the image. */
const TOLERANCE = 0.01;

interface TextFile {
  name: string;
  text: string;
}

/** How many numbers each point of an object has; null: lines of many numbers are outlines. */
type Keypoints = 2 | 3 | null;

/**
 * Takes the boxes of YOLO files, one after the other, each of the image that is called as the file is. A line is a class index and then shares of
 * the image's width and height: centre x, centre y, width, height, perhaps a confidence. Where more follows these four, it is
 * the object's keypoints (YOLO-pose), x and y or x, y and visibility, and is left aside; else all are points, of a rotated box
 * (YOLO-OBB, four at right angles) or of a polygon, and the box around them is taken. An empty file says that nothing is on the
 * image. (Ultralytics, datasets)
 *
 * Whether points are keypoints is said by data.yaml's kpt_shape, else by what no outline can be: a visibility of 2, or points
 * that all lie within the box that the first four numbers are, while most would make outlines that cross. All files under one
 * list of names are of one kind.
 */
export class YoloReader {
  private readonly groups = new Map<LabelFacts | null, TextFile[]>();
  private readonly told = new Map<LabelFacts | null, Keypoints>();

  constructor(
    files: readonly TextFile[],
    private readonly lists: NameLists,
    private readonly given: LabelFacts["names"] | null,
    private readonly collector: Collector,
  ) {
    for (const file of files) {
      const facts = lists.of(file.name);
      const group = this.groups.get(facts);
      if (group) group.push(file);
      else this.groups.set(facts, [file]);
    }
  }

  read(file: TextFile): void {
    const facts = this.lists.of(file.name);
    const keypoints = { dimensions: this.keypointsUnder(facts), count: facts?.keypoints?.count };
    readYolo(file, facts?.names ?? this.given, keypoints, this.collector);
  }

  private keypointsUnder(facts: LabelFacts | null): Keypoints {
    if (facts?.keypoints) return facts.keypoints.dimensions;
    const known = this.told.get(facts);
    if (known !== undefined) return known;
    const keypoints = tellKeypoints(this.groups.get(facts) ?? []);
    this.told.set(facts, keypoints);
    return keypoints;
  }
}

/** Whether all of a text file's lines are such as YOLO has, so that it is no list of names. */
export function holdsBoxes({ name, text }: TextFile): boolean {
  if (!/\.txt$/i.test(name) || !/^\s*\d+(?:\s+\S+){4}/.test(text)) return false;
  for (const content of linesOf(text)) {
    const values = content.trim() === "" ? null : parseLine(content)?.values;
    if (values === undefined || (values !== null && values.length < 4)) return false;
  }
  return true;
}

function readYolo(
  file: TextFile,
  names: LabelFacts["names"] | null,
  keypoints: { dimensions: Keypoints; count: number | undefined },
  collector: Collector,
): void {
  const image = collector.find(file, { text: file.name, by: "stem" });
  if (!image || !collector.open(file, image, null)) return;
  let line = 0;
  for (const content of linesOf(file.text)) {
    line += 1;
    if (content.trim() === "") continue;
    const numbers = parseLine(content);
    const object = numbers && toObject(numbers.values, keypoints, image);
    if (!object) {
      collector.report(file, "bad_box", { image: image.name, line });
      continue;
    }
    const label = names === null ? numbers.index : names.get(numbers.index);
    if (label === undefined) {
      collector.report(file, "unknown_class", { class: numbers.index, image: image.name, line });
      continue;
    }
    collector.add(file, image, label, object.edges, object.reduction);
  }
}

function* linesOf(text: string): Generator<string> {
  for (const [, content = ""] of text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n|$)/g)) yield content;
}

/** A class index and numbers; null for what is no line of YOLO. */
function parseLine(line: string): { index: string; values: number[] } | null {
  if (line.length > MAX_LINE_LENGTH) return null;
  const [first = "", ...rest] = line.trim().split(/\s+/);
  if (!/^\d{1,6}(?:\.0+)?$/.test(first)) return null;
  const values = rest.map((token) => (/^[-+\d.e]+$/i.test(token) ? Number(token) : NaN));
  return values.every(Number.isFinite) ? { index: String(Number(first)), values } : null;
}

const isShare = (value: number): boolean => value >= -TOLERANCE && value <= 1 + TOLERANCE;

/** In pixels; null for what can be no object. */
function toObject(
  values: readonly number[],
  keypoints: { dimensions: Keypoints; count: number | undefined },
  { width, height }: { width: number; height: number },
): { edges: Edges; reduction: Reduction | null } | null {
  const posed = values.length > 5 && keypoints.dimensions !== null;
  if (posed && !isPose(values, keypoints.dimensions!, keypoints.count)) return null;
  if (posed || values.length === 4 || values.length === 5) {
    if (!values.slice(0, posed ? 4 : 5).every(isShare)) return null;
    const { left, top, right, bottom } = boxOf(values);
    return {
      edges: { left: left * width, top: top * height, right: right * width, bottom: bottom * height },
      reduction: posed ? "keypoints_dropped" : null,
    };
  }
  if (values.length < 6 || values.length % 2 !== 0 || !values.every(isShare)) return null;
  const points = pairs(values).map(([x, y]): Point => [x * width, y * height]);
  const outline = tellOutline(points);
  return { edges: edgesAround(points), reduction: outline === "box" ? null : `${outline}_reduced` };
}

function boxOf([x = 0, y = 0, width = 0, height = 0]: readonly number[]): Edges {
  return { left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
}

const pairs = (values: readonly number[]): Point[] =>
  Array.from({ length: values.length / 2 }, (_, at): Point => [values[2 * at]!, values[2 * at + 1]!]);

/** Whether the numbers after the first four are so many points. */
const isPose = (values: readonly number[], dimensions: 2 | 3, count: number | undefined): boolean =>
  count === undefined ? (values.length - 4) % dimensions === 0 : values.length === 4 + count * dimensions;

// ── Keypoints that no file speaks of ─────────────────────────────────────────────────────────────────────────────────

/** Of lines that may be outlines or have keypoints, so many tell as much as all. */
const TOLD_BY_MAX = 2_000;

function tellKeypoints(files: readonly TextFile[]): Keypoints {
  const lines: number[][] = [];
  for (const file of files) {
    if (file.text.length > LINEAR_LIMIT_BYTES || !/^[ \t]*\d+(?:\.0+)?(?:[ \t]+\S+){6}/m.test(file.text)) continue;
    for (const content of linesOf(file.text)) {
      const values = parseLine(content)?.values;
      if (values && values.length > 5) lines.push(values);
      if (lines.length === TOLD_BY_MAX) return tell(lines);
    }
  }
  return tell(lines);
}

function tell(lines: readonly number[][]): Keypoints {
  const [first] = lines;
  if (!first || lines.some(({ length }) => length !== first.length)) return null;
  for (const dimensions of [3, 2] as const) {
    if (!lines.every((values) => fitsPose(values, dimensions))) continue;
    // no outline has these: an odd number, a 2, or always 0 and 1 where the third number of a point would be
    const never =
      first.length % 2 !== 0 ||
      (dimensions === 3 && lines.some((values) => values.some((value, at) => at % 3 === 0 && at > 3 && value > 0)));
    const odd = lines.filter((values) => isNoOutline(pairs(values))).length;
    if (never || odd >= lines.length / 2) return dimensions;
  }
  return null;
}

/** Keypoints lie in their box, or a little beside it; what is not marked is 0, 0. */
const BESIDE = 0.25;

function fitsPose(values: readonly number[], dimensions: 2 | 3): boolean {
  const box = boxOf(values);
  const inImage = [box.left, box.top, box.right, box.bottom].every(isShare);
  if (!inImage || !isPose(values, dimensions, undefined)) return false;
  const [across, down] = [(box.right - box.left) * BESIDE, (box.bottom - box.top) * BESIDE];
  for (let at = 4; at < values.length; at += dimensions) {
    const [x = 0, y = 0, visible = 1] = values.slice(at, at + dimensions);
    if (visible !== 0 && visible !== 1 && visible !== 2) return false;
    if (visible === 0 || (x === 0 && y === 0)) continue;
    if (x < box.left - across || x > box.right + across || y < box.top - down || y > box.bottom + down) return false;
  }
  return true;
}

/** It crosses itself, or its second point, which is a width and a height where there are keypoints, strays from the others. */
function isNoOutline(points: readonly Point[]): boolean {
  const [, second] = points;
  if (!second) return false;
  const others = edgesAround(points.filter((_, at) => at !== 1));
  const away = Math.hypot(
    Math.max(others.left - second[0], second[0] - others.right, 0),
    Math.max(others.top - second[1], second[1] - others.bottom, 0),
  );
  const size = Math.hypot(others.right - others.left, others.bottom - others.top);
  return away > size / 2 || isTangled(points);
}
