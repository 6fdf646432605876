/*
 * Boxes as numbers of so many decimals. What is rounded are the edges, which are cut at the image's own first; so no reader finds
 * a box that reaches out of its image by a billionth, which trainers drop or refuse.
 */

/** A stretch of an image's width or height in whole units: 0 ≤ `first` < `last` ≤ the units that the whole has. */
export interface Stretch {
  first: number;
  last: number;
}

/** The units nearest to a stretch's edges, at least one; `units` is how many the whole `size` has. */
export function roundStretch(start: number, length: number, size: number, units: number): Stretch {
  const place = (edge: number) => Math.min(Math.max(Math.round((edge * units) / size), 0), units);
  const first = Math.min(place(start), units - 1);
  return { first, last: Math.max(place(start + length), first + 1) };
}

/**
 * The middle of a stretch, in whole units, so chosen that middle ± half the length does not leave the whole. Where there is
 * no such unit it is half a unit off, away from the nearer end. `units` is even.
 */
export function middleOf({ first, last }: Stretch, units: number): number {
  const sum = first + last;
  if (sum % 2 === 0) return sum / 2;
  return last === units ? (sum - 1) / 2 : (sum + 1) / 2;
}

/** Units in a pixel, where lengths are given in pixels. */
const PER_PIXEL = 10_000;

/** A stretch in pixels, to a ten-thousandth: `start` + `length` is at most `size`, also as the floating point of readers adds them. */
export function roundPixels(start: number, length: number, size: number): { start: number; length: number } {
  const { first, last } = roundStretch(start, length, size, size * PER_PIXEL);
  const rounded = { start: first / PER_PIXEL, length: (last - first) / PER_PIXEL };
  return rounded.start + rounded.length <= size ? rounded : { ...rounded, length: (last - first - 1) / PER_PIXEL };
}

/** The same by its middle: `middle` ± half of `length` is within 0 and `size`. */
export function roundMiddle(start: number, length: number, size: number): { middle: number; length: number } {
  const stretch = roundStretch(start, length, size, size * PER_PIXEL);
  const middle = middleOf(stretch, size * PER_PIXEL) / PER_PIXEL;
  const units = stretch.last - stretch.first;
  const fits = (rounded: number) => middle - rounded / 2 >= 0 && middle + rounded / 2 <= size;
  return { middle, length: fits(units / PER_PIXEL) ? units / PER_PIXEL : (units - 1) / PER_PIXEL };
}

/** The pixels that a stretch covers for the most part, at least one: from the edge before the first to that after the last. */
export const wholePixels = (start: number, length: number, size: number): Stretch =>
  roundStretch(start, length, size, size);
