import { createHash } from "node:crypto";
import { bound, type Matrix, moveCorners, type Size } from "@/lib/engine/geometry";
import type { Found } from "@/lib/engine/onnx/heads";

/** A box as it goes over the wire: its centre and size in pixels of the image that was sent, as people see it. */
export interface BoxPrediction {
  x: number;
  y: number;
  width: number;
  height: number;
  confidence: number;
  class: string;
  class_id: number;
  /** The same for the same box of the same image, by the same model. */
  detection_id: string;
}

/** Thousandths of a pixel, as in versions. */
const PARTS_A_PIXEL = 1000;
const round = (value: number): number => Math.round(value * PARTS_A_PIXEL) / PARTS_A_PIXEL;

/** Boxes on what a model was shown as boxes on the image: moved back, cut to it, and named. */
export function presentBoxes(
  found: readonly Found[],
  { back, size, classes, seed }: { back: Matrix | null; size: Size; classes: readonly string[]; seed: string },
): BoxPrediction[] {
  return found.flatMap((one, index) => {
    const { left, top, right, bottom } = cut(back ? move(one, back) : one, size);
    if (right - left <= 0 || bottom - top <= 0) return [];
    return [
      {
        x: round((left + right) / 2),
        y: round((top + bottom) / 2),
        width: round(right - left),
        height: round(bottom - top),
        confidence: one.confidence,
        class: classes[one.classId] ?? String(one.classId),
        class_id: one.classId,
        detection_id: toUuid(`${seed}:${index}`),
      },
    ];
  });
}

type Edges = Pick<Found, "left" | "top" | "right" | "bottom">;

function move({ left, top, right, bottom }: Edges, matrix: Matrix): Edges {
  const shifted = { ...matrix, e: matrix.a * left + matrix.b * top + matrix.e, f: matrix.c * left + matrix.d * top + matrix.f }; // prettier-ignore
  return bound(moveCorners(shifted, { width: right - left, height: bottom - top }));
}

function cut({ left, top, right, bottom }: Edges, { width, height }: Size): Edges {
  const within = (value: number, limit: number) => Math.min(Math.max(value, 0), limit);
  return { left: within(left, width), right: within(right, width), top: within(top, height), bottom: within(bottom, height) }; // prettier-ignore
}

/** In the form of a UUID of version 8, which is anybody's own. */
function toUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
