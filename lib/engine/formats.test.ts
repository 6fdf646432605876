import { expect, test } from "vitest";
import { IMAGE_TYPES, nameFormat, refuseFormat, USE_ONE_OF } from "@/lib/engine/formats";

test("what can be used is said in one sentence", () => {
  expect(USE_ONE_OF).toBe("JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP");
  expect(IMAGE_TYPES).toHaveLength(7);
});

test.each([
  ["\xff\xd8\xff\xe0", "JPEG"],
  ["RIFF\x10\0\0\0WEBPVP8L", "WebP"],
  ["II*\0", "TIFF"],
  ["MM\0*", "TIFF"],
  ["GIF89a", "GIF"],
  ["BM\x10\0\0\0\0\0\0\0", "BMP"],
  ["\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "AVIF"],
  ["\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", "AVIF"],
  ["\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"],
  ["\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"],
  ["\0\0\0\x18ftypcrx \0\0\0\x01crx isom", "camera raw"],
  ["\0\0\0\x18ftypisom\0\0\x02\0isomavif", "AVIF"],
  ["\0\0\0\x14ftypisom\0\0\x02\0isomavif", "video"], // the last word is not of the box
  ["RIFF\x10\0\0\0AVI LIST", "video"],
  ["<?xml version='1.0'?>\n<svg>", "SVG"],
  ["hello", ""],
  ["", ""],
])("%j is told by its first bytes: %s", (head, format) => {
  expect(nameFormat(Buffer.from(head, "latin1"))).toBe(format);
});

test("who sent what cannot be used is told what to do", () => {
  expect(refuseFormat("")).toBe(
    "The file is not an image that can be read; use JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP.",
  );
  expect(refuseFormat("ZIP")).toBe("ZIP files are not supported; use JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP.");
  expect(refuseFormat("HEIC")).toBe(
    "HEIC files are not supported. On an iPhone choose Settings → Camera → Formats → Most Compatible, or convert the file to JPEG.",
  );
  expect(refuseFormat("camera raw")).toMatch(/^Camera raw files are not supported\. Set the camera to JPEG/);
  expect(refuseFormat("PDF")).toBe("PDF files are not supported. Export it as PNG or JPEG.");
});
