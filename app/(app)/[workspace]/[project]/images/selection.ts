import type { ListedImage } from "./listing";

/** Which images are chosen: these, or all that match the filter, fetched or not. */
export type Selection = ReadonlySet<string> | "all";

export const NONE: Selection = new Set();

export const isSelected = (selection: Selection, id: string): boolean => selection === "all" || selection.has(id);

/** One more or one less. From "all", what is left is what was fetched without that one. */
export function toggle(selection: Selection, id: string, images: readonly ListedImage[]): Selection {
  const next = new Set(selection === "all" ? images.map((image) => image.id) : selection);
  if (!next.delete(id)) next.add(id);
  return next;
}

/** The selection with all from one place to another. */
export function extend(selection: Selection, from: number, to: number, images: readonly ListedImage[]): Selection {
  if (selection === "all") return selection;
  return new Set([...selection, ...images.slice(Math.min(from, to), Math.max(from, to) + 1).map(({ id }) => id)]);
}
