import type { ItemType } from "@/lib/platform/generated/enums";

/**
 * What goes to Trash, the whole before its parts: the order in which it is listed and restored. Imports nothing but a
 * type, so that a page in the browser can list them.
 */
export const ITEM_TYPES = ["PROJECT", "VERSION", "TRAINING", "IMAGES"] as const satisfies readonly ItemType[];

export type { ItemType };
