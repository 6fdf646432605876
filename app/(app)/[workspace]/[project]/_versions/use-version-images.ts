"use client";

import { useEffect, useRef, useState } from "react";
import type { VersionImage, VersionImages } from "@/lib/edge/version-images";

/** Images fetched at once. */
const RANGE = 120;

interface Fetched {
  /** null until the first range is there. */
  total: number | null;
  images: ReadonlyMap<number, VersionImage>;
  failed: boolean;
  retry: () => void;
}

/**
 * The images of a version from `first` to `last`, fetched in ranges and kept; null fetches nothing new. `url` is the
 * version under /data, `query` its filters: give the component a key of both, since it never forgets.
 */
export function useVersionImages(url: string, query: string, wanted: { first: number; last: number } | null): Fetched {
  const [total, setTotal] = useState<number | null>(null);
  const [images, setImages] = useState<ReadonlyMap<number, VersionImage>>(new Map());
  const [failed, setFailed] = useState(false);
  const asked = useRef(new Set<number>());
  const [firstRange, lastRange] = wanted === null ? [0, -1] : [Math.floor(wanted.first / RANGE), Math.floor(Math.max(wanted.last, 0) / RANGE)];

  useEffect(() => {
    if (failed) return;
    for (let range = firstRange; range <= lastRange; range++) {
      if (asked.current.has(range)) continue;
      asked.current.add(range);
      fetchRange(url, query, range * RANGE).then(
        (page) => {
          setTotal(page.total);
          setImages((known) => new Map([...known, ...page.images.map((image, index): [number, VersionImage] => [range * RANGE + index, image])]));
        },
        () => {
          asked.current.delete(range);
          setFailed(true);
        },
      );
    }
  }, [url, query, firstRange, lastRange, failed]);

  return { total, images, failed, retry: () => setFailed(false) };
}

async function fetchRange(url: string, query: string, offset: number): Promise<VersionImages> {
  const response = await fetch(`${url}/images?${query}${query === "" ? "" : "&"}offset=${offset}&limit=${RANGE}`);
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}
