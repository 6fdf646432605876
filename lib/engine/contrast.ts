import type { Pixels } from "@/lib/engine/pixels";
import type { ContrastType } from "@/lib/engine/settings";

const LEVELS = 256;
/** What stretching lets go at either end, so that a single hot pixel does not decide. */
const TAIL_SHARE = 0.02;
/** Adaptive equalization's customary 8 × 8 cells, and the most that one level may stand out of a cell's average. */
const CELLS = 8;
const STEEPEST = 3;

/** New brightness by old one. */
type Curve = Uint8ClampedArray;

/**
 * Changes the pixels in place: their brightness (Rec. 601's luma) takes a new value, and every channel moves by the same,
 * so that colours stay what they were. "Contrast Stretching" spreads what lies between the 2nd and the 98th percentile
 * over the whole range; "Histogram Equalization" gives every brightness the same share of the image; "Adaptive
 * Equalization" does so for each of 8 × 8 cells, limited in contrast, blended between cells (CLAHE: Zuiderveld, Graphics
 * Gems IV, 1994). An image of one brightness stays as it is.
 */
export function adjustContrast(pixels: Pixels, type: ContrastType): void {
  const { data, width, height, channels } = pixels;
  const luma = readLuma(pixels);
  const cells =
    type === "Adaptive Equalization"
      ? { across: Math.min(CELLS, width), down: Math.min(CELLS, height) }
      : { across: 1, down: 1 };
  const curves = countLevels(luma, width, height, cells).map((histogram) => {
    if (type === "Contrast Stretching") return stretch(histogram);
    return equalize(type === "Adaptive Equalization" ? limit(histogram) : histogram);
  });
  const columns = Array.from({ length: width }, (_, x) => neighbours(x, width, cells.across));
  for (let y = 0; y < height; y++) {
    const row = neighbours(y, height, cells.down);
    for (let x = 0; x < width; x++) {
      const place = y * width + x;
      const [level, column] = [luma[place]!, columns[x]!];
      const above = blend(
        curves[row.first * cells.across + column.first]![level]!,
        curves[row.first * cells.across + column.second]![level]!,
        column.share,
      );
      const below = blend(
        curves[row.second * cells.across + column.first]![level]!,
        curves[row.second * cells.across + column.second]![level]!,
        column.share,
      );
      const shift = Math.round(blend(above, below, row.share)) - level;
      for (let offset = place * channels; offset < (place + 1) * channels; offset++)
        data[offset] = Math.min(255, Math.max(0, data[offset]! + shift));
    }
  }
}

function readLuma({ data, width, height, channels }: Pixels): Uint8Array {
  if (channels === 1) return data.slice();
  const luma = new Uint8Array(width * height);
  for (let place = 0; place < luma.length; place++) {
    luma[place] = (299 * data[place * 3]! + 587 * data[place * 3 + 1]! + 114 * data[place * 3 + 2]! + 500) / 1000;
  }
  return luma;
}

/** How often each level occurs, for every cell, rows first. */
function countLevels(
  luma: Uint8Array,
  width: number,
  height: number,
  cells: { across: number; down: number },
): Float64Array[] {
  const histograms = Array.from({ length: cells.across * cells.down }, () => new Float64Array(LEVELS));
  for (let y = 0; y < height; y++) {
    const row = Math.floor((y * cells.down) / height) * cells.across;
    for (let x = 0; x < width; x++)
      histograms[row + Math.floor((x * cells.across) / width)]![luma[y * width + x]!]! += 1;
  }
  return histograms;
}

function stretch(histogram: Float64Array): Curve {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const percentile = (share: number) => {
    let seen = 0;
    return histogram.findIndex((count) => (seen += count) > share * total);
  };
  const [darkest, lightest] = [percentile(TAIL_SHARE), percentile(1 - TAIL_SHARE)];
  if (lightest <= darkest) return Uint8ClampedArray.from(histogram.keys());
  return Uint8ClampedArray.from(histogram.keys(), (level) => ((level - darkest) * 255) / (lightest - darkest));
}

function equalize(histogram: Float64Array): Curve {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const least = histogram.find((count) => count > 0) ?? 0;
  if (least === total) return Uint8ClampedArray.from(histogram.keys());
  let seen = 0;
  return Uint8ClampedArray.from(histogram, (count) => {
    seen += count;
    return ((seen - least) * 255) / (total - least);
  });
}

/** Cuts the peaks and spreads what was cut over all levels, so that an even surface's noise is not blown up. */
function limit(histogram: Float64Array): Float64Array {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  const most = (STEEPEST * total) / LEVELS;
  const excess = histogram.reduce((sum, count) => sum + Math.max(0, count - most), 0);
  return histogram.map((count) => Math.min(count, most) + excess / LEVELS);
}

/** The two cells whose centres a pixel lies between, and how far it is on the way to the second. */
function neighbours(pixel: number, length: number, cells: number): { first: number; second: number; share: number } {
  const position = ((pixel + 0.5) * cells) / length - 0.5;
  const first = Math.floor(position);
  return { first: Math.max(0, first), second: Math.min(cells - 1, first + 1), share: position - first };
}

function blend(from: number, to: number, share: number): number {
  return from + (to - from) * share;
}
