import { parseLabel } from "@/lib/domain/names";

/** A box of an object detection project: its class, and pixels of the image as people see it, from the top left corner. */
export interface ImageBox {
  label: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Narrower than this many pixels, a box is a slip of the pen (or of rounding). */
const SIDE_MIN = 0.01;

/**
 * The boxes as they may be stored on an image of that size: cut where they reach beyond it; those that lie outside, or
 * have no area or no numbers, are left out. Throws `invalid_input` for a class name that cannot be one.
 */
export function clipBoxes(boxes: readonly ImageBox[], image: { width: number; height: number }): ImageBox[] {
  const clip = (value: number, max: number): number => Math.min(Math.max(value, 0), max);
  return boxes.flatMap((box) => {
    const x = clip(box.x, image.width);
    const y = clip(box.y, image.height);
    const width = clip(box.x + box.width, image.width) - x;
    const height = clip(box.y + box.height, image.height) - y;
    return width >= SIDE_MIN && height >= SIDE_MIN ? [{ label: parseLabel(box.label), x, y, width, height }] : [];
  });
}
