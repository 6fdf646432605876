/** Which images are chosen: these, or all that match the filter, fetched or not. */
export type Selection = ReadonlySet<string> | "all";

export const NONE: Selection = new Set();

export const isSelected = (selection: Selection, id: string): boolean => selection === "all" || selection.has(id);

/** One more or one less. */
export function toggle(selection: ReadonlySet<string>, id: string): Selection {
  const next = new Set(selection);
  if (!next.delete(id)) next.add(id);
  return next;
}
