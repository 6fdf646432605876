import { readHeader, readSource } from "@/lib/engine/decode";

const QUALITY = 78;

/**
 * The image without loss as every browser shows it and every trainer reads it: a PNG of its first frame, turned as its
 * orientation says, without metadata, transparency on black. Throws ImageDecodeError.
 */
export async function makePng(source: Buffer | string): Promise<Buffer> {
  await readHeader(source);
  return readSource(source, true, (image) => image.png().toBuffer());
}

/**
 * A WebP whose longer side is at most `sidePx`; a smaller image is not enlarged. Turned as its EXIF orientation says,
 * without metadata, transparency on black. Throws ImageDecodeError.
 */
export async function makeThumbnail(source: Buffer | string, sidePx: number): Promise<Buffer> {
  await readHeader(source);
  return readSource(source, true, (image) =>
    image.resize(sidePx, sidePx, { fit: "inside", withoutEnlargement: true }).webp({ quality: QUALITY }).toBuffer(),
  );
}
