import { NameLists } from "@/lib/engine/annotations/class-names";
import { readCoco } from "@/lib/engine/annotations/coco";
import {
  type AnnotationProblem,
  Collector,
  EXACT_PER_PIXEL,
  FileRefused,
  labelOf,
} from "@/lib/engine/annotations/collector";
import { type AnnotatedImage, ImageIndex } from "@/lib/engine/annotations/image-index";
import { LINEAR_LIMIT_BYTES, parseJson } from "@/lib/engine/annotations/json";
import { listsImages, namesClasses, saysNothing } from "@/lib/engine/annotations/side-files";
import { readVoc } from "@/lib/engine/annotations/voc";
import { holdsBoxes, YoloReader } from "@/lib/engine/annotations/yolo";
import type { Box } from "@/lib/engine/boxes";

/** A text file that came with the images: its name as uploaded, best with its folders (they tell images of one name apart). */
export interface AnnotationFile {
  name: string;
  text: string;
}

/** Class names by index, as a list or with the indexes as keys; the SDK sends the second. */
export type Labelmap = Readonly<Record<string, string>> | readonly string[];

/**
 * The boxes that annotation files give to images: COCO JSON (many images in one file), Pascal VOC XML and YOLO txt (one
 * image each; class names from the nearest file of them up the folders, such as data.yaml, classes.txt or obj.names, else from
 * `labelmap`, else the index is the name). Told apart by content and extension.
 *
 * Guaranteed: never throws whatever the texts hold; every box lies within its image and has an area; what could not be
 * taken, or is more than a box and is reduced to one, is counted in `problems`, never silently lost; an image gets boxes from
 * one file only, the first in order; a file that is refused as a whole gives nothing. An image that a file names without a box
 * has [] in `boxes`: it was looked at, and nothing is on it. Edges are to 1/1024 of a pixel, or `exact`: as they were written. Synchronous, up to seconds for 50 MB: for the worker, not for the
 * web process.
 */
export function parseAnnotations(
  files: readonly AnnotationFile[],
  images: readonly AnnotatedImage[],
  labelmap: Labelmap | null = null,
  { exact = false }: { exact?: boolean } = {},
): { boxes: Map<string, Box[]>; problems: AnnotationProblem[] } {
  // by its name, unless it holds boxes of an image that is called so
  const isNames = (file: AnnotationFile) => namesClasses(file.name) && !holdsBoxes(file);
  return readAll(
    files.filter(({ name }) => !saysNothing(name)),
    isNames,
    exact ? new Collector(new ImageIndex(images), EXACT_PER_PIXEL) : new Collector(new ImageIndex(images)),
    labelmap,
  );
}

/**
 * The boxes of one image from the body of the SDK's annotate call, whatever the file calls the image; of a COCO file with
 * several images only the one of this name counts. `boxes` is null when the file could not be read: see `problems`.
 *
 * What the client (roboflow-python 1.x) sends as `{annotationFile, labelmap}` and in the query as `name`: the text and the
 * base name of the file the user gave; for folders with one file for many images a part cut out per image: COCO as
 * `annotation.coco.json`, CreateML as `annotation.createml.json`, also `annotation.csv` and `annotation.jsonl`.
 * `labelmap` is null or the parsed labelmap file, `{"0": "cat"}` after JSON, and goes with YOLO.
 */
export function parseImageAnnotations(
  file: AnnotationFile,
  image: AnnotatedImage,
  labelmap: Labelmap | null = null,
): { boxes: Box[] | null; problems: AnnotationProblem[] } {
  const { boxes, problems } = readAll([file], () => false, new Collector(new ImageIndex([image], "sole")), labelmap);
  return { boxes: boxes.get(image.id) ?? null, problems };
}

/**
 * The class that the SDK's annotate call names for an image of a classification project, or null for a text that is no
 * class name. In classification projects the client takes an `annotation_path` that is no file on its disk for the class
 * itself, and the name of the folder when it uploads a folder: both `annotationFile` and `name` are then the bare class
 * name, without any markup. A JSON list is what it sends for several classes, and is none.
 */
export function parseClassName(annotationFile: string): string | null {
  return labelOf(withoutMark(annotationFile));
}

function readAll(
  files: readonly AnnotationFile[],
  isNames: (file: AnnotationFile) => boolean,
  collector: Collector,
  labelmap: Labelmap | null,
) {
  const lists = new NameLists(collector);
  const labels: AnnotationFile[] = [];
  for (const { name, text } of files) {
    const file = { name, text: withoutMark(text) };
    if (isNames(file)) refusing(collector, file, () => lists.add(file));
    else labels.push(file);
  }
  const given = labelmap === null ? null : new Map(Object.entries(labelmap));
  const yolo = new YoloReader(labels.filter(isYolo), lists, given, collector);
  for (const file of labels) refusing(collector, file, () => readFile(file, collector, yolo));
  return collector.result();
}

function readFile(file: AnnotationFile, collector: Collector, yolo: YoloReader): void {
  const extension = extensionOf(file);
  if (file.text.length > LINEAR_LIMIT_BYTES) throw new FileRefused("too_large", { limitBytes: LINEAR_LIMIT_BYTES });
  if (extension === "csv" || extension === "jsonl") throw new FileRefused("unsupported_format", { format: extension });
  const start = firstOf(file);
  if (start === "{" || start === "[") return readCoco(file, parseJson(file.text), collector);
  if (start === "<") return readVoc(file, collector);
  if (extension !== "txt") throw new FileRefused("unknown_format");
  if (!listsImages(file)) yolo.read(file);
}

const extensionOf = ({ name }: AnnotationFile): string => name.slice(name.lastIndexOf(".") + 1).toLowerCase();
const firstOf = ({ text }: AnnotationFile): string | undefined => /\S/.exec(text)?.[0];
const isYolo = (file: AnnotationFile): boolean => extensionOf(file) === "txt" && !/[[{<]/.test(firstOf(file) ?? "");

function refusing(collector: Collector, file: AnnotationFile, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof FileRefused)) throw error;
    collector.refuse(file, error);
  }
}

/** Without the byte order mark that editors on Windows write. */
function withoutMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
