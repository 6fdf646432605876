import { parseSplitName, type SplitName } from "@/lib/domain/splits";
import { isImagePath, listsImages } from "@/lib/engine/annotations/side-files";
import type { UploadFile } from "./upload-file";

/*
 * Which images belong to which split, where files say it rather than folders: lists of images (Darknet's and CVAT's train.txt,
 * Pascal VOC's ImageSets/Main/val.txt), and what data.yaml and obj.data say of other lists and folders.
 */

export interface SplitLists {
  /** The split that a list names for the image of that path; null: none does, or several do and differ. */
  of: (path: string) => SplitName | null;
}

export const NO_SPLIT_LISTS: SplitLists = { of: () => null };

/** Lists of more are read as far as this; each is held as text. */
const LIST_BYTES_MAX = 32 * 1024 * 1024;
const SETTINGS_BYTES_MAX = 256 * 1024;

const baseOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
/** The name without what makes it an image's, or a list's: Pascal VOC lists images so. */
const stemOf = (path: string): string =>
  isImagePath(path) || /\.txt$/i.test(path) ? baseOf(path).replace(/\.[^.]*$/, "") : baseOf(path);
const normal = (path: string): string =>
  path
    .normalize("NFC")
    .toLowerCase()
    .replaceAll("\\", "/")
    .split("/")
    .filter((part) => part !== "" && part !== "." && part !== "..")
    .join("/");

/** Reads what of the files says something of splits. Files that cannot be read say nothing. */
export async function readSplitLists(files: readonly UploadFile[]): Promise<SplitLists> {
  const folders: { folder: string; split: SplitName }[] = [];
  const listSplits = new Map<string, SplitName>();
  for (const file of files) {
    if (!/\.(ya?ml|data)$/i.test(file.path) || file.sizeBytes > SETTINGS_BYTES_MAX) continue;
    for (const { split, place } of readSettings(await textOf(file))) {
      if (/\.txt$/i.test(place)) listSplits.set(baseOf(normal(place)), split);
      else if (normal(place) !== "") folders.push({ folder: normal(place), split });
    }
  }
  const named = new Map<string, { path: string; split: SplitName }[]>();
  for (const file of files) {
    const split = splitOfList(file.path, listSplits);
    if (split === null || file.sizeBytes > LIST_BYTES_MAX) continue;
    const text = await textOf(file);
    if (!listsImages({ name: file.path, text })) continue;
    for (const [line] of text.matchAll(/[^\r\n]+/g)) {
      const path = normal(line.trim());
      if (path === "") continue;
      const there = named.get(stemOf(path));
      if (there) there.push({ path, split });
      else named.set(stemOf(path), [{ path, split }]);
    }
  }
  if (named.size === 0 && folders.length === 0) return NO_SPLIT_LISTS;
  return { of: (path) => fromLists(normal(path), named) ?? fromFolders(normal(path), folders) };
}

async function textOf(file: UploadFile): Promise<string> {
  try {
    return await (await file.open()).text();
  } catch {
    return "";
  }
}

/** The split that a list is for: as the settings say, else as it is called. Of Pascal VOC only the lists of detection count. */
function splitOfList(path: string, listSplits: ReadonlyMap<string, SplitName>): SplitName | null {
  if (!/\.txt$/i.test(path)) return null;
  if (/(^|\/)imagesets\//i.test(path) && !/(^|\/)imagesets\/main\//i.test(path)) return null;
  return listSplits.get(baseOf(normal(path))) ?? parseSplitName(stemOf(path));
}

/**
 * What a data.yaml (`val: images/dev`, also a list of places) or an obj.data (`valid = data/test.txt`) says of splits. Read line
 * by line: it is all that is looked for, and a page need not load a parser of YAML for it.
 */
function* readSettings(text: string): Generator<{ split: SplitName; place: string }> {
  let split: SplitName | null = null;
  for (const [line] of text.matchAll(/[^\r\n]+/g)) {
    const item = /^\s*-\s+(.+)$/.exec(line);
    const pair = /^(\w+)\s*[:=]\s*(.*)$/.exec(line);
    if (pair) split = parseSplitName(pair[1]!);
    else if (!item) continue;
    if (split === null) continue;
    const value = (pair ? pair[2]! : item![1]!).replace(/(^|\s)#.*$/, "").trim();
    for (const part of value.replace(/^\[(.*)\]$/, "$1").split(",")) {
      const place = part.trim().replace(/^(["'])(.*)\1$/, "$2");
      if (place !== "") yield { split, place };
    }
  }
}

/** By the name without its extension; of several of one name those count that share the most folders from the end. */
function fromLists(
  path: string,
  named: ReadonlyMap<string, readonly { path: string; split: SplitName }[]>,
): SplitName | null {
  let best: { shared: number; splits: Set<SplitName> } | null = null;
  for (const listed of named.get(stemOf(path)) ?? []) {
    if (isImagePath(listed.path) && baseOf(listed.path) !== baseOf(path)) continue;
    const shared = sharedFolders(path, listed.path);
    if (best === null || shared > best.shared) best = { shared, splits: new Set([listed.split]) };
    else if (shared === best.shared) best.splits.add(listed.split);
  }
  const [only, other] = best?.splits ?? [];
  return only !== undefined && other === undefined ? only : null;
}

function sharedFolders(one: string, other: string): number {
  const [some, others] = [one.split("/").slice(0, -1).reverse(), other.split("/").slice(0, -1).reverse()];
  const differs = some.findIndex((folder, at) => folder !== others[at]);
  return differs < 0 ? some.length : differs;
}

function fromFolders(path: string, folders: readonly { folder: string; split: SplitName }[]): SplitName | null {
  return folders.find(({ folder }) => `/${path}`.includes(`/${folder}/`))?.split ?? null;
}
