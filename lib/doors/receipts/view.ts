import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import type { ReceiptFilters } from "@/lib/domain/trash";
import { dayAfter, parseDay, startOfDay } from "@/lib/doors/days";

/*
 * What the address of Settings → Receipts says, and so which receipts its downloads hold. Imports no more than a page in the
 * browser may have.
 */

export interface ReceiptView {
  type: ItemType | undefined;
  state: "verified" | "waiting" | undefined;
  search: string;
  /** Days of the viewer's calendar, the last one included; "" for none. */
  from: string;
  to: string;
}

/** From where the page reads on. */
export interface ReceiptPlace {
  older?: string | undefined;
  newer?: string | undefined;
}

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

/** Reads an address; what it does not know means "all of them". */
export function parseReceiptView(raw: Raw): ReceiptView {
  const state = first(raw["state"]);
  return {
    type: ITEM_TYPES.find((type) => TYPE_WORDS[type] === first(raw["type"])),
    state: state === "verified" || state === "waiting" ? state : undefined,
    search: first(raw["q"]).slice(0, 200),
    from: parseDay(first(raw["from"])),
    to: parseDay(first(raw["to"])),
  };
}

export const parseReceiptPlace = (raw: Raw): ReceiptPlace => ({
  older: first(raw["older"]) || undefined,
  newer: first(raw["newer"]) || undefined,
});

/** A view as the query of an address. */
export function receiptQuery(
  { type, state, search = "", from = "", to = "" }: Partial<ReceiptView>,
  place: ReceiptPlace = {},
): string {
  const query = new URLSearchParams();
  if (search) query.set("q", search);
  if (type) query.set("type", TYPE_WORDS[type]);
  if (state) query.set("state", state);
  if (from) query.set("from", from);
  if (to) query.set("to", to);
  if (place.older) query.set("older", place.older);
  if (place.newer) query.set("newer", place.newer);
  return query.size > 0 ? `?${query.toString()}` : "";
}

/** The same for the domain: days are those of a zone. */
export const toReceiptFilters = ({ type, state, search, from, to }: ReceiptView, timeZone: string): ReceiptFilters => ({
  type,
  state,
  search,
  from: from ? startOfDay(from, timeZone) : undefined,
  until: to ? startOfDay(dayAfter(to), timeZone) : undefined,
});
