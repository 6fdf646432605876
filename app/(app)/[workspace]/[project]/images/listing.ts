"use client";

import { useCallback } from "react";
import type { BrowserImage } from "@/lib/doors/images/browser";
import type { ImageFilter } from "../_images/image-filters";
import { RANGE, useRanges, type Fetched, type FetchRange, type Places, type Ranges } from "../_images/use-ranges";

/** The most images that one call answers. */
const LIMIT_MAX = 500;

/** The filter as the routes understand it. */
export function filterQuery({ split, label, unlabelled, tag, batch }: ImageFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (split !== null) query.set("split", split);
  if (label !== null) query.set("label", label);
  if (unlabelled) query.set("unannotated", "true");
  if (tag !== null) query.set("tag", tag);
  if (batch !== null) query.set("batch", batch);
  return query;
}

/**
 * The images from a place on, counted from the nearest one before it that is known: nothing that is added above it, or
 * leaves the filter above it, moves them.
 */
async function fetchImages(
  url: string,
  query: string,
  start: number,
  known: ReadonlyMap<number, BrowserImage>,
  limit: number,
  signal: AbortSignal | null,
): Promise<Fetched<BrowserImage>> {
  let before = start - 1;
  while (before >= 0 && !known.has(before)) before -= 1;
  const search = new URLSearchParams(query);
  const cursor = known.get(before)?.id;
  if (cursor !== undefined) search.set("cursor", cursor);
  search.set("offset", String(start - before - 1));
  search.set("limit", String(limit));
  const response = await fetch(`${url}?${search}`, { signal });
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}

export interface Listing extends Ranges<BrowserImage> {
  /** The ids of all images between two places, fetched or not. Throws when they cannot be had. */
  idsBetween: (places: Places) => Promise<string[]>;
}

/** The images that match, newest first. Give the component that uses it a key of url and query. */
export function useListing(url: string, query: string, wanted: Places): Listing {
  const fetchRange: FetchRange<BrowserImage> = useCallback(
    (start, known, signal) => fetchImages(url, query, start, known, RANGE, signal),
    [url, query],
  );
  const ranges = useRanges(fetchRange, wanted);

  async function idsBetween({ first, last }: Places): Promise<string[]> {
    const known = new Map(ranges.images);
    const ids: string[] = [];
    for (let place = first; place <= last; place++) {
      if (!known.has(place)) {
        const { images } = await fetchImages(url, query, place, known, LIMIT_MAX, null);
        images.forEach((image, index) => known.set(place + index, image));
      }
      const image = known.get(place);
      if (!image) break; // there are no more
      ids.push(image.id);
    }
    return ids;
  }
  return { ...ranges, idsBetween };
}
