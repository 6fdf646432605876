import { expect, test } from "vitest";
import { isCameraRaw } from "@/lib/engine/camera-raw";

/** A directory of tags of one number each, at the end of the file, in either order of bytes. */
function tiff(order: "II" | "MM", tags: readonly [tag: number, type: 3 | 4, value: number][]): Buffer {
  const bytes = Buffer.alloc(40 + tags.length * 12);
  const u16 = (value: number, at: number) =>
    order === "II" ? bytes.writeUInt16LE(value, at) : bytes.writeUInt16BE(value, at);
  const u32 = (value: number, at: number) =>
    order === "II" ? bytes.writeUInt32LE(value, at) : bytes.writeUInt32BE(value, at);
  bytes.write(order);
  u16(42, 2);
  u32(32, 4);
  u16(tags.length, 32);
  tags.forEach(([tag, type, value], index) => {
    const at = 34 + index * 12;
    u16(tag, at);
    u16(type, at + 2);
    u32(1, at + 4);
    if (type === 3) u16(value, at + 8);
    else u32(value, at + 8);
  });
  return bytes;
}

const look = (bytes: Buffer) => isCameraRaw(async (offset, length) => bytes.subarray(offset, offset + length));

test("a TIFF that begins with a thumbnail, a sensor's mosaic or DNG's mark is a camera's raw file", async () => {
  for (const order of ["II", "MM"] as const) {
    expect(await look(tiff(order, [[256, 4, 100], [254, 4, 1]])), "NEF, ARW, DNG").toBe(true); // prettier-ignore
    expect(await look(tiff(order, [[262, 3, 32803]])), "a mosaic").toBe(true);
    expect(await look(tiff(order, [[50706, 4, 1]])), "DNG").toBe(true);
    expect(await look(tiff(order, [[254, 4, 0], [262, 3, 2]])), "a plain one").toBe(false); // prettier-ignore
    expect(await look(tiff(order, [[254, 4, 2]])), "a page").toBe(false);
  }
  expect(await look(Buffer.from("II*\0\x10\0\0\0CR\x02\0\0\0\0\0", "latin1")), "CR2").toBe(true);
});

test("a TIFF that is cut short is none", async () => {
  for (const length of [0, 10, 16, 33]) expect(await look(tiff("II", [[254, 4, 1]]).subarray(0, length))).toBe(false);
});
