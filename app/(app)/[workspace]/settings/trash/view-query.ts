import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import type { TrashOrder, TrashView } from "@/lib/domain/trash";
import { dayAfter, parseDay, startOfDay } from "@/lib/doors/days";

/** What the page's address says: what to show, in which order, and from where each section reads on. */
export interface TrashQuery {
  type: ItemType | undefined;
  search: string;
  /** A project's slug. */
  project: string;
  /** A person's id. */
  deletedBy: string;
  /** Days of the calendar of whoever looks, both included; "" for none. */
  from: string;
  to: string;
  daysLeft: (typeof DAYS_LEFT)[number] | undefined;
  order: TrashOrder;
  cursors: Partial<Record<ItemType, string>>;
}

/** At most so many. */
export const DAYS_LEFT = [1, 3, 7] as const;

/** As the page offers them. Not the domain's own list: this file is the browser's, too. */
export const ORDERS = ["newest", "oldest", "largest", "soonest"] as const satisfies readonly TrashOrder[];

/** The names of types in the address. */
export const TYPE_WORDS = {
  PROJECT: "projects",
  VERSION: "versions",
  TRAINING: "trainings",
  IMAGES: "images",
} as const satisfies Record<ItemType, string>;

type Raw = Record<string, string | string[] | undefined>;

const first = (value: string | string[] | undefined): string =>
  Array.isArray(value) ? (value[0] ?? "") : (value ?? "");

/** What PostgreSQL takes no part of. */
const readable = (value: string): string => value.replace(/\p{Cc}/gu, "").slice(0, 200);

/** Reads an address; what it does not know narrows nothing, and means newest first. */
export function parseTrashQuery(raw: Raw): TrashQuery {
  const cursors = ITEM_TYPES.flatMap((type) =>
    first(raw[TYPE_WORDS[type]]) === "" ? [] : [[type, first(raw[TYPE_WORDS[type]])] as const],
  );
  return {
    type: ITEM_TYPES.find((type) => TYPE_WORDS[type] === first(raw["type"])),
    search: readable(first(raw["q"])),
    project: readable(first(raw["project"])),
    deletedBy: readable(first(raw["by"])),
    from: parseDay(first(raw["from"])),
    to: parseDay(first(raw["to"])),
    daysLeft: DAYS_LEFT.find((days) => String(days) === first(raw["left"])),
    order: ORDERS.find((order) => order === first(raw["order"])) ?? "newest",
    cursors: Object.fromEntries(cursors),
  };
}

/** The fields of the form, as the address has them; "" for what narrows nothing. */
export function fieldsOf({ type, search, project, deletedBy, from, to, daysLeft, order }: TrashQuery) {
  return {
    q: search,
    type: type ? TYPE_WORDS[type] : "",
    project,
    by: deletedBy,
    from,
    to,
    left: daysLeft === undefined ? "" : String(daysLeft),
    order: order === "newest" ? "" : order,
  };
}

/** The address of a view; a changed filter starts every section anew, so pass `cursors` only to read on. */
export function trashHref(workspaceSlug: string, query: Partial<TrashQuery> = {}): string {
  const whole = { ...parseTrashQuery({}), ...query };
  const search = new URLSearchParams(Object.entries(fieldsOf(whole)).filter(([, value]) => value !== ""));
  for (const type of ITEM_TYPES) if (whole.cursors[type]) search.set(TYPE_WORDS[type], whole.cursors[type]);
  const path = `/${workspaceSlug}/settings/trash`;
  return search.size > 0 ? `${path}?${search.toString()}` : path;
}

/** What a view asks of Trash; its days are as they are in `timeZone`. */
export function toTrashView(query: TrashQuery, timeZone: string): TrashView {
  const { type, search, project, deletedBy, from, to, daysLeft, order } = query;
  return {
    type,
    search,
    projectSlug: project === "" ? undefined : project,
    deletedById: deletedBy === "" ? undefined : deletedBy,
    from: from === "" ? undefined : startOfDay(from, timeZone),
    until: to === "" ? undefined : startOfDay(dayAfter(to), timeZone),
    daysLeft,
    order,
  };
}

/** The same without a filter, each by itself: those that narrow the view. */
export function filtersOf(query: TrashQuery): { name: FilterName; without: TrashQuery }[] {
  const none = parseTrashQuery({});
  return FILTER_NAMES.filter((name) => query[name] !== none[name]).map((name) => ({
    name,
    without: { ...query, [name]: none[name], cursors: {} },
  }));
}

const FILTER_NAMES = ["search", "type", "project", "deletedBy", "from", "to", "daysLeft"] as const;
export type FilterName = (typeof FILTER_NAMES)[number];
