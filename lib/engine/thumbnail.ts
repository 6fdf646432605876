import { openSource, readHeader, ImageDecodeError } from "@/lib/engine/decode";

const QUALITY = 78;

/**
 * A WebP whose longer side is at most `sidePx`; a smaller image is not enlarged. Turned as its EXIF orientation says,
 * without metadata, transparency on black. Throws ImageDecodeError.
 */
export async function makeThumbnail(source: Buffer | string, sidePx: number): Promise<Buffer> {
  await readHeader(source);
  return openSource(source, true)
    .resize(sidePx, sidePx, { fit: "inside", withoutEnlargement: true })
    .webp({ quality: QUALITY })
    .toBuffer()
    .catch((error: unknown) => {
      throw new ImageDecodeError("The image is broken: its pixels cannot be read.", { cause: error });
    });
}
