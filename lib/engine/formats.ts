/*
 * Which image files there are, by their first bytes, and what to do with one that cannot be used.
 */

/** What may be uploaded, as what it is stored; the word is for sentences. */
export const IMAGE_FORMATS = {
  "image/jpeg": "JPEG",
  "image/png": "PNG",
  "image/webp": "WebP",
  "image/avif": "AVIF",
  "image/tiff": "TIFF",
  "image/gif": "GIF",
  "image/bmp": "BMP",
} as const;
export type ImageType = keyof typeof IMAGE_FORMATS;
export const IMAGE_TYPES = Object.keys(IMAGE_FORMATS) as readonly ImageType[];

/** For sentences: "… use JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP". */
export const USE_ONE_OF = Object.values(IMAGE_FORMATS)
  .join(", ")
  .replace(/, (\w+)$/, " or $1");

/** How many bytes of a file tell its format. */
export const HEAD_BYTES = 1024;

const SIGNATURES: readonly [name: string, pattern: RegExp][] = [
  ["JPEG", /^\xff\xd8\xff/],
  ["PNG", /^\x89PNG\r\n\x1a\n/],
  ["WebP", /^RIFF[^]{4}WEBP/],
  ["GIF", /^GIF8[79]a/],
  ["TIFF", /^(II[*+]\0|MM\0[*+])/],
  ["camera raw", /^(FUJIFILMCCD-RAW|IIRO|IIRS|MMOR|IIU\0|\0MRM|FOVb|HEAPCCDR)/],
  ["BMP", /^BM[^]{4}\0\0\0\0/],
  ["video", /^(RIFF[^]{4}AVI |\x1aE\xdf\xa3|\0\0\x01\xba|[^]{4}(moov|mdat|wide))/],
  ["JPEG XL", /^(\xff\x0a|\0\0\0\x0cJXL )/],
  ["JPEG 2000", /^(\0\0\0\x0cjP {2}|\xff\x4f\xff\x51)/],
  ["PSD", /^8BPS/],
  ["PDF", /^%PDF/],
  ["ZIP", /^PK\x03\x04/],
  ["SVG", /^(\xef\xbb\xbf)?\s*(<\?xml[^]*)?<svg[\s>]/i],
];

/** The format's name; "" for bytes that we cannot tell. */
export function nameFormat(head: Buffer): string {
  const text = head.toString("latin1");
  return nameContainer(text) ?? SIGNATURES.find(([, pattern]) => pattern.test(text))?.[0] ?? "";
}

/** Of what begins as MP4 does, by the brands that it says it is: HEIC and AVIF may both be called "mif1" first. */
function nameContainer(text: string): string | null {
  if (text.slice(4, 8) !== "ftyp") return null;
  const size = [...text.slice(0, 4)].reduce((sum, byte) => sum * 256 + byte.charCodeAt(0), 0);
  const brands = text.slice(8, Math.min(Math.max(size, 12), 256));
  const named = (pattern: RegExp) => (brands.match(/[^]{4}/g) ?? []).some((brand) => pattern.test(brand));
  if (named(/^avi[fs]/)) return "AVIF";
  if (named(/^(hei|hev|mif1|msf1)/)) return "HEIC";
  return named(/^crx /) ? "camera raw" : "video";
}

const AS_IMAGE = "Export it as PNG or JPEG.";

/** What to do with a file of each format that cannot be used. */
const ADVICE: Readonly<Record<string, string>> = {
  HEIC: "On an iPhone choose Settings → Camera → Formats → Most Compatible, or convert the file to JPEG.",
  "camera raw": "Set the camera to JPEG, or develop the file to JPEG or TIFF.",
  video: "Take pictures out of it, for example with: ffmpeg -i video.mp4 -vf fps=1 frame-%04d.jpg",
  "JPEG XL": AS_IMAGE,
  "JPEG 2000": AS_IMAGE,
  PSD: AS_IMAGE,
  PDF: AS_IMAGE,
  SVG: AS_IMAGE,
};

const PLURALS: Readonly<Record<string, string>> = { "camera raw": "Camera raw files", video: "Videos" };

/** The sentence for whoever sent a file of that format, which cannot be used. */
export function refuseFormat(format: string): string {
  if (format === "") return `The file is not an image that can be read; use ${USE_ONE_OF}.`;
  const what = `${PLURALS[format] ?? `${format} files`} are not supported`;
  const advice = ADVICE[format];
  return advice === undefined ? `${what}; use ${USE_ONE_OF}.` : `${what}. ${advice}`;
}
