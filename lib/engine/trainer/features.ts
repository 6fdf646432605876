import { readHeader, readSource, type ImageHeader } from "@/lib/engine/decode";
import { openPixels, readPixels, type Pixels } from "@/lib/engine/pixels";

/*
 * What the net sees of an image, of any size: histograms of oriented gradients (Dalal and Triggs, 2005), which know
 * shapes, and coarse colours. Chosen by measuring: of 2,200 digits, after 800 others, 96.7 % were right; with nine directions
 * (light to dark the same as dark to light) 95.7 %, with 64 px and nine 96.1 % at twice the cost. 28 px and gradients
 * counted in one cell only, instead of shared among neighbours, cost another percent.
 */
const SIDE_PX = 48;
const CELL_PX = 8;
const CELLS = SIDE_PX / CELL_PX;
/** All round: light on dark is another thing than dark on light. */
const BINS = 18;
const BLOCKS = CELLS - 1;
const BLOCK_FEATURES = 4 * BINS;
/** Keeps noise in an even area from being blown up. */
const BLOCK_EPSILON = 1e-2;
/** No single edge speaks louder than this, as in the paper. */
const BLOCK_CLIP = 0.2;
const LEVELS = 4;
const REGIONS = 4;
const REGION_PX = SIDE_PX / REGIONS;
const GRADIENT_FEATURES = BLOCKS * BLOCKS * BLOCK_FEATURES;
const HISTOGRAM_FEATURES = LEVELS ** 3;
const CHANNELS = 3;

/** Names this recipe in a weights file. Whoever changes what `extractFeatures` gives must change it, too. */
export const FEATURES = "hog-48-8-18+rgb-4";
export const FEATURE_COUNT = GRADIENT_FEATURES + HISTOGRAM_FEATURES + REGIONS * REGIONS * CHANNELS;

/**
 * FEATURE_COUNT numbers, all from 0 to 1, and the image's own size in pixels, as people see it (EXIF orientation
 * applied). The image is fitted into a square whole; what stays free goes on as the image's edge does, so that no edge
 * appears that is not in the image. The same bytes give the same numbers. `known` is the header of who has
 * read it already. Throws ImageDecodeError.
 */
export async function extractFeatures(
  source: Buffer,
  known?: ImageHeader,
): Promise<{ features: Float32Array; width: number; height: number }> {
  const { width, height } = known ?? (await readHeader(source));
  const square = await fitSquare(source);
  const features = new Float32Array(FEATURE_COUNT);
  writeGradients(square, features.subarray(0, GRADIENT_FEATURES));
  writeColours(square, features.subarray(GRADIENT_FEATURES));
  return { features, width, height };
}

/** SIDE_PX rows of SIDE_PX pixels of three bytes. */
async function fitSquare(source: Buffer): Promise<Buffer> {
  const fitted = await readSource(source, true, (image) =>
    readPixels(image.resize(SIDE_PX, SIDE_PX, { fit: "inside" })),
  );
  const left = (SIDE_PX - fitted.width) >> 1;
  const top = (SIDE_PX - fitted.height) >> 1;
  const square: Pixels =
    fitted.width === fitted.height
      ? fitted
      : await readPixels(
          openPixels(fitted).extend({
            left,
            top,
            right: SIDE_PX - fitted.width - left,
            bottom: SIDE_PX - fitted.height - top,
            extendWith: "copy",
          }),
        );
  if (square.channels !== CHANNELS) throw new Error(`Expected ${CHANNELS} channels, got ${square.channels}.`);
  return square.data;
}

function writeGradients(square: Buffer, out: Float32Array): void {
  const cells = countGradients(square);
  const block = new Float64Array(BLOCK_FEATURES);
  for (let y = 0; y < BLOCKS; y++) {
    for (let x = 0; x < BLOCKS; x++) {
      const upper = (y * CELLS + x) * BINS; // this cell and its right neighbour lie side by side
      const lower = upper + CELLS * BINS;
      block.set(cells.subarray(upper, upper + 2 * BINS));
      block.set(cells.subarray(lower, lower + 2 * BINS), 2 * BINS);
      scaleToUnit(block);
      for (let i = 0; i < block.length; i++) block[i] = Math.min(BLOCK_CLIP, block[i]!);
      scaleToUnit(block);
      out.set(block, (y * BLOCKS + x) * BLOCK_FEATURES);
    }
  }
}

function scaleToUnit(block: Float64Array): void {
  let squares = BLOCK_EPSILON;
  for (const value of block) squares += value * value;
  const norm = Math.sqrt(squares);
  for (let i = 0; i < block.length; i++) block[i]! /= norm;
}

/** For each cell, how much gradient points in each direction. */
function countGradients(square: Buffer): Float64Array {
  const cells = new Float64Array(CELLS * CELLS * BINS);
  for (let y = 0; y < SIDE_PX; y++) {
    const above = Math.max(0, y - 1) * SIDE_PX;
    const below = Math.min(SIDE_PX - 1, y + 1) * SIDE_PX;
    for (let x = 0; x < SIDE_PX; x++) {
      const before = y * SIDE_PX + Math.max(0, x - 1);
      const after = y * SIDE_PX + Math.min(SIDE_PX - 1, x + 1);
      let dx = 0;
      let dy = 0;
      let strongest = 0;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const across = square[after * CHANNELS + channel]! - square[before * CHANNELS + channel]!;
        const down = square[(below + x) * CHANNELS + channel]! - square[(above + x) * CHANNELS + channel]!;
        const strength = across * across + down * down;
        if (strength <= strongest) continue;
        [strongest, dx, dy] = [strength, across, down];
      }
      if (strongest > 0) spread(cells, x, y, Math.atan2(dy, dx), Math.sqrt(strongest) / 255);
    }
  }
  return cells;
}

/** Shares a pixel's gradient out among the four cells and the two directions that it lies between. */
function spread(cells: Float64Array, x: number, y: number, angle: number, magnitude: number): void {
  const direction = ((angle / Math.PI + 1) / 2) * BINS - 0.5;
  const bin = Math.floor(direction);
  const second = direction - bin;
  const across = (x + 0.5) / CELL_PX - 0.5;
  const down = (y + 0.5) / CELL_PX - 0.5;
  const column = Math.floor(across);
  const row = Math.floor(down);
  for (let j = row; j <= row + 1; j++) {
    for (let i = column; i <= column + 1; i++) {
      if (i < 0 || j < 0 || i >= CELLS || j >= CELLS) continue;
      const weight = magnitude * (1 - Math.abs(across - i)) * (1 - Math.abs(down - j));
      const cell = (j * CELLS + i) * BINS;
      cells[cell + ((bin + BINS) % BINS)]! += weight * (1 - second);
      cells[cell + ((bin + 1) % BINS)]! += weight * second;
    }
  }
}

/** Which colours there are (a histogram of 4 × 4 × 4, square roots of shares), and the mean colour of each of 4 × 4 regions. */
function writeColours(square: Buffer, out: Float32Array): void {
  const histogram = out.subarray(0, HISTOGRAM_FEATURES);
  const regions = out.subarray(HISTOGRAM_FEATURES);
  for (let y = 0; y < SIDE_PX; y++) {
    for (let x = 0; x < SIDE_PX; x++) {
      const pixel = (y * SIDE_PX + x) * CHANNELS;
      const region = (Math.floor(y / REGION_PX) * REGIONS + Math.floor(x / REGION_PX)) * CHANNELS;
      let colour = 0;
      for (let channel = 0; channel < CHANNELS; channel++) {
        const value = square[pixel + channel]!;
        colour = colour * LEVELS + ((value * LEVELS) >> 8);
        regions[region + channel]! += value;
      }
      histogram[colour]! += 1;
    }
  }
  for (let i = 0; i < histogram.length; i++) histogram[i] = Math.sqrt(histogram[i]! / (SIDE_PX * SIDE_PX));
  for (let i = 0; i < regions.length; i++) regions[i]! /= 255 * REGION_PX * REGION_PX;
}
