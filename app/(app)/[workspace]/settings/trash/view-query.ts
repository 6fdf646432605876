import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import type { TrashView } from "@/lib/domain/trash";

/** What the page's address says: what to show, and from where each section reads on. */
export interface TrashQuery extends TrashView {
  order: "newest" | "oldest";
  search: string;
  cursors: Partial<Record<ItemType, string>>;
}

/** The names of types in the address. */
export const TYPE_WORDS = { PROJECT: "projects", VERSION: "versions", TRAINING: "trainings" } as const satisfies Record<
  ItemType,
  string
>;

type Raw = Record<string, string | string[] | undefined>;

const first = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? (value[0] ?? "") : (value ?? "");

/** Reads an address; what it does not know means "all of it, newest first". */
export function parseTrashQuery(raw: Raw): TrashQuery {
  const cursors = ITEM_TYPES.flatMap((type) =>
    first(raw[TYPE_WORDS[type]]) === "" ? [] : [[type, first(raw[TYPE_WORDS[type]])] as const],
  );
  return {
    type: ITEM_TYPES.find((type) => TYPE_WORDS[type] === first(raw["type"])),
    order: first(raw["order"]) === "oldest" ? "oldest" : "newest",
    search: first(raw["q"]).slice(0, 200),
    cursors: Object.fromEntries(cursors),
  };
}

/** The address of a view; a changed filter starts every section anew, so pass `cursors` only to read on. */
export function trashHref(workspaceSlug: string, { type, order, search, cursors = {} }: Partial<TrashQuery>): string {
  const query = new URLSearchParams();
  if (type) query.set("type", TYPE_WORDS[type]);
  if (search) query.set("q", search);
  if (order === "oldest") query.set("order", order);
  for (const each of ITEM_TYPES) if (cursors[each]) query.set(TYPE_WORDS[each], cursors[each]);
  const path = `/${workspaceSlug}/settings/trash`;
  return query.size > 0 ? `${path}?${query.toString()}` : path;
}

export const isFiltered = ({ type, search }: TrashQuery): boolean => type !== undefined || search !== "";
