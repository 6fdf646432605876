import type { ManifestFile } from "@/lib/engine/manifest";

/**
 * An entry of the zip: `path` in it, and either a file of the version (its path under the version's prefix, and its
 * length) or text, to be made chunk by chunk while it is written.
 */
export type ExportEntry = { path: string; file: string; sizeBytes: number } | { path: string; text: Iterable<string> };

/** What an export says of itself, in README.dataset.txt and in COCO's info. */
export interface ExportInfo {
  /** the workspace's slug */
  workspace: string;
  /** the project's slug */
  project: string;
  projectName: string;
  /** what is annotated, as the project says ("hats"): COCO's supercategory */
  annotation: string;
  version: number;
  /** when the version was made, not the export: the same version gives the same bytes */
  createdAt: Date;
}

/** A file of the manifest with its name in the zip: `name` is `stem` and extension; no two in a split share a stem. */
export interface NamedFile {
  file: ManifestFile;
  name: string;
  stem: string;
}

/** Text that a format can only have in one line. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");

/** The inside of a JSON array, an item at a time. */
export function* joined<T>(items: Iterable<T>, present: (item: T, index: number) => object): Generator<string> {
  let index = 0;
  for (const item of items) {
    yield `${index === 0 ? "" : ","}${JSON.stringify(present(item, index))}`;
    index += 1;
  }
}

/** Larger pieces of the same text: every chunk costs the zip as much as some kilobytes do. */
export function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}
