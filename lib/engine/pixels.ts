import sharp, { type Sharp } from "sharp";

/** Eight bits a channel, rows from the top: three channels (sRGB), or one once the image is grey. */
export interface Pixels {
  data: Buffer;
  width: number;
  height: number;
  channels: 1 | 3;
}

/** Whole pixels from the top left corner. */
export interface Region {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A pipeline that begins with the pixels, which it does not copy. */
export function openPixels({ data, width, height, channels }: Pixels): Sharp {
  const image = sharp(data, { raw: { width, height, channels } });
  return channels === 1 ? image.toColourspace("b-w") : image;
}

/** Runs the pipeline, into a buffer of its own. */
export async function readPixels(image: Sharp): Promise<Pixels> {
  const { data, info } = await image.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 1 && channels !== 3) throw new Error(`Expected 1 or 3 channels, got ${channels}.`);
  return { data, width, height, channels };
}

/** A copy of the region, which may reach out of the image: what lies outside gets the value `outside` in every channel. */
export function cut({ data, width, height, channels }: Pixels, region: Region, outside: 0 | 255): Pixels {
  const copy = Buffer.alloc(region.width * region.height * channels, outside);
  const [left, right] = [Math.max(0, region.left), Math.min(width, region.left + region.width)];
  for (let y = Math.max(0, region.top); right > left && y < Math.min(height, region.top + region.height); y++) {
    const start = ((y - region.top) * region.width + left - region.left) * channels;
    data.copy(copy, start, (y * width + left) * channels, (y * width + right) * channels);
  }
  return { data: copy, width: region.width, height: region.height, channels };
}
