"use client";

import { useEffect } from "react";

let awaited = false;

/** Something that had the focus is about to leave the page: the next FocusOnArrival takes the focus. */
export function awaitArrival(): void {
  awaited = true;
}

/** Focuses the element with the id `target` once the page shows something else (`shows`) than when awaitArrival was called. */
export function FocusOnArrival({ target, shows }: { target: string; shows: string }) {
  useEffect(() => {
    if (!awaited) return;
    awaited = false;
    document.getElementById(target)?.focus();
  }, [target, shows]);
  return null;
}
