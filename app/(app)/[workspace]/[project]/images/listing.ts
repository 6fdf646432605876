"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import type { MarkedBox } from "../_images/boxes";
import type { ImageFilter } from "../_images/image-filters";
import type { Split } from "../_images/image-tile";

/** A source image as `GET /data/…/images` lists it. */
export interface ListedImage {
  id: string;
  fileName: string;
  contentType: string;
  sizeBytes: number;
  width: number;
  height: number;
  split: Split;
  /** Its class, in a classification project. */
  label: string | null;
  /** In an object detection project. */
  boxes: MarkedBox[];
}

interface Page {
  images: ListedImage[];
  nextCursor: string | null;
}

/** Images fetched at once. */
const PAGE = 200;

/** The filter as the routes understand it. */
export function filterQuery({ split, label, unlabelled }: ImageFilter): URLSearchParams {
  const query = new URLSearchParams();
  if (split !== null) query.set("split", split);
  if (label !== null) query.set("label", label);
  if (unlabelled) query.set("unannotated", "true");
  return query;
}

async function fetchPage(url: string, query: string, cursor: string | null): Promise<Page> {
  const search = new URLSearchParams(query);
  search.set("limit", String(PAGE));
  if (cursor !== null) search.set("cursor", cursor);
  const response = await fetch(`${url}?${search}`);
  if (!response.ok) throw new Error(`The images answered ${response.status}.`);
  return response.json();
}

export interface Listing {
  /** From the newest on, without gaps, as far as fetched. */
  images: readonly ListedImage[];
  /** Whether these are all there are. */
  complete: boolean;
  /** Nothing was fetched yet. */
  fresh: boolean;
  failed: boolean;
  /** Tries again after a failure, or fetches anew what is there now. */
  reload: () => void;
  /** Shows an image as it is now, or no more (null), without fetching. */
  patch: (change: (image: ListedImage) => ListedImage | null) => void;
}

const NOTHING: Page & { fresh: boolean } = { images: [], nextCursor: null, fresh: true };

/**
 * The images that match, fetched a page after the other until `wanted` of them are there. Pages hang together by their
 * last image, so that what is uploaded meanwhile moves nothing. Give the component that uses it a key of url and query.
 */
export function useListing(url: string, query: string, wanted: number): Listing {
  const [page, setPage] = useState(NOTHING);
  const [failed, setFailed] = useState(false);
  const asked = useRef<{ cursor: string | null } | null>(null);

  const { images, nextCursor, fresh } = page;
  const complete = !fresh && nextCursor === null;

  const load = useCallback(
    (cursor: string | null) => {
      const mine = { cursor };
      asked.current = mine; // what was asked before and comes later counts no more
      fetchPage(url, query, cursor).then(
        (more) => {
          if (asked.current !== mine) return;
          asked.current = null;
          setPage((known) => ({ images: cursor === null ? more.images : [...known.images, ...more.images], nextCursor: more.nextCursor, fresh: false }));
        },
        () => {
          if (asked.current !== mine) return;
          asked.current = null;
          setFailed(true);
        },
      );
    },
    [url, query],
  );

  useEffect(() => {
    if (!failed && !complete && !asked.current && (fresh || images.length < wanted)) load(nextCursor);
  }, [failed, complete, fresh, images.length, wanted, load, nextCursor]);

  const reload = useCallback(() => {
    setFailed(false);
    load(null);
  }, [load]);
  const patch = useCallback((change: (image: ListedImage) => ListedImage | null) => setPage((known) => ({ ...known, images: known.images.flatMap((image) => change(image) ?? []) })), []);
  return { images, complete, fresh, failed, reload, patch };
}
