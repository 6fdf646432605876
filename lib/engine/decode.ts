import { open } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { readPixels } from "@/lib/engine/pixels";

/** The most pixels that a source image may have: 50 megapixels. */
export const MAX_SOURCE_PIXELS = 50_000_000;

/** What may be uploaded. */
export const IMAGE_TYPES = ["image/jpeg", "image/png", "image/webp"] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

const BLACK = { r: 0, g: 0, b: 0 };
const HEAD_BYTES = 1024;

// Several images at once use the processor better than several threads on one. The cache would hold what never comes
// again, and the old content of a path that is written anew.
sharp.concurrency(1);
sharp.cache(false);

/** The bytes are no image that we can use; the message is a sentence for whoever uploaded it. */
export class ImageDecodeError extends Error {
  override readonly name = "ImageDecodeError";
}

/** What the file's header says. Width and height are of the image as people see it (EXIF orientation applied). */
export interface ImageHeader {
  contentType: ImageType;
  width: number;
  height: number;
  /** EXIF's 1 to 8: how the stored pixels lie. */
  orientation: number;
}

/**
 * Reads the header only, so that a decompression bomb is refused before its pixels are. The format is told by the file's
 * first bytes, never by its name, and nothing but a JPEG, PNG or WebP reaches a decoder. Throws ImageDecodeError.
 */
export async function readHeader(source: Buffer | string): Promise<ImageHeader> {
  const format = nameFormat(await readHead(source));
  const contentType = IMAGE_TYPES.find((type) => type === `image/${format.toLowerCase()}`);
  if (contentType === undefined) {
    const what = format === "" ? "The file is not an image that can be read" : `${format} files are not supported`;
    throw new ImageDecodeError(`${what}; use JPEG, PNG or WebP.`);
  }
  let width: number, height: number, orientation: number;
  try {
    const metadata = await sharp(source, { limitInputPixels: false }).metadata();
    ({ width, height } = metadata.autoOrient);
    orientation = metadata.orientation ?? 1;
  } catch (error) {
    throw broken(error);
  }
  if (width * height > MAX_SOURCE_PIXELS) {
    throw new ImageDecodeError(
      `The image has ${Math.ceil((width * height) / 1e6)} megapixels; at most ${MAX_SOURCE_PIXELS / 1e6} are supported.`,
    );
  }
  return { contentType, width, height, orientation };
}

/**
 * Looks at a whole image, a file's bytes or its path, before it is taken in: the format, the number of pixels (before any is
 * decoded), then every pixel, so that a file that is cut short is found now and not when a version is made of it. Throws
 * ImageDecodeError.
 */
export async function inspectImage(
  source: Buffer | string,
): Promise<Pick<ImageHeader, "contentType" | "width" | "height">> {
  const { contentType, width, height } = await readHeader(source);
  // a small result lets a JPEG skip most of the arithmetic, but none of the reading
  await readPixels(openSource(source, true).resize(8, 8, { fit: "fill" })).catch((error: unknown) => {
    throw broken(error);
  });
  return { contentType, width, height };
}

/** The source as sRGB: transparency laid on black, the first frame of an animation. Pixels are not read yet. */
export function openSource(source: Buffer | string, autoOrient: boolean): Sharp {
  return sharp(source, { autoOrient, limitInputPixels: MAX_SOURCE_PIXELS, failOn: "error" })
    .flatten({ background: BLACK })
    .toColourspace("srgb");
}

/** The error for a source whose pixels cannot be read. */
export function broken(cause: unknown): ImageDecodeError {
  return new ImageDecodeError("The image is broken: its pixels cannot be read.", { cause });
}

async function readHead(source: Buffer | string): Promise<Buffer> {
  if (typeof source !== "string") return source.subarray(0, HEAD_BYTES);
  const file = await open(source);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

const SIGNATURES: readonly [name: string, pattern: RegExp][] = [
  ["JPEG", /^\xff\xd8\xff/],
  ["PNG", /^\x89PNG\r\n\x1a\n/],
  ["WebP", /^RIFF[^]{4}WEBP/],
  ["GIF", /^GIF8[79]a/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["BMP", /^BM[^]{4}\0\0\0\0/],
  ["HEIC", /^[^]{4}ftyp(hei|hev|mif1|msf1)/],
  ["AVIF", /^[^]{4}ftypavi/],
  ["MP4", /^[^]{4}ftyp/],
  ["JPEG XL", /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ["JPEG 2000", /^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ["PSD", /^8BPS/],
  ["PDF", /^%PDF/],
  ["ZIP", /^PK\x03\x04/],
  ["SVG", /^(\xef\xbb\xbf)?\s*(<\?xml[^]*)?<svg[\s>]/i],
];

/** The format's name; "" for bytes that we cannot tell. */
function nameFormat(head: Buffer): string {
  const text = head.toString("latin1");
  return SIGNATURES.find(([, pattern]) => pattern.test(text))?.[0] ?? "";
}
