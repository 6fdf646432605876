import { parseSplitName, type SplitName } from "@/lib/domain/splits";
import type { ImageType } from "@/lib/engine/formats";

/** Whether a file names the classes of others. */
export { namesClasses } from "@/lib/engine/annotations/side-files";

/*
 * What a file is and where it goes, read from its path alone. Paths have "/" between folders.
 */

export type FileKind =
  "image" | "annotation" | "zip" | "hidden" | "other" | "heic" | "cameraRaw" | "video" | "archive" | "table";

const IMAGE_EXTENSIONS: Readonly<Record<string, ImageType>> = {
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  jpe: "image/jpeg",
  jfif: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
  avif: "image/avif",
  tif: "image/tiff",
  tiff: "image/tiff",
  gif: "image/gif",
  bmp: "image/bmp",
  dib: "image/bmp",
};
const ANNOTATION_EXTENSIONS = ["json", "xml", "txt", "yaml", "yml", "names", "labels", "data"] as const;

/** What a file input offers: images, annotation files and zips. */
export const ACCEPTED_FILES = [...Object.keys(IMAGE_EXTENSIONS), "zip", ...ANNOTATION_EXTENSIONS]
  .map((extension) => `.${extension}`)
  .join(",");
/** The same of images alone. */
export const ACCEPTED_IMAGES = [...new Set(Object.values(IMAGE_EXTENSIONS))].join(",");

const KINDS: ReadonlyMap<string, FileKind> = new Map<string, FileKind>([
  ...Object.keys(IMAGE_EXTENSIONS).map((extension) => [extension, "image"] as const),
  ...ANNOTATION_EXTENSIONS.map((extension) => [extension, "annotation"] as const),
  ["zip", "zip"],
  // what is of no use as it is, and what to do about it is known
  ...["heic", "heif"].map((extension) => [extension, "heic"] as const),
  ...["dng", "cr2", "cr3", "nef", "arw", "orf", "rw2", "raf"].map((extension) => [extension, "cameraRaw"] as const),
  ...["mp4", "mov", "avi", "mkv", "webm", "m4v"].map((extension) => [extension, "video"] as const),
  ...["rar", "7z", "tar", "gz", "tgz"].map((extension) => [extension, "archive"] as const),
  ...["csv", "jsonl"].map((extension) => [extension, "table"] as const),
]);

const extensionOf = (path: string): string | undefined => /\.([^.]*)$/.exec(baseName(path))?.[1]?.toLowerCase();

/** What an image is by its name; undefined: that tells nothing. */
export const imageTypeOf = (path: string): ImageType | undefined => {
  const extension = extensionOf(path) ?? "";
  return Object.hasOwn(IMAGE_EXTENSIONS, extension) ? IMAGE_EXTENSIONS[extension] : undefined;
};

/** What a file is, by its name. What has no extension may be an image: the server looks inside. */
export function kindOf(path: string): FileKind {
  const parts = path.split("/");
  if (parts.some((part) => part.startsWith(".") || part === "__MACOSX") || parts.at(-1) === "Thumbs.db")
    return "hidden";
  const extension = extensionOf(path);
  return extension === undefined ? "image" : (KINDS.get(extension) ?? "other");
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

/** The split that a folder is called after, alone, with a year (COCO's val2017) or as CVAT does (obj_valid_data). */
const splitOfFolder = (folder: string): SplitName | null =>
  parseSplitName(folder.replace(/^obj_(.*)_data$/i, "$1").replace(/(?<=[a-z])\d{4}$/i, ""));

/** Folders that data sets keep their images in, whatever is on them. */
const PLAIN_FOLDERS = /^(images?|imgs?|jpegimages|data)$/i;

/**
 * What the folders above a file say: "train/7/a.png" is class 7 of the training images, "7/a.png" class 7, and
 * "train/images/a.png" has no class. What lies above a split's folder is the data set's name, not a class.
 */
export function readFolders(path: string): { split: SplitName | null; label: string | null } {
  const folders = path.split("/").slice(0, -1);
  const at = folders.findLastIndex((folder) => splitOfFolder(folder) !== null);
  const label = folders.slice(at + 1).findLast((folder) => !PLAIN_FOLDERS.test(folder)) ?? null;
  return { split: at < 0 ? null : splitOfFolder(folders[at]!), label };
}

/** 70 % train, 20 % valid, 10 % test; by the file's name alone, so that the same file always falls to the same split. */
export function splitByName(path: string): SplitName {
  // FNV-1a, then the finalizer of MurmurHash3: names that differ in one digit only must still scatter.
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(baseName(path))) hash = Math.imul(hash ^ byte, 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const percent = ((hash ^ (hash >>> 16)) >>> 0) % 100;
  return percent < 70 ? "train" : percent < 90 ? "valid" : "test";
}

/** How somebody wants files to be placed. */
export interface Placing {
  /** "folders": as lists that came with the files say, else the folders, else by name. */
  split: SplitName | "folders" | "auto";
  classesFromFolders: boolean;
  /** The class of what no folder gives one; "" for none. */
  label: string;
}

/** `listed`: the split that a list names for it. */
export function place(
  path: string,
  placing: Placing,
  listed: SplitName | null = null,
): { split: SplitName; label: string | null } {
  const folders = readFolders(path);
  const split =
    placing.split === "folders"
      ? (listed ?? folders.split ?? splitByName(path))
      : placing.split === "auto"
        ? splitByName(path)
        : placing.split;
  return { split, label: (placing.classesFromFolders ? folders.label : null) ?? (placing.label.trim() || null) };
}
