"use client";

import { useEffect } from "react";
import type { ItemType } from "@/lib/domain/item-types";

let leaving: ItemType | null = null;

/** An item that had the focus is about to leave the page: the FocusOnArrival of its list takes the focus. */
export function awaitArrival(item: ItemType): void {
  leaving = item;
}

/** Focuses the element with the id `target` once the page shows something else (`shows`) than when such an item left. */
export function FocusOnArrival({ item, target, shows }: { item: ItemType; target: string; shows: string }) {
  useEffect(() => {
    if (leaving !== item) return;
    leaving = null;
    // After the dialog that is closing in the same moment has given back the focus to what is not there any more.
    setTimeout(() => document.getElementById(target)?.focus(), 0);
  }, [item, target, shows]);
  return null;
}
