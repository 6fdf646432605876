"use client";

import { useCallback, useEffect, useReducer, useState } from "react";

/** Images fetched at once. */
export const RANGE = 120;

/** Places in a list, from 0; both belong to it. */
export interface Places {
  first: number;
  last: number;
}

export interface Fetched<T> {
  /** RANGE of them, fewer only at the end of the list. */
  images: readonly T[];
  /** All that there are; null where `known` came from an answer that said so. */
  total: number | null;
}

/** Fetches the images from a place on. `known`: those fetched before, by place. */
export type FetchRange<T> = (start: number, known: ReadonlyMap<number, T>, signal: AbortSignal) => Promise<Fetched<T>>;

export interface Ranges<T> {
  /** By place, those that were fetched. */
  images: ReadonlyMap<number, T>;
  /** null until the first range is there. */
  total: number | null;
  failed: boolean;
  /** Fetches anew what is wanted, after a failure or to see what is there now; until it comes, what was there stays. */
  reload: () => void;
  /** Shows images as they are now, without fetching. */
  patch: (change: (image: T) => T) => void;
}

interface List<T> {
  images: ReadonlyMap<number, T>;
  total: number | null;
  /** The reload that it belongs to. */
  round: number;
}

/**
 * A long list of images of which only ranges that are wanted are fetched, and kept: one range at a time, and none that
 * is not wanted any more when it would come. Give the component that uses it a key of what `fetchRange` asks for.
 */
export function useRanges<T>(fetchRange: FetchRange<T>, wanted: Places): Ranges<T> {
  const [list, setList] = useState<List<T>>({ images: new Map(), total: null, round: 0 });
  const [round, reload] = useReducer((count: number) => count + 1, 0);
  const [failedRound, setFailedRound] = useState<number | null>(null);
  const failed = failedRound === round;
  const start = failed ? null : findGap(inRound(list, round), wanted);

  useEffect(() => {
    if (start === null) return;
    const abort = new AbortController();
    fetchRange(start, inRound(list, round).images, abort.signal).then(
      (fetched) => abort.signal.aborted || setList((latest) => add(inRound(latest, round), start, fetched)),
      () => abort.signal.aborted || setFailedRound(round),
    );
    return () => abort.abort();
  }, [fetchRange, start, list, round]);

  const patch = useCallback(
    (change: (image: T) => T) =>
      setList((latest) => ({
        ...latest,
        images: new Map([...latest.images].map(([place, image]) => [place, change(image)])),
      })),
    [],
  );
  return { images: list.images, total: list.total, failed, reload, patch };
}

/** The list as far as it was fetched in this round. */
function inRound<T>(list: List<T>, round: number): List<T> {
  return list.round === round ? list : { images: new Map(), total: null, round };
}

/** Where the first range begins that is wanted and not there; null: all are there. */
function findGap({ images, total }: List<unknown>, { first, last }: Places): number | null {
  for (let place = first; place <= last && place < (total ?? Infinity); place++)
    if (!images.has(place)) return Math.floor(place / RANGE) * RANGE;
  return null;
}

function add<T>({ images, total, round }: List<T>, start: number, fetched: Fetched<T>): List<T> {
  const end = start + fetched.images.length;
  const said = fetched.total ?? total ?? end;
  return {
    images: new Map([...images, ...fetched.images.map((image, index): [number, T] => [start + index, image])]),
    // Others add and take away meanwhile: what was fetched counts for more than what was counted.
    total: fetched.images.length < RANGE ? Math.min(said, end) : Math.max(said, end),
    round,
  };
}
