import sharp, { type Create } from "sharp";
import type { Box } from "@/lib/engine/boxes";
import { renderOutputs, type RenderedOutput } from "@/lib/engine/generate";
import { planOutputs } from "@/lib/engine/plan";
import { derive } from "@/lib/engine/random";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";

/** Every step of augmentation there is. */
export const EVERY_STEP: Augmentation = {
  image: { versions: 3 },
  crop: { min: 0, max: 20 },
  flip: { horizontal: true, vertical: true },
  ninety: { clockwise: true, "counter-clockwise": true },
  rotate: { degrees: 20 },
  shear: { horizontal: 10, vertical: 10 },
  blur: { pixels: 2 },
  rgrayscale: { percent: 30 },
  saturation: { percent: 30 },
  hue: { degrees: 40 },
  brightness: { brighten: true, darken: true, percent: 30 },
  exposure: { percent: 20 },
  cutout: { count: 3, percent: 10 },
  noise: { percent: 5 },
};

/** An image of one colour. */
export function solid(width: number, height: number, background: Create["background"] = { r: 200, g: 30, b: 10 }) {
  return sharp({ create: { width, height, channels: 3, background } });
}

/** A black PNG with a white rectangle where the box is. */
export async function markedImage(width: number, height: number, box: Omit<Box, "label">): Promise<Buffer> {
  const mark = await solid(box.width, box.height, "white").png().toBuffer();
  return solid(width, height, "black")
    .composite([{ input: mark, left: box.x, top: box.y }])
    .png()
    .toBuffer();
}

/** Smooth blobs of colour with fine noise on them: what a photo is to a codec. The same bytes for the same seed. */
export async function photo(width: number, height: number, seed = 1): Promise<Buffer> {
  const random = derive(seed, "photo");
  const blobs = Buffer.from(Array.from({ length: 12 * 12 * 3 }, () => random.integer(256)));
  const data = await sharp(blobs, { raw: { width: 12, height: 12, channels: 3 } })
    .resize(width, height, { fit: "fill", kernel: "cubic" })
    .raw()
    .toBuffer();
  for (let offset = 0; offset < data.length; offset++)
    data[offset] = Math.min(255, Math.max(0, data[offset]! + random.integer(17) - 8));
  return sharp(data, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 92 })
    .toBuffer();
}

/** The pixels in the file's own channels; sharp by itself would give three for a grey file. */
export async function pixelsOf(file: Buffer) {
  const { space } = await sharp(file).metadata();
  const { data, info } = await sharp(file).toColourspace(space).raw().toBuffer({ resolveWithObject: true });
  return { data, ...info };
}

/** The channels' values at (x, y). */
export async function valuesAt(file: Buffer, x: number, y: number): Promise<number[]> {
  const { data, width, channels } = await pixelsOf(file);
  return [...data.subarray((y * width + x) * channels, (y * width + x + 1) * channels)];
}

/** What the settings make of one training image, every output of it, as PNG unless said otherwise. */
export async function renderAll(
  source: Buffer,
  {
    preprocessing = {},
    augmentation = {},
    boxes = [],
    seed = 1,
    contentType = "image/png",
  }: {
    preprocessing?: Preprocessing;
    augmentation?: Augmentation;
    boxes?: readonly Box[];
    seed?: number;
    contentType?: string;
  },
): Promise<RenderedOutput[]> {
  const settings = { preprocessing, augmentation, splits: null, seed };
  const rendered: RenderedOutput[] = [];
  for await (const output of renderOutputs(
    source,
    { id: "img", boxes },
    planOutputs({ id: "img", split: "train", contentType }, settings),
    settings,
  ))
    rendered.push(output);
  return rendered;
}

/** The first output of `renderAll`. */
export async function render(source: Buffer, settings: Parameters<typeof renderAll>[1] = {}): Promise<RenderedOutput> {
  const [first] = await renderAll(source, settings);
  if (first === undefined) throw new Error("Nothing was rendered.");
  return first;
}
