import sharp, { type Sharp } from "sharp";
import type { Random } from "@/lib/engine/random";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";

export { countOutputs, planOutputs, type PlannedOutput, type Split } from "@/lib/engine/plan";

/** The most pixels that a source image may have: 50 megapixels. */
export const MAX_SOURCE_PIXELS = 50_000_000;

const FORMATS = ["jpeg", "png", "webp", "gif", "tiff", "heif"];
const BLACK = { r: 0, g: 0, b: 0 };
const WHITE = { r: 255, g: 255, b: 255 };

/** The source's bytes are no image that we can use; the message is a sentence for whoever uploaded it. */
export class ImageDecodeError extends Error {
  override readonly name = "ImageDecodeError";
}

export interface RenderSettings {
  preprocessing: Preprocessing;
  /** null renders the image preprocessed only; `random` is then not drawn from. */
  augmentation: Augmentation | null;
  random: Random;
}

/** Eight bits a channel, rows from the top: three channels (sRGB), or one once the image is grey. */
interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 1 | 3;
}

/**
 * Renders one output as PNG. The same source, settings and random stream give the same bytes with the same sharp, on
 * the same kind of processor; the file holds pixels only, no date and nothing of the source's metadata.
 *
 * Transparency is laid on black, an animation gives its first frame. Augmentation keeps the width and height that
 * preprocessing gave; corners that a rotation leaves empty are black. Throws ImageDecodeError for bytes that are not a
 * JPEG, PNG, WebP, GIF, TIFF or AVIF image (SVG and PDF are refused), are broken, or hold more than MAX_SOURCE_PIXELS.
 */
export async function renderImage(source: Buffer, settings: RenderSettings): Promise<{ bytes: Buffer; width: number; height: number }> {
  const { preprocessing, augmentation, random } = settings;
  let pixels = await decode(source, preprocessing);
  if (augmentation !== null) pixels = await augment(pixels, augmentation, random);
  const { data, info } = await open(pixels)
    .png({ compressionLevel: 6, adaptiveFiltering: false, palette: false })
    .toBuffer({ resolveWithObject: true });
  return { bytes: data, width: info.width, height: info.height };
}

async function decode(source: Buffer, preprocessing: Preprocessing): Promise<Pixels> {
  await assertSupported(source);
  try {
    const image = sharp(source, { autoOrient: preprocessing["auto-orient"] === true, limitInputPixels: MAX_SOURCE_PIXELS, failOn: "error" })
      .flatten({ background: BLACK })
      .toColourspace("srgb");
    const pixels = await reflectEdges(await read(resize(image, preprocessing)), preprocessing);
    return preprocessing.grayscale === true ? await read(open(pixels).toColourspace("b-w")) : pixels;
  } catch (error) {
    throw new ImageDecodeError("The image is broken: its pixels cannot be read.", { cause: error });
  }
}

async function assertSupported(source: Buffer): Promise<void> {
  let format: string;
  let size: number;
  try {
    const metadata = await sharp(source, { limitInputPixels: false }).metadata();
    format = metadata.format;
    size = metadata.width * metadata.height;
  } catch (error) {
    throw new ImageDecodeError("The file is not an image that can be read.", { cause: error });
  }
  if (!FORMATS.includes(format)) throw new ImageDecodeError(`Images of the format ${format} are not supported; use JPEG, PNG, WebP, GIF, TIFF or AVIF.`);
  if (size > MAX_SOURCE_PIXELS) {
    throw new ImageDecodeError(`The image has ${Math.ceil(size / 1e6)} megapixels; at most ${MAX_SOURCE_PIXELS / 1e6} are supported.`);
  }
}

function resize(image: Sharp, { resize: wanted }: Preprocessing): Sharp {
  if (wanted === undefined) return image;
  const { width, height, format } = wanted;
  switch (format) {
    case "Stretch to":
      return image.resize(width, height, { fit: "fill" });
    case "Fill (with center crop) in":
      return image.resize(width, height, { fit: "cover", position: "centre" });
    case "Fit within":
    case "Fit (reflect edges) in":
      return image.resize(width, height, { fit: "inside" });
    case "Fit (black edges) in":
      return image.resize(width, height, { fit: "contain", background: BLACK });
    case "Fit (white edges) in":
      return image.resize(width, height, { fit: "contain", background: WHITE });
  }
}

/** The second half of "Fit (reflect edges) in": fills what the fitted image leaves free with its own mirror image. */
async function reflectEdges(pixels: Pixels, { resize: wanted }: Preprocessing): Promise<Pixels> {
  if (wanted?.format !== "Fit (reflect edges) in") return pixels;
  const left = Math.floor((wanted.width - pixels.width) / 2);
  const top = Math.floor((wanted.height - pixels.height) / 2);
  const right = wanted.width - pixels.width - left;
  const bottom = wanted.height - pixels.height - top;
  return read(open(pixels).extend({ left, top, right, bottom, extendWith: "mirror" }));
}

/**
 * Every step draws the same number of values whether it shows or not, and in this fixed order, so that a new step at
 * the end changes no older version that is rendered again.
 */
async function augment(pixels: Pixels, augmentation: Augmentation, random: Random): Promise<Pixels> {
  const { flip, rotate, brightness, blur, noise } = augmentation;
  let result = pixels;
  if (flip !== undefined) {
    const mirrored = random.unit() < 0.5 && flip.horizontal === true;
    const upended = random.unit() < 0.5 && flip.vertical === true;
    result = await read(open(result).flop(mirrored).flip(upended));
  }
  if (rotate !== undefined) result = await turn(result, random.between(-rotate.degrees, rotate.degrees));
  if (brightness !== undefined) {
    const lowest = brightness.darken === true ? -brightness.percent : 0;
    const highest = brightness.brighten === true ? brightness.percent : 0;
    result = await read(open(result).linear(1 + random.between(lowest, highest) / 100, 0));
  }
  if (blur !== undefined) {
    const sigma = random.between(0, blur.pixels);
    if (sigma >= 0.3) result = await read(open(result).blur(sigma)); // sharp's least
  }
  if (noise !== undefined) result = sprinkle(result, random.between(0, noise.percent) / 100, random);
  return result;
}

/** Turns the image about its centre and keeps its width and height. */
async function turn(pixels: Pixels, degrees: number): Promise<Pixels> {
  if (degrees === 0) return pixels;
  const { width, height } = pixels;
  const turned = await read(open(pixels).rotate(degrees, { background: BLACK }));
  const padX = Math.max(0, width - turned.width);
  const padY = Math.max(0, height - turned.height);
  const padded = await read(
    open(turned).extend({ left: padX >> 1, right: padX - (padX >> 1), top: padY >> 1, bottom: padY - (padY >> 1), background: BLACK }),
  );
  return read(open(padded).extract({ left: (padded.width - width) >> 1, top: (padded.height - height) >> 1, width, height }));
}

/** Salt and pepper: `share` (0 to 1) of the pixels, drawn with repetition, become black or white. */
function sprinkle(pixels: Pixels, share: number, random: Random): Pixels {
  const { width, height, channels } = pixels;
  const data = Buffer.from(pixels.data);
  for (let left = Math.round(width * height * share); left > 0; left--) {
    const offset = random.integer(width * height) * channels;
    data.fill(random.unit() < 0.5 ? 0 : 255, offset, offset + channels);
  }
  return { ...pixels, data };
}

function open({ data, width, height, channels }: Pixels): Sharp {
  const image = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

async function read(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 3) throw new Error(`Expected 1 or 3 channels, got ${channels}.`);
  return { data, width, height, channels };
}
