import { describe, expect, it } from "vitest";
import { BmpError, decodeBmp, readBmpHeader } from "@/lib/engine/bmp";

interface Wish {
  width: number;
  height: number;
  bits: number;
  compression?: number;
  /** Blue, green, red, nothing. */
  palette?: readonly number[];
  /** Red, green, blue, alpha: after the header of version 3, or within that of version 4. */
  masks?: readonly number[];
  headerBytes?: 12 | 40 | 108;
  pixels: readonly number[];
}

function bmp({
  width,
  height,
  bits,
  compression = 0,
  palette = [],
  masks = [],
  headerBytes = 40,
  pixels,
}: Wish): Buffer {
  const head = Buffer.alloc(14 + headerBytes);
  head.write("BM");
  head.writeUInt32LE(headerBytes, 14);
  if (headerBytes === 12) {
    head.writeUInt16LE(width, 18);
    head.writeUInt16LE(height, 20);
    head.writeUInt16LE(1, 22);
    head.writeUInt16LE(bits, 24);
  } else {
    head.writeInt32LE(width, 18);
    head.writeInt32LE(height, 22);
    head.writeUInt16LE(1, 26);
    head.writeUInt16LE(bits, 28);
    head.writeUInt32LE(compression, 30);
    head.writeUInt32LE(headerBytes === 40 ? palette.length / 4 : 0, 46);
  }
  const fields = Buffer.alloc(masks.length * 4);
  masks.forEach((mask, index) => fields.writeUInt32LE(mask, index * 4));
  if (headerBytes === 108) fields.copy(head, 54);
  const bytes = Buffer.concat([
    head,
    headerBytes === 40 ? fields : Buffer.alloc(0),
    Buffer.from(palette),
    Buffer.from(pixels),
  ]);
  bytes.writeUInt32LE(bytes.length - pixels.length, 10);
  return bytes;
}

/** Rows from above, pixels as "rrggbb". */
function rows(bytes: Buffer): string[][] {
  const { data, width, height } = decodeBmp(bytes);
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => data.toString("hex", (y * width + x) * 3, (y * width + x) * 3 + 3)),
  );
}

const [RED, GREEN, BLUE, WHITE, BLACK] = ["ff0000", "00ff00", "0000ff", "ffffff", "000000"];
const PALETTE = [0, 0, 0, 0, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 0]; // black, red, green, blue

describe("a bitmap", () => {
  it("of 24 bits begins with its lowest row, each of whole words", () => {
    const pixels = [255, 0, 0, 255, 255, 255, 9, 9, 0, 0, 255, 0, 255, 0, 9, 9];
    expect(rows(bmp({ width: 2, height: 2, bits: 24, pixels }))).toEqual([
      [RED, GREEN],
      [BLUE, WHITE],
    ]);
    expect(rows(bmp({ width: 2, height: -2, bits: 24, pixels })), "from above").toEqual([
      [BLUE, WHITE],
      [RED, GREEN],
    ]);
    expect(rows(bmp({ width: 2, height: 2, bits: 24, headerBytes: 12, pixels })), "of OS/2").toHaveLength(2);
    expect(rows(bmp({ width: 2, height: 2, bits: 24, pixels: pixels.slice(0, -2) })), "the last word cut").toHaveLength(
      2,
    );
  });

  it("of 1, 2, 4 and 8 bits has a palette", () => {
    const one = { width: 4, height: 1, palette: PALETTE };
    expect(rows(bmp({ ...one, bits: 1, pixels: [0b01100000, 0, 0, 0] }))).toEqual([[BLACK, RED, RED, BLACK]]);
    const all = [[BLACK, RED, GREEN, BLUE]];
    expect(rows(bmp({ ...one, bits: 2, pixels: [0b00011011, 0, 0, 0] }))).toEqual(all);
    expect(rows(bmp({ ...one, bits: 4, pixels: [0x01, 0x23, 0, 0] }))).toEqual(all);
    expect(rows(bmp({ ...one, bits: 8, pixels: [0, 1, 2, 3] }))).toEqual(all);
    expect(rows(bmp({ ...one, bits: 8, pixels: [0, 1, 2, 77] })), "a colour that is not there").toEqual([
      [BLACK, RED, GREEN, BLACK],
    ]);
  });

  it("of 16 and 32 bits has fields, by rule or by masks", () => {
    // 5 bits each: 31 << 10 is red
    expect(rows(bmp({ width: 2, height: 1, bits: 16, pixels: [0x00, 0x7c, 0xff, 0x7f] }))).toEqual([[RED, WHITE]]);
    const masks = [0xf800, 0x07e0, 0x001f];
    expect(
      rows(bmp({ width: 2, height: 1, bits: 16, compression: 3, masks, pixels: [0x00, 0xf8, 0xe0, 0x07] })),
    ).toEqual([[RED, GREEN]]);
    expect(rows(bmp({ width: 1, height: 1, bits: 32, pixels: [1, 2, 3, 0] })), "the fourth byte means nothing").toEqual(
      [["030201"]],
    );
    const rgba = {
      width: 2,
      height: 1,
      bits: 32,
      compression: 3,
      headerBytes: 108,
      masks: [0xff, 0xff00, 0xff0000, 0xff000000],
    } as const;
    expect(rows(bmp({ ...rgba, pixels: [200, 100, 50, 255, 200, 100, 50, 51] })), "on black").toEqual([
      ["c86432", "28140a"],
    ]);
    expect(rows(bmp({ ...rgba, pixels: [200, 100, 50, 0, 1, 2, 3, 0] })), "no alpha at all").toEqual([
      ["c86432", "010203"],
    ]);
  });

  it("may be run-length encoded, with jumps and ends", () => {
    const eight = { width: 4, height: 2, bits: 8, compression: 1, palette: PALETTE };
    // two reds, a run of what stands there (green, blue, black) padded, end of row …
    expect(rows(bmp({ ...eight, width: 5, pixels: [2, 1, 0, 3, 2, 3, 0, 0, 0, 0, 0, 1] }))).toEqual([
      [BLACK, BLACK, BLACK, BLACK, BLACK],
      [RED, RED, GREEN, BLUE, BLACK],
    ]);
    expect(rows(bmp({ ...eight, pixels: [1, 1, 0, 2, 1, 1, 2, 3, 0, 1] })), "a jump of 1, 1").toEqual([
      [BLACK, BLACK, BLUE, BLUE],
      [RED, BLACK, BLACK, BLACK],
    ]);
    const four = { width: 5, height: 1, bits: 4, compression: 2, palette: PALETTE };
    expect(rows(bmp({ ...four, pixels: [3, 0x12, 2, 0x33, 0, 1] })), "two in turn").toEqual([
      [RED, GREEN, RED, BLUE, BLUE],
    ]);
    expect(rows(bmp({ ...four, pixels: [0, 5, 0x12, 0x30, 0x10, 0, 0, 1] }))).toEqual([[RED, GREEN, BLUE, BLACK, RED]]);
    expect(rows(bmp({ ...four, pixels: [255, 0x11, 0, 1] })), "a run over the edge").toEqual([
      [RED, RED, RED, RED, RED],
    ]);
  });

  it.each<[string, Buffer]>([
    ["without pixels", bmp({ width: 2, height: 2, bits: 24, pixels: [1, 2, 3] })],
    ["without a palette", bmp({ width: 2, height: 1, bits: 8, pixels: [] }).subarray(0, 54)],
    ["whose runs end nowhere", bmp({ width: 2, height: 1, bits: 8, compression: 1, palette: PALETTE, pixels: [1] })],
    ["of 7 bits", bmp({ width: 1, height: 1, bits: 7, pixels: [0] })],
    ["of no width", bmp({ width: 0, height: 1, bits: 24, pixels: [0] })],
    ["with a JPEG in it", bmp({ width: 1, height: 1, bits: 24, compression: 4, pixels: [0] })],
    ["of which little is there", Buffer.from("BM\0\0\0\0")],
  ])("%s is refused", (_what, bytes) => {
    expect(() => decodeBmp(bytes)).toThrow(BmpError);
  });

  it("tells its size before its pixels are read", () => {
    expect(readBmpHeader(bmp({ width: 30_000, height: -20_000, bits: 1, pixels: [] }))).toMatchObject({
      width: 30_000,
      height: 20_000,
      fromAbove: true,
    });
  });
});
