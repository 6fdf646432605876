"use client";

import { useEffect, useRef } from "react";

/**
 * For what removes the row it stands in: once `leave()` was called and the row is gone, whichever comes first, with its
 * button and dialog, the focus goes to the element `id` (give it tabIndex -1) instead of getting lost.
 */
export function useLeave(id: string): () => void {
  const leaving = useRef(false);
  const gone = useRef(false);
  useEffect(() => {
    gone.current = false;
    return () => {
      gone.current = true;
      if (leaving.current) arriveAt(id);
    };
  }, [id]);
  return () => {
    leaving.current = true;
    if (gone.current) arriveAt(id);
  };
}

/** After the dialog that closes in the same moment has given back the focus to what is not there any more. */
function arriveAt(id: string): void {
  setTimeout(() => document.getElementById(id)?.focus(), 0);
}
