"use client";

import { useEffect, useState, type RefObject } from "react";

export const TILE_MIN_PX = 92;
export const GAP_PX = 8;
/** The line under a tile's picture. */
export const CAPTION_PX = 22;

export interface Columns {
  count: number;
  width: number;
}

/** As many tiles side by side as fit, and how wide each then is. */
export function useColumns(box: RefObject<HTMLElement | null>, tileMinPx: number = TILE_MIN_PX): Columns {
  const [columns, setColumns] = useState({ count: 6, width: tileMinPx });
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const observer = new ResizeObserver(([entry]) => {
      const width = entry!.contentRect.width;
      if (width === 0) return; // not shown at this size of screen
      const count = Math.max(2, Math.floor((width + GAP_PX) / (tileMinPx + GAP_PX)));
      setColumns({ count, width: Math.floor((width - (count - 1) * GAP_PX) / count) });
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, [box, tileMinPx]);
  return columns;
}
