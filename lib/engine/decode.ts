import { open, readFile } from "node:fs/promises";
import sharp, { type Metadata, type Sharp } from "sharp";
import { BMP_HEADER_BYTES, BmpError, decodeBmp, readBmpHeader } from "@/lib/engine/bmp";
import { isCameraRaw, type ReadAt } from "@/lib/engine/camera-raw";
import { HEAD_BYTES, IMAGE_FORMATS, IMAGE_TYPES, nameFormat, refuseFormat, type ImageType } from "@/lib/engine/formats";
import { openPixels, readPixels } from "@/lib/engine/pixels";

/** The most pixels that a source image may have: 50 megapixels. */
export const MAX_SOURCE_PIXELS = 50_000_000;

const BLACK = { r: 0, g: 0, b: 0 };

// Several images at once use the processor better than several threads on one. The cache would hold what never comes
// again, and the old content of a path that is written anew.
sharp.concurrency(1);
sharp.cache(false);

/** The bytes are no image that we can use; the message is a sentence for whoever uploaded it. */
export class ImageDecodeError extends Error {
  override readonly name = "ImageDecodeError";

  /** `why`: a word for what there is more to say of, and its figures, for sentences in other languages. */
  constructor(
    message: string,
    options?: ErrorOptions,
    readonly why: { reason?: "heic" | "cameraRaw" | "video" | "cutShort"; percent?: number } = {},
  ) {
    super(message, options);
  }
}

const REASONS: ReadonlyMap<string, "heic" | "cameraRaw" | "video"> = new Map([
  ["HEIC", "heic"],
  ["camera raw", "cameraRaw"],
  ["video", "video"],
]);

function refused(format: string): ImageDecodeError {
  const reason = REASONS.get(format);
  return new ImageDecodeError(refuseFormat(format), {}, reason === undefined ? {} : { reason });
}

/** A file's bytes, or its path. */
export type Source = Buffer | string;

/** What the file's header says. Width and height are of the image as people see it (EXIF orientation applied). */
export interface ImageHeader {
  contentType: ImageType;
  width: number;
  height: number;
  /** EXIF's 1 to 8: how the stored pixels lie. */
  orientation: number;
  /** Images in the file: of an animation, or pages. The first is the one that counts. */
  frames: number;
}

/**
 * Reads the header only, so that a decompression bomb is refused before its pixels are. The format is told by the file's
 * first bytes, never by its name, and nothing but the formats of IMAGE_TYPES reaches a decoder. Throws ImageDecodeError.
 */
export async function readHeader(source: Source): Promise<ImageHeader> {
  const readAt = reader(source);
  const format = nameFormat(await readAt(0, HEAD_BYTES));
  const contentType = IMAGE_TYPES.find((type) => IMAGE_FORMATS[type] === format);
  if (contentType === undefined) throw refused(format);
  if (format === "TIFF" && (await isCameraRaw(readAt))) throw refused("camera raw");
  const header = format === "BMP" ? await readBitmap(readAt) : await readMetadata(source);
  const { width, height } = header;
  if (width * height > MAX_SOURCE_PIXELS) {
    throw new ImageDecodeError(
      `The image has ${Math.ceil((width * height) / 1e6)} megapixels; at most ${MAX_SOURCE_PIXELS / 1e6} are supported.`,
    );
  }
  return { contentType, ...header };
}

async function readBitmap(readAt: ReadAt): Promise<Omit<ImageHeader, "contentType">> {
  const head = await readAt(0, BMP_HEADER_BYTES);
  try {
    const { width, height } = readBmpHeader(head);
    return { width, height, orientation: 1, frames: 1 };
  } catch (error) {
    throw broken(error);
  }
}

async function readMetadata(source: Source): Promise<Omit<ImageHeader, "contentType">> {
  let metadata: Metadata;
  try {
    metadata = await sharp(source, { limitInputPixels: false }).metadata();
  } catch (error) {
    throw broken(error);
  }
  const { depth, space, autoOrient, orientation = 1, pages = 1 } = metadata;
  // Which value is black and which is white nobody says of these, and several bands have no colour.
  if ((depth !== "uchar" && depth !== "ushort") || space === "multiband")
    throw new ImageDecodeError(
      "The image holds measurements, not colours. Export it with 8 or 16 bits a channel, in grey or RGB.",
    );
  return { width: autoOrient.width, height: autoOrient.height, orientation, frames: pages };
}

/** What whoever sends an image should know of how it was taken. */
export type ImageNote =
  /** A file that strict decoders refuse, as viewers show it; so many percent of it are missing at its end, and grey. */
  | { code: "damaged"; missingPercent: number }
  /** The first of so many. */
  | { code: "first_frame"; frames: number };

/**
 * Looks at a whole image before it is taken in: the format, the number of pixels (before any is decoded), then every pixel, so
 * that a file that is cut short is found now and not when a version is made of it. A JPEG that viewers show all the same is
 * taken, with a note. Throws ImageDecodeError.
 */
export async function inspectImage(
  source: Source,
): Promise<Pick<ImageHeader, "contentType" | "width" | "height"> & { notes: ImageNote[] }> {
  const header = await readHeader(source);
  const { contentType, width, height, frames } = header;
  const damage = await inspectPixels(source, header);
  const notes: ImageNote[] = [];
  if (damage !== null) notes.push({ code: "damaged", missingPercent: damage });
  if (frames > 1) notes.push({ code: "first_frame", frames });
  return { contentType, width, height, notes };
}

const LARGE_PIXELS = 2_000_000;

/** Reads every pixel. null: nothing is wrong; else how many percent are missing. */
async function inspectPixels(source: Source, { contentType, width, height }: ImageHeader): Promise<number | null> {
  const jpeg = contentType === "image/jpeg";
  // A small result lets a JPEG skip much of the arithmetic, but none of the reading. What the decoder remarks on is looked at
  // between two parts of the result, so that with one of a few rows the last rows of a small image go unseen.
  const shrink = !jpeg ? Infinity : width * height > LARGE_PIXELS ? 4 : 2;
  const side = (length: number) => Math.max(Math.ceil(length / shrink), Math.min(8, length));
  try {
    const image = await openSource(source, true, jpeg ? "warning" : "error");
    await readPixels(image.resize(side(width), side(height), { fit: "fill" }));
    return null;
  } catch (error) {
    return assessDamage(source, error);
  }
}

/** sharp's failOn: "warning" stops at whatever a decoder remarks on, "none" at nothing that leaves pixels. */
type Strictness = "warning" | "error" | "none";

/**
 * The source as sRGB: transparency laid on black, the first frame of an animation. Pixels are not read yet, save those of a
 * bitmap. Throws ImageDecodeError.
 */
export async function openSource(
  source: Source,
  autoOrient: boolean,
  strictness: Strictness = "error",
): Promise<Sharp> {
  const head = await reader(source)(0, HEAD_BYTES);
  if (nameFormat(head) === "BMP") return openBitmap(source);
  return sharp(source, { autoOrient, limitInputPixels: MAX_SOURCE_PIXELS, failOn: strictness })
    .flatten({ background: BLACK })
    .toColourspace("srgb");
}

async function openBitmap(source: Source): Promise<Sharp> {
  const bytes = typeof source === "string" ? await readFile(source) : source;
  try {
    return openPixels(decodeBmp(bytes));
  } catch (error) {
    throw broken(error);
  }
}

/**
 * Runs `read` on the source, and once more without strictness where it fails for a damage that inspectImage takes. Throws
 * ImageDecodeError for all else that it throws.
 */
export async function readSource<T>(
  source: Source,
  autoOrient: boolean,
  read: (image: Sharp) => Promise<T>,
): Promise<T> {
  try {
    return await read(await openSource(source, autoOrient));
  } catch (error) {
    await assessDamage(source, error);
    return read(await openSource(source, autoOrient, "none")).catch(rethrowBroken);
  }
}

// ── Damage ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of a picture of which more is missing, too little is to be seen. */
const MISSING_PERCENT_MAX = 10;
/** So many rows and columns of the picture are looked at. */
const ROWS = 400;
const COLUMNS = 16;
/** What decoders fill in, which is the middle of the scale, give or take what a colour profile makes of it. */
const FILLED = { from: 108, to: 148 };

/**
 * How many percent of a JPEG that no strict decoder reads are missing, where it is to be shown all the same. Throws
 * ImageDecodeError for what shows too little or nothing, and for all that is no JPEG.
 */
async function assessDamage(source: Source, cause: unknown): Promise<number> {
  if (nameFormat(await reader(source)(0, HEAD_BYTES)) !== "JPEG") throw broken(cause);
  const lenient = await openSource(source, false, "none");
  const { data, channels } = await readPixels(lenient.resize(COLUMNS, ROWS, { fit: "fill", kernel: "nearest" })).catch(
    rethrowBroken,
  );
  const last = data.subarray(data.length - channels);
  const filled = last.every((value) => value >= FILLED.from && value <= FILLED.to);
  const isFilled = (row: number, column: number) =>
    last.every((value, at) => Math.abs(value - data[(row * COLUMNS + column) * channels + at]!) <= 1);
  let missing = 0;
  for (let column = 0; filled && column < COLUMNS; column++)
    for (let row = ROWS - 1; row >= 0 && isFilled(row, column); row--) missing += 1;
  const percent = Math.ceil((missing * 100) / (ROWS * COLUMNS));
  if (percent <= MISSING_PERCENT_MAX) return percent;
  throw new ImageDecodeError(
    `The file is cut short: about ${percent} % of the image is missing. Copy or export it again from where it comes from.`,
    { cause },
    { reason: "cutShort", percent },
  );
}

/** The error for a source whose pixels cannot be read. */
export function broken(cause: unknown): ImageDecodeError {
  if (cause instanceof ImageDecodeError) return cause;
  const why = cause instanceof BmpError ? cause.message : "its pixels cannot be read";
  return new ImageDecodeError(`The image is broken: ${why}.`, { cause });
}

export function rethrowBroken(cause: unknown): never {
  throw broken(cause);
}

// ── Bytes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function reader(source: Source): ReadAt {
  if (typeof source !== "string") return async (offset, length) => source.subarray(offset, offset + length);
  return async (offset, length) => {
    const file = await open(source);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  };
}
