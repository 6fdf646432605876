import type { Reader } from "@zip.js/zip.js/lib/zip-core-native.js";
import { kindOf } from "./placing";
import { NO_SPLIT_LISTS, readSplitLists, type SplitLists } from "./split-lists";
import type { Refusal, Refused, UploadFile } from "./upload-file";
import type { ZipFiles } from "./zip-files";
import type { NameEncoding } from "./zip-names";

/** What somebody chose or dropped, sorted. */
export interface Intake {
  images: UploadFile[];
  annotations: UploadFile[];
  refused: Refused[];
  /** How the first names of a zip that are not in Unicode were read; null: there are none. */
  encoding: NameEncoding | null;
  /** The splits that lists among the files name. */
  listed: SplitLists;
}

const emptyIntake = (): Intake => ({
  images: [],
  annotations: [],
  refused: [],
  encoding: null,
  listed: NO_SPLIT_LISTS,
});

export interface IntakeLimits {
  imageBytes: number;
  annotationBytes: number;
}

const PATH_MAX = 1_000;
/** Names that lead out of a folder when taken for a path, or that hide what they are. */
const UNSAFE = /^[/\\]|^[a-z]:|(^|[/\\])\.\.([/\\]|$)|\p{Cc}/iu;

const isUnsafePath = (path: string): boolean => path.length > PATH_MAX || UNSAFE.test(path);

/**
 * Sorts what was chosen or dropped; zips are opened and their entries sorted with it. Names in zips that are not in Unicode
 * are read as `encoding`, or as what fits those of each zip best. Never throws for a file.
 */
export async function sortFiles(
  files: AsyncIterable<UploadFile> | Iterable<UploadFile>,
  limits: IntakeLimits,
  encoding?: NameEncoding,
): Promise<Intake> {
  const intake = emptyIntake();
  for await (const file of files) {
    if (kindOf(file.path) === "zip" && !isUnsafePath(file.path)) {
      const { readZip } = await import("./zip-files");
      sortZipped(await readZip(file, encoding), limits, intake);
    } else {
      sortOne(file, limits, intake);
    }
  }
  return withLists(intake);
}

/** Sorts the files of one zip, wherever its bytes are. Never throws for what is in it. */
export async function sortZip(
  zip: { path: string; sizeBytes: number; reader: Reader<unknown> },
  limits: IntakeLimits,
): Promise<Intake> {
  const intake = emptyIntake();
  const { readZipFrom } = await import("./zip-files");
  sortZipped(await readZipFrom(zip), limits, intake);
  return withLists(intake);
}

const withLists = async (intake: Intake): Promise<Intake> => ({
  ...intake,
  listed: await readSplitLists(intake.annotations),
});

function sortZipped({ entries, refused, encoding }: ZipFiles, limits: IntakeLimits, intake: Intake): void {
  intake.encoding ??= encoding;
  intake.refused.push(...refused);
  for (const entry of entries) sortOne(entry, limits, intake);
}

function sortOne(file: UploadFile, limits: IntakeLimits, { images, annotations, refused }: Intake): void {
  const refuse = (reason: Refusal) => void refused.push({ path: file.path, reason });
  if (isUnsafePath(file.path)) return refuse("unsafeName");
  const kind = kindOf(file.path);
  switch (kind) {
    case "hidden":
      return;
    case "image":
      return file.sizeBytes > limits.imageBytes ? refuse("tooLarge") : void images.push(file);
    case "annotation":
      return file.sizeBytes > limits.annotationBytes ? refuse("annotationTooLarge") : void annotations.push(file);
    case "heic":
    case "cameraRaw":
    case "video":
    case "archive":
    case "table":
      return refuse(kind);
    case "zip": // a zip in a zip
      return refuse("archive");
    case "other":
      return refuse("notAnImage");
  }
}
