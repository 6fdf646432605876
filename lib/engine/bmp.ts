import type { Pixels } from "@/lib/engine/pixels";

/*
 * Windows bitmaps, which libvips as sharp brings it cannot read: headers of OS/2 and of Windows from version 3 to 5, 1 to 32 bits
 * a pixel, palettes, bit fields, both run-length encodings, from below and from above. (Microsoft, "Bitmap Storage")
 */

/** The bytes are no bitmap that can be read; the message is half a sentence. */
export class BmpError extends Error {
  override readonly name = "BmpError";
}

export interface BmpHeader {
  width: number;
  height: number;
  fromAbove: boolean;
  bits: 1 | 2 | 4 | 8 | 16 | 24 | 32;
  compression: "none" | "rle4" | "rle8";
  /** Where the palette lies, how many colours it has, and bytes a colour. */
  palette: { at: number; colours: number; entryBytes: 3 | 4 };
  /** Which bits of a pixel of 16 or 32 are red, green, blue and alpha. */
  masks: readonly [red: number, green: number, blue: number, alpha: number];
  pixelsAt: number;
}

/** The most bytes that a header has, masks included. */
export const BMP_HEADER_BYTES = 14 + 124 + 16;

const FILE_HEADER_BYTES = 14;
const OS2_HEADER_BYTES = 12;
const MASKS_16 = [0x7c00, 0x03e0, 0x001f, 0] as const;
const MASKS_32 = [0xff0000, 0x00ff00, 0x0000ff, 0] as const;
const [RGB, RLE8, RLE4, BIT_FIELDS, ALPHA_BIT_FIELDS] = [0, 1, 2, 3, 6];

/** Throws BmpError. */
export function readBmpHeader(head: Buffer): BmpHeader {
  try {
    return parseHeader(head);
  } catch (error) {
    throw error instanceof RangeError ? new BmpError("its header is cut short", { cause: error }) : error;
  }
}

function parseHeader(head: Buffer): BmpHeader {
  const pixelsAt = head.readUInt32LE(10);
  const headerBytes = head.readUInt32LE(14);
  const os2 = headerBytes === OS2_HEADER_BYTES;
  if (!os2 && headerBytes < 40 && headerBytes !== 16) throw new BmpError("its header is of no known kind");
  const width = os2 ? head.readUInt16LE(18) : head.readInt32LE(18);
  const said = os2 ? head.readUInt16LE(20) : head.readInt32LE(22);
  const depth = head.readUInt16LE(os2 ? 24 : 28);
  const bits = ([1, 2, 4, 8, 16, 24, 32] as const).find((known) => known === depth);
  const method = headerBytes >= 40 ? head.readUInt32LE(30) : RGB;
  const colours = headerBytes >= 40 ? head.readUInt32LE(46) : 0;
  if (width <= 0 || said === 0 || bits === undefined) throw new BmpError("its header cannot be meant");
  const fields = method === BIT_FIELDS || method === ALPHA_BIT_FIELDS;
  const compression = method === RLE8 ? "rle8" : method === RLE4 ? "rle4" : method === RGB || fields ? "none" : null;
  if (compression === null) throw new BmpError("its pixels are compressed in a way that is not supported");
  if (fields && bits !== 16 && bits !== 32) throw new BmpError("its header cannot be meant");
  if (compression !== "none" && (bits !== (compression === "rle8" ? 8 : 4) || said < 0))
    throw new BmpError("its header cannot be meant");
  // version 3 writes its masks after the header, later ones within
  const masksBytes = fields && headerBytes === 40 ? (method === ALPHA_BIT_FIELDS ? 16 : 12) : 0;
  const withAlpha = headerBytes >= 56 || masksBytes === 16;
  const masks = fields
    ? ([54, 58, 62, 66].map((at, index) => (index < 3 || withAlpha ? head.readUInt32LE(at) : 0)) as [
        number,
        number,
        number,
        number,
      ])
    : bits === 16
      ? MASKS_16
      : MASKS_32;
  return {
    width,
    height: Math.abs(said),
    fromAbove: said < 0,
    bits,
    compression,
    palette: {
      at: FILE_HEADER_BYTES + headerBytes + masksBytes,
      colours: bits > 8 ? 0 : Math.min(colours || 2 ** bits, 2 ** bits),
      entryBytes: os2 ? 3 : 4,
    },
    masks,
    pixelsAt,
  };
}

/** The pixels in three channels, what is transparent laid on black. Throws BmpError. */
export function decodeBmp(bytes: Buffer): Pixels {
  const header = readBmpHeader(bytes.subarray(0, BMP_HEADER_BYTES));
  const { width, height, bits } = header;
  const data = Buffer.alloc(width * height * 3);
  if (bits > 8) readColours(bytes, header, data);
  else readIndexes(bytes, header, data);
  return { data, width, height, channels: 3 };
}

/** Where each row of the image begins in the output, in the order of the file. */
const rowOf = ({ fromAbove, height }: BmpHeader, row: number): number => (fromAbove ? row : height - 1 - row);

/** Rows fill whole words of four bytes; the last need not. */
function rowsOf(bytes: Buffer, { width, height, bits, pixelsAt }: BmpHeader): (row: number) => Buffer {
  const used = Math.ceil((width * bits) / 8);
  const stride = Math.ceil((width * bits) / 32) * 4;
  if (pixelsAt + stride * (height - 1) + used > bytes.length) throw new BmpError("it is cut short");
  return (row) => bytes.subarray(pixelsAt + stride * row, pixelsAt + stride * row + used);
}

// ── 16, 24 and 32 bits ───────────────────────────────────────────────────────────────────────────────────────────────

function readColours(bytes: Buffer, header: BmpHeader, data: Buffer): void {
  const { width, height, bits } = header;
  const rowAt = rowsOf(bytes, header);
  if (bits === 24) {
    for (let row = 0; row < height; row++) {
      const from = rowAt(row);
      let to = rowOf(header, row) * width * 3;
      for (let at = 0; at < width * 3; at += 3, to += 3) {
        data[to] = from[at + 2]!;
        data[to + 1] = from[at + 1]!;
        data[to + 2] = from[at]!;
      }
    }
    return;
  }
  const [red, green, blue, alpha] = header.masks.map(fieldOf) as [Field, Field, Field, Field];
  const step = bits / 8;
  const see = alpha.max > 0 && hasAlpha(rowAt, header, alpha);
  for (let row = 0; row < height; row++) {
    const from = rowAt(row);
    let to = rowOf(header, row) * width * 3;
    for (let at = 0; at < width * step; at += step, to += 3) {
      const pixel = step === 2 ? from.readUInt16LE(at) : from.readUInt32LE(at);
      const opacity = see ? valueOf(pixel, alpha) / 255 : 1;
      data[to] = Math.round(valueOf(pixel, red) * opacity);
      data[to + 1] = Math.round(valueOf(pixel, green) * opacity);
      data[to + 2] = Math.round(valueOf(pixel, blue) * opacity);
    }
  }
}

/** Bits of a pixel that are one channel. */
interface Field {
  mask: number;
  shift: number;
  max: number;
}

function fieldOf(mask: number): Field {
  if (mask === 0) return { mask, shift: 0, max: 0 };
  const shift = 31 - Math.clz32(mask & -mask);
  return { mask, shift, max: mask >>> shift };
}

/** From 0 to 255. */
const valueOf = (pixel: number, { mask, shift, max }: Field): number =>
  max === 0 ? 0 : Math.round((((pixel & mask) >>> shift) * 255) / max);

/** Programs that know no alpha leave its bits 0: all of that is no invisible image. */
function hasAlpha(rowAt: (row: number) => Buffer, { width, height, bits }: BmpHeader, alpha: Field): boolean {
  for (let row = 0; row < height; row++) {
    const from = rowAt(row);
    for (let x = 0; x < width; x++)
      if (((bits === 16 ? from.readUInt16LE(x * 2) : from.readUInt32LE(x * 4)) & alpha.mask) !== 0) return true;
  }
  return false;
}

// ── Palettes ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function readIndexes(bytes: Buffer, header: BmpHeader, data: Buffer): void {
  const { width, height, bits } = header;
  const palette = readPalette(bytes, header);
  const put = (row: number, x: number, index: number) => {
    const to = (rowOf(header, row) * width + x) * 3;
    data[to] = palette[index * 3]!;
    data[to + 1] = palette[index * 3 + 1]!;
    data[to + 2] = palette[index * 3 + 2]!;
  };
  if (header.compression !== "none") {
    for (let row = 0; row < height; row++) for (let x = 0; x < width; x++) put(row, x, 0);
    return readRuns(bytes, header, put);
  }
  const rowAt = rowsOf(bytes, header);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let row = 0; row < height; row++) {
    const from = rowAt(row);
    for (let x = 0; x < width; x++) {
      const shift = 8 - bits * ((x % perByte) + 1);
      put(row, x, (from[Math.floor(x / perByte)]! >> shift) & mask);
    }
  }
}

/** 256 colours of three bytes; those that the file has not are black. */
function readPalette(bytes: Buffer, { palette: { at, colours, entryBytes } }: BmpHeader): Buffer {
  const palette = Buffer.alloc(256 * 3);
  for (let index = 0; index < colours; index++) {
    const from = at + index * entryBytes;
    if (from + 3 > bytes.length) throw new BmpError("it is cut short");
    palette[index * 3] = bytes[from + 2]!;
    palette[index * 3 + 1] = bytes[from + 1]!;
    palette[index * 3 + 2] = bytes[from]!;
  }
  return palette;
}

/** Pairs of bytes: a run of one colour (two in turn, with 4 bits), or after 0 an end, a jump, or so many pixels as they are. */
function readRuns(
  bytes: Buffer,
  { width, height, compression, pixelsAt }: BmpHeader,
  put: (row: number, x: number, index: number) => void,
): void {
  const nibbles = compression === "rle4";
  const indexOf = (byte: number, place: number): number => (nibbles ? (place % 2 === 0 ? byte >> 4 : byte & 15) : byte);
  let [at, row, x] = [pixelsAt, 0, 0];
  const byteAt = (position: number): number => {
    const byte = bytes[position];
    if (byte === undefined) throw new BmpError("it is cut short");
    return byte;
  };
  const set = (index: number) => {
    if (row < height && x < width) put(row, x, index);
    x += 1;
  };
  while (row < height) {
    const [count, value] = [byteAt(at), byteAt(at + 1)];
    at += 2;
    if (count > 0) {
      for (let place = 0; place < count; place++) set(indexOf(value, place));
    } else if (value === 0) {
      [row, x] = [row + 1, 0];
    } else if (value === 1) {
      return;
    } else if (value === 2) {
      x += byteAt(at);
      row += byteAt(at + 1);
      at += 2;
    } else {
      for (let place = 0; place < value; place++) set(indexOf(byteAt(at + (nibbles ? place >> 1 : place)), place));
      const used = nibbles ? Math.ceil(value / 2) : value;
      at += used + (used % 2);
    }
  }
}
