"use client";

import { useEffect, useRef } from "react";

/**
 * For what removes the row it stands in: once `leave()` was called and the row is gone, with its button and dialog, the
 * focus goes to the element `id` (give it tabIndex -1) instead of getting lost.
 */
export function useLeave(id: string): () => void {
  const leaving = useRef(false);
  useEffect(
    () => () => {
      if (leaving.current) setTimeout(() => document.getElementById(id)?.focus(), 0);
    },
    [id],
  );
  return () => {
    leaving.current = true;
  };
}
