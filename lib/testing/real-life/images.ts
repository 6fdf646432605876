import { readFileSync } from "node:fs";
import path from "node:path";

/*
 * What is right for each image in files/. The picture is 32 × 24: red on the left, on the right blue above and green below.
 */

export type Rgb = readonly [red: number, green: number, blue: number];
export const RED: Rgb = [220, 40, 30];
export const BLUE: Rgb = [30, 60, 210];
export const GREEN: Rgb = [20, 160, 60];
const BLACK: Rgb = [0, 0, 0];
const grey = (value: number): Rgb => [value, value, value];

export interface RealImage {
  contentType: string;
  /** As seen. */
  size: readonly [width: number, height: number];
  /** On the left, above on the right, below on the right; each value may be off by so much. */
  pixels: { left: Rgb; above: Rgb; below: Rgb; tolerance: number } | null;
  notes: readonly RegExp[];
}

const FIRST = /^The first of its 2 frames or pages was taken\.$/;
const DAMAGED = /^The file is damaged, and was taken as viewers show it\.$/;

const flag = (contentType: string, tolerance = 0, notes: readonly RegExp[] = []): RealImage => ({
  contentType: `image/${contentType}`,
  size: [32, 24],
  pixels: { left: RED, above: BLUE, below: GREEN, tolerance },
  notes,
});
const shades = (contentType: string, [left, above, below]: readonly [Rgb, Rgb, Rgb], tolerance = 0): RealImage => ({
  ...flag(contentType),
  pixels: { left, above, below, tolerance },
});

/** 96 % of the file's bytes are there. */
const CUT = /About [3-6] % of it, at its end, is missing and grey\.$/;

/** As weighed by ITU-R BT.601: 0.299, 0.587, 0.114. */
const GREYS = [grey(93), grey(68), grey(107)] as const;
/** The upper eight of 40000 and 8000's sixteen bits. */
const SIXTEEN = [grey(156), grey(31), grey(31)] as const;
/** A press prints no such red; what it prints instead depends on a profile. */
const PRINTED = 90;

export const REAL_IMAGES: Readonly<Record<string, RealImage>> = {
  "24-bit.bmp": flag("bmp"),
  "palette.bmp": flag("bmp"),
  "alpha.bmp": flag("bmp"),
  "grey.bmp": shades("bmp", GREYS, 1),
  "black-and-white.bmp": shades("bmp", [BLACK, BLACK, grey(255)]),
  "lzw.tif": flag("tiff"),
  "jpeg-in.tif": flag("tiff", 8),
  "grey-16-bit.tif": shades("tiff", SIXTEEN),
  "cmyk.tif": flag("tiff", PRINTED),
  "two-pages.tif": flag("tiff", 0, [FIRST]),
  "turned.tif": flag("tiff"),
  "animation.gif": flag("gif", 0, [FIRST]),
  "see-through.gif": shades("gif", [BLACK, BLUE, GREEN]),
  "photo.avif": flag("avif", 8),
  "photo.webp": flag("webp"),
  "grey-16-bit.png": shades("png", SIXTEEN),
  "plain.png": flag("png"),
  "plain.jpg": flag("jpeg", 6),
  "progressive.jpg": flag("jpeg", 6),
  "cmyk.jpg": flag("jpeg", PRINTED),
  "turned.jpg": flag("jpeg", 6),
  "two-pictures.jpg": flag("jpeg", 10),
  "rubbish-between.jpg": flag("jpeg", 6, [DAMAGED]),
  "rubbish-behind.jpg": flag("jpeg", 6),
  "without-end.jpg": flag("jpeg", 6, [DAMAGED]),
  "cut-a-little.jpg": { contentType: "image/jpeg", size: [128, 96], pixels: null, notes: [CUT] },
};

/** What is refused, and what to do about it. */
export const REFUSED_IMAGES: Readonly<Record<string, RegExp>> = {
  "telephone.heic": /^HEIC files .*Settings → Camera → Formats → Most Compatible/,
  "float.tif": /measurements, not colours\. Export it with 8 or 16 bits/,
  "cut-in-half.jpg": /^The file is cut short: about [45]\d % .*Copy or export it again/,
};

export const readRealImage = (name: string): Buffer => readFileSync(path.join(import.meta.dirname, "files", name));
