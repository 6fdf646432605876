import { middleOf, roundStretch } from "@/lib/engine/export/edges";
import type { ManifestFile } from "@/lib/engine/manifest";

/** Decimals of a share of the image's width or height. */
const DECIMALS = 8;
const UNITS = 10 ** DECIMALS;

/**
 * An image's boxes as the YOLO family and Darknet read them, a line each: class, middle, width and height, in shares of the
 * image. Middle ± half the length is within 0 and 1.
 */
export function* labelLines(
  { boxes, width, height }: ManifestFile,
  indexes: ReadonlyMap<string, number>,
): Generator<string> {
  for (const box of boxes) {
    const across = roundStretch(box.x, box.width, width, UNITS);
    const down = roundStretch(box.y, box.height, height, UNITS);
    const units = [middleOf(across, UNITS), middleOf(down, UNITS), across.last - across.first, down.last - down.first];
    yield `${indexes.get(box.label)} ${units.map(toShare).join(" ")}\n`;
  }
}

/** Written digit by digit: no division that could round. */
function toShare(units: number): string {
  const digits = String(units).padStart(DECIMALS + 1, "0");
  return `${digits.slice(0, -DECIMALS)}.${digits.slice(-DECIMALS)}`;
}

/** The number of each class: its place among the manifest's. */
export const indexesOf = (classes: readonly string[]): Map<string, number> =>
  new Map(classes.map((name, index) => [name, index]));
