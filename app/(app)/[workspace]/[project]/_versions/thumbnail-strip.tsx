"use client";

import { useRef } from "react";
import { useSampleImages, type VersionAddress } from "@/app/(app)/_shell/sample-images";

const COUNT = 7;
const PLACES = Array.from({ length: COUNT }, (_, place) => place);

/** The first images of a version in a row, to know it by sight. Decoration for who sees: the grid names every image. */
export function ThumbnailStrip({ version }: { version: VersionAddress }) {
  const box = useRef<HTMLSpanElement>(null);
  const sources = useSampleImages(box, version, COUNT);
  return (
    <span ref={box} aria-hidden className="mt-1 grid grid-cols-7 gap-1">
      {PLACES.map((place) => (
        <span key={place} className="aspect-square overflow-hidden rounded-sm bg-hover">
          {sources[place] ? (
            <img
              src={sources[place]}
              alt=""
              width={32}
              height={32}
              decoding="async"
              className="size-full object-cover"
            />
          ) : null}
        </span>
      ))}
    </span>
  );
}
