import { parse } from "yaml";
import { z } from "zod";
import { type Collector, FileRefused } from "@/lib/engine/annotations/collector";

/** Class names by index, the index as written in decimal. */
export type ClassNames = ReadonlyMap<string, string>;

/** A list of names; in UTF-16 units. */
const NAMES_LIMIT_BYTES = 256 * 1024;

/** A line is one object; a polygon of thousands of points fits. */
const MAX_LINE_LENGTH = 100_000;

/** Exports round; beyond this a number is a pixel or a slip, not a share of the image. */
const TOLERANCE = 0.01;

/** Whether the file names classes rather than objects: data.yaml (Ultralytics) or classes.txt (LabelImg, one name a line). */
export function isClassNamesFile({ name }: { name: string }): boolean {
  return /(?:\.ya?ml|(?:^|[/\\])classes\.txt)$/i.test(name);
}

/** Reads a file of class names into `names`, by the folder that it lies in. */
export function readClassNames(file: { name: string; text: string }, names: Map<string, ClassNames>): void {
  if (file.text.length > NAMES_LIMIT_BYTES) throw new FileRefused("too_large", { limitBytes: NAMES_LIMIT_BYTES });
  names.set(
    folderOf(file.name),
    /\.txt$/i.test(file.name) ? byIndex(file.text.split(/\r\n|\r|\n/)) : parseDataYaml(file.text),
  );
}

/** The class names that hold for a file: those in its folder or the nearest one above; if there is but one list at all, that. */
export function classNamesFor(file: string, names: ReadonlyMap<string, ClassNames>): ClassNames | null {
  for (let folder = folderOf(file); ; folder = folderOf(folder)) {
    const found = names.get(folder);
    if (found) return found;
    if (folder === "") break;
  }
  const [only, other] = names.values();
  return only && !other ? only : null;
}

/**
 * Takes the boxes of a YOLO file, of the image that is called as the file is. A line is a class index and then shares of
 * the image's width and height: centre x, centre y, width, height, perhaps a confidence; or a polygon of three points and
 * more, of which the box around it is taken. An empty file says that nothing is on the image. (Ultralytics, datasets)
 */
export function readYolo(file: { name: string; text: string }, names: ClassNames | null, collector: Collector): void {
  const image = collector.find(file, { text: file.name, by: "stem" });
  if (!image || !collector.open(file, image, null)) return;
  let line = 0;
  for (const [, content = ""] of file.text.matchAll(/([^\r\n]*)(?:\r\n|\r|\n|$)/g)) {
    line += 1;
    if (content.trim() === "") continue;
    const object = parseLine(content);
    if (!object) {
      collector.report(file, "bad_box", { image: image.name, line });
      continue;
    }
    const label = names === null ? object.index : names.get(object.index);
    if (label === undefined) {
      collector.report(file, "unknown_class", { class: object.index, image: image.name, line });
      continue;
    }
    const { left, top, right, bottom } = object;
    collector.add(file, image, label, {
      left: left * image.width,
      top: top * image.height,
      right: right * image.width,
      bottom: bottom * image.height,
    });
  }
}

/** Edges as shares of the image; null for what is no line of YOLO. */
function parseLine(line: string): { index: string; left: number; top: number; right: number; bottom: number } | null {
  if (line.length > MAX_LINE_LENGTH) return null;
  const [first = "", ...rest] = line.trim().split(/\s+/);
  if (!/^\d{1,6}(?:\.0+)?$/.test(first)) return null;
  const index = String(Number(first));
  const shares = rest.map((token) => (/^[-+\d.e]+$/i.test(token) ? Number(token) : NaN));
  if (!shares.every((share) => share >= -TOLERANCE && share <= 1 + TOLERANCE)) return null;
  if (shares.length === 4 || shares.length === 5) {
    const [x = 0, y = 0, width = 0, height = 0] = shares;
    return { index, left: x - width / 2, top: y - height / 2, right: x + width / 2, bottom: y + height / 2 };
  }
  if (shares.length < 6 || shares.length % 2 !== 0) return null;
  const xs = shares.filter((_, at) => at % 2 === 0);
  const ys = shares.filter((_, at) => at % 2 === 1);
  return { index, left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
}

/** `names` as a list or as a map from index to name. The failsafe schema keeps every name the text it is: no, 007, null. */
function parseDataYaml(text: string): ClassNames {
  let value: unknown;
  try {
    // Without uniqueKeys each key is not compared with all before it, which takes minutes for a long map.
    value = parse(text, { uniqueKeys: false, schema: "failsafe", maxAliasCount: 0, mapAsMap: true, logLevel: "error" });
  } catch (error) {
    throw new FileRefused("unreadable", { format: "yaml" }, { cause: error });
  }
  const names =
    value instanceof Map
      ? z.union([z.array(z.string()), z.map(z.string(), z.string())]).safeParse(value.get("names"))
      : null;
  if (!names?.success) throw new FileRefused("unknown_format");
  return names.data instanceof Map ? names.data : byIndex(names.data);
}

function byIndex(names: readonly string[]): ClassNames {
  return new Map(names.map((name, index) => [String(index), name]));
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\"), 0));
}
