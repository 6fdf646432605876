"use client";

import type { Virtualizer } from "@tanstack/react-virtual";
import { useEffect, type CSSProperties } from "react";
import { CAPTION_PX, GAP_PX, type Columns } from "./columns";
import type { Places } from "./use-ranges";

export const rowHeightOf = ({ width }: Columns): number => width + CAPTION_PX + GAP_PX;

/** What a virtualizer is told of so many images: their rows, and how many it keeps ready beyond those in sight. */
export const rowsOf = (count: number, columns: Columns) => ({
  count: Math.ceil(count / columns.count),
  estimateSize: () => rowHeightOf(columns),
  overscan: 3,
});

type Rows = Pick<
  Virtualizer<Window, Element>,
  "getTotalSize" | "getVirtualItems" | "isScrolling" | "measure" | "scrollToIndex"
>;

interface Tiles {
  /** Those that exist, each where it stands in a list of this height. */
  tiles: { index: number; style: CSSProperties }[];
  height: number;
  /** The first and the last that exist. */
  inSight: Places;
  scrollTo: (index: number) => void;
  /** How many images further arrows, Home and End lead; undefined for every other key. */
  stepOf: (key: string) => number | undefined;
}

/**
 * A long list of images as tiles side by side, of which only the rows in sight exist, so that 100,000 cost no more than
 * 100. `rows` is a virtualizer of `rowsOf`, over the window or over a box that scrolls; `scrollMarginPx` is what stands
 * above the list in it. `onSight` is told what is in sight once it stays there: what only flies past is not fetched.
 */
export function useTiles(
  rows: Rows,
  columns: Columns,
  count: number,
  onSight: (places: Places) => void,
  scrollMarginPx = 0,
): Tiles {
  const rowHeight = rowHeightOf(columns);
  useEffect(() => rows.measure(), [rows, rowHeight]);

  const visible = rows.getVirtualItems();
  const first = (visible[0]?.index ?? 0) * columns.count;
  const last = Math.min(((visible.at(-1)?.index ?? 0) + 1) * columns.count, Math.max(count, 1)) - 1;
  const settled = !rows.isScrolling;
  useEffect(() => {
    if (settled) onSight({ first, last });
  }, [onSight, first, last, settled]);

  const tiles = visible.flatMap(({ index: row, start }) =>
    Array.from({ length: columns.count }, (_, column) => ({
      index: row * columns.count + column,
      style: {
        width: columns.width,
        transform: `translate(${column * (columns.width + GAP_PX)}px, ${start - scrollMarginPx}px)`,
      },
    })).filter(({ index }) => index < count),
  );
  const steps = new Map([
    ["ArrowLeft", -1],
    ["ArrowRight", 1],
    ["ArrowUp", -columns.count],
    ["ArrowDown", columns.count],
    ["Home", -Infinity],
    ["End", Infinity],
  ]);
  return {
    tiles,
    height: rows.getTotalSize(),
    inSight: { first, last },
    scrollTo: (index) => rows.scrollToIndex(Math.floor(index / columns.count)),
    stepOf: (key) => steps.get(key),
  };
}
