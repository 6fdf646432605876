import type { SplitName } from "@/lib/domain/splits";

/** Whether a file names the classes of others. */
export { namesClasses } from "@/lib/engine/annotations/side-files";

/*
 * What a file is and where it goes, read from its path alone. Paths have "/" between folders.
 */

export type FileKind = "image" | "annotation" | "zip" | "hidden" | "other";

const EXTENSIONS: Readonly<Record<string, FileKind>> = {
  jpg: "image",
  jpeg: "image",
  jpe: "image",
  jfif: "image",
  png: "image",
  webp: "image",
  json: "annotation",
  xml: "annotation",
  txt: "annotation",
  yaml: "annotation",
  yml: "annotation",
  zip: "zip",
};

/** What a file is, by its name. What has no extension may be an image: the server looks inside. */
export function kindOf(path: string): FileKind {
  const parts = path.split("/");
  if (parts.some((part) => part.startsWith(".") || part === "__MACOSX") || parts.at(-1) === "Thumbs.db")
    return "hidden";
  const [, extension] = /\.([^.]*)$/.exec(baseName(path)) ?? [];
  return extension === undefined ? "image" : (EXTENSIONS[extension.toLowerCase()] ?? "other");
}

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1);

const SPLIT_FOLDERS: Readonly<Record<string, SplitName>> = {
  train: "train",
  training: "train",
  valid: "valid",
  val: "valid",
  validation: "valid",
  test: "test",
  testing: "test",
};
/** Folders that data sets keep their images in, whatever is on them. */
const PLAIN_FOLDERS = /^(images?|imgs?|jpegimages|data)$/i;

/**
 * What the folders above a file say: "train/7/a.png" is class 7 of the training images, "7/a.png" class 7, and
 * "train/images/a.png" has no class. What lies above a split's folder is the data set's name, not a class.
 */
export function readFolders(path: string): { split: SplitName | null; label: string | null } {
  const folders = path.split("/").slice(0, -1);
  const at = folders.findLastIndex((folder) => Object.hasOwn(SPLIT_FOLDERS, folder.toLowerCase()));
  const label = folders.slice(at + 1).findLast((folder) => !PLAIN_FOLDERS.test(folder)) ?? null;
  return { split: at < 0 ? null : SPLIT_FOLDERS[folders[at]!.toLowerCase()]!, label };
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
  /** "folders": as the folders say, else by name. */
  split: SplitName | "folders" | "auto";
  classesFromFolders: boolean;
  /** The class of what no folder gives one; "" for none. */
  label: string;
}

export function place(path: string, placing: Placing): { split: SplitName; label: string | null } {
  const folders = readFolders(path);
  const split =
    placing.split === "folders"
      ? (folders.split ?? splitByName(path))
      : placing.split === "auto"
        ? splitByName(path)
        : placing.split;
  return { split, label: (placing.classesFromFolders ? folders.label : null) ?? (placing.label.trim() || null) };
}
