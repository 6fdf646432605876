import type { AnnotatedImage, ImageIndex, Reference } from "@/lib/engine/annotations/image-index";
import type { Box } from "@/lib/engine/boxes";

/** The most boxes that one call takes from all its files. */
const MAX_BOXES = 1_000_000;

/** The longest class name, in UTF-16 units. */
const MAX_LABEL_LENGTH = 200;

/** What nobody sees, and short to write. */
const PER_PIXEL = 1024;

/** So fine that what was written in any format is the same once it is written again. Exact for sides up to 2²² pixels. */
export const EXACT_PER_PIXEL = 2 ** 30;

/** Boxes narrower than this many pixels are slips of the pen (and of rounding), not objects. */
const MIN_SIDE_PX = 0.01;

/**
 * What can be wrong with a file as a whole (then nothing is taken from it) or with one thing in it (then the rest is).
 * `details` in brackets; every text in them is cut to a bearable length.
 */
export type ProblemCode =
  /** whole file: larger than its format may be [limitBytes] */
  | "too_large"
  /** whole file: nested deeper, or of more parts, than any annotation is */
  | "too_complex"
  /** whole file: with it there would be more than [limit] boxes */
  | "too_many_boxes"
  /** whole file: not the JSON, XML or YAML that it starts like [format] */
  | "unreadable"
  /** whole file: neither COCO, Pascal VOC nor YOLO */
  | "unknown_format"
  /** whole file: a format we know by name and do not read [format] */
  | "unsupported_format"
  /** there is no image of this name [image] */
  | "unknown_image"
  /** several images have this name, and their folders do not tell which is meant [image] */
  | "ambiguous_image"
  /** an earlier file has already given this image its boxes [image, by] */
  | "already_annotated"
  /** drawn on an image of another size, so that the boxes would lie elsewhere [image, width, height, actualWidth, actualHeight] */
  | "size_mismatch"
  /** a class that the file, its data.yaml or the labelmap does not name [class] */
  | "unknown_class"
  /** a class without a usable name: empty, too long, or with control characters [image] */
  | "bad_label"
  /** not a box: wrong shape, or no numbers, or numbers that cannot be meant [line, index or image] */
  | "bad_box"
  /** a box without area, or wholly outside its image [image] */
  | "empty_box"
  /** whole file: it names the classes otherwise than another in its folder, which counts [by] */
  | "names_differ"
  | Reduction;

/** What was more than a box, and is the box around it now [image]. */
export type Reduction =
  /** a polygon, or a mask */
  | "polygon_reduced"
  /** a box that stands askew */
  | "rotated_reduced"
  /** a box with points of a pose, which are left aside */
  | "keypoints_dropped";

const REDUCTIONS: ReadonlySet<string> = new Set<Reduction>(["polygon_reduced", "rotated_reduced", "keypoints_dropped"]);
export const isReduction = (code: string): boolean => REDUCTIONS.has(code);

/** A box that a file has and its image has not got. */
const LOST: ReadonlySet<string> = new Set<ProblemCode>(["unknown_class", "bad_label", "bad_box", "empty_box"]);

/** How many boxes, by what is told of them, were not taken from files that were read. */
export const countLost = (problems: readonly { code: string; count: number }[]): number =>
  problems.reduce((sum, { code, count }) => sum + (LOST.has(code) ? count : 0), 0);

type ProblemDetails = Record<string, string | number>;

/** What could not be taken from a file: how often, and the details of the first time. At most one per file and code. */
export interface AnnotationProblem {
  file: string;
  code: ProblemCode;
  count: number;
  details: ProblemDetails;
}

/** Ends the reading of one file; nothing of it is kept. */
export class FileRefused extends Error {
  override readonly name = "FileRefused";

  constructor(
    readonly code: ProblemCode,
    readonly details: ProblemDetails = {},
    options?: ErrorOptions,
  ) {
    super(code, options);
  }
}

/** Edges in pixels of the oriented image, from its top left corner; may lie outside until they are taken. */
export interface Edges {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The file that speaks. Files are told apart by identity: uploads without folders bring several of one name. */
interface Speaker {
  name: string;
}

/** Gathers boxes and problems of all files, and holds what is promised about them. */
export class Collector {
  private readonly taken = new Map<string, { file: Speaker; boxes: Box[] }>();
  private readonly problems = new Map<Speaker, Map<ProblemCode, AnnotationProblem>>();
  private count = 0;

  constructor(
    private readonly images: ImageIndex,
    /** Edges are kept to so small a part of a pixel. */
    private readonly perPixel: number = PER_PIXEL,
  ) {}

  report(file: Speaker, code: ProblemCode, details: ProblemDetails): void {
    const ofFile = this.problems.get(file) ?? new Map<ProblemCode, AnnotationProblem>();
    this.problems.set(file, ofFile);
    const known = ofFile.get(code);
    if (known) known.count += 1;
    else
      ofFile.set(code, {
        file: shorten(file.name),
        code,
        count: 1,
        details: Object.fromEntries(Object.entries(details).map(([key, value]) => [key, shorten(value)])),
      });
  }

  /** Forgets what the file gave. */
  refuse(file: Speaker, refusal: FileRefused): void {
    for (const [id, entry] of this.taken) {
      if (entry.file !== file) continue;
      this.count -= entry.boxes.length;
      this.taken.delete(id);
    }
    this.report(file, refusal.code, refusal.details);
  }

  /** The image that the file means by `reference`; null, with the problem reported, when there is not exactly one. */
  find(file: Speaker, reference: Reference, ofMany = false): AnnotatedImage | null {
    const found = this.images.find(reference, file.name, ofMany);
    if (typeof found !== "string") return found;
    this.report(file, found, { image: reference.text });
    return null;
  }

  /** Whether the file means exactly one image by `reference`; reports nothing. */
  knows(file: Speaker, reference: Reference): boolean {
    return typeof this.images.find(reference, file.name, false) !== "string";
  }

  /** Whether the image takes its boxes from this file; says so in the problems when it does not. */
  open(
    file: Speaker,
    image: AnnotatedImage,
    drawnOn: { width?: number | undefined; height?: number | undefined } | null,
  ): boolean {
    const earlier = this.taken.get(image.id);
    if (earlier && earlier.file !== file) {
      this.report(file, "already_annotated", { image: image.name, by: earlier.file.name });
      return false;
    }
    const { width = 0, height = 0 } = drawnOn ?? {};
    if (width > 0 && height > 0 && (width !== image.width || height !== image.height)) {
      this.report(file, "size_mismatch", {
        image: image.name,
        width,
        height,
        actualWidth: image.width,
        actualHeight: image.height,
      });
      return false;
    }
    if (!earlier) this.taken.set(image.id, { file, boxes: [] });
    return true;
  }

  /**
   * Puts a box, clipped to the image, onto an image that was opened; `reduction` says what else it was. Throws FileRefused when
   * there are too many.
   */
  add(file: Speaker, image: AnnotatedImage, name: unknown, edges: Edges, reduction: Reduction | null = null): void {
    const label = labelOf(name);
    if (label === null) return this.report(file, "bad_label", { image: image.name });
    const x = within(edges.left, image.width, this.perPixel);
    const y = within(edges.top, image.height, this.perPixel);
    const width = within(edges.right, image.width, this.perPixel) - x;
    const height = within(edges.bottom, image.height, this.perPixel) - y;
    if (!(width >= MIN_SIDE_PX && height >= MIN_SIDE_PX)) return this.report(file, "empty_box", { image: image.name });
    if (this.count >= MAX_BOXES) throw new FileRefused("too_many_boxes", { limit: MAX_BOXES });
    this.taken.get(image.id)?.boxes.push({ label, x, y, width, height });
    this.count += 1;
    if (reduction) this.report(file, reduction, { image: image.name });
  }

  result(): { boxes: Map<string, Box[]>; problems: AnnotationProblem[] } {
    return {
      boxes: new Map([...this.taken].map(([id, { boxes }]) => [id, boxes])),
      problems: [...this.problems.values()].flatMap((ofFile) => [...ofFile.values()]),
    };
  }
}

/**
 * A class name as it is kept: one line, trimmed, in NFC; null when the value cannot be one. Numbers name classes too; a JSON
 * list or object is what programs write for several, and names none.
 */
export function labelOf(value: unknown): string | null {
  if (typeof value !== "string" && typeof value !== "number") return null;
  const label = String(value).normalize("NFC").trim();
  if (label === "" || label.length > MAX_LABEL_LENGTH || /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(label)) return null;
  return isJson(label) ? null : label;
}

/** A list or an object; words and numbers are names, too. */
function isJson(text: string): boolean {
  if (!/^[[{]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Clipped, and to a power of two: on a binary grid x + width is exact, and never an ulp outside the image. */
function within(edge: number, size: number, perPixel: number): number {
  return Math.round(Math.min(Math.max(edge, 0), size) * perPixel) / perPixel;
}

function shorten<T extends string | number>(value: T): T | string {
  return typeof value === "string" && value.length > 200 ? `${value.slice(0, 199).replace(/\p{Cs}$/u, "")}…` : value;
}
