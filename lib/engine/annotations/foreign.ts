/*
 * Formats of annotations that we know and do not read, so that whoever sends one is told which setting of their tool gives one
 * that is read.
 */

export const FOREIGN_FORMATS = [
  "createml",
  "csv",
  "jsonl",
  "cvat",
  "label-studio",
  "labelme",
  "supervisely",
  "via",
  "vott",
] as const;
export type ForeignFormat = (typeof FOREIGN_FORMATS)[number];

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const has = (value: Record<string, unknown>, ...keys: string[]): boolean =>
  keys.every((key) => Object.hasOwn(value, key));

/** The tool whose own JSON it is; null: none that we know. */
export function foreignJson(value: unknown): ForeignFormat | null {
  if (Array.isArray(value)) {
    const first: unknown = value[0];
    if (!isRecord(first)) return null;
    if (has(first, "image") && Array.isArray(first["annotations"])) return "createml";
    return has(first, "data") && (has(first, "annotations") || has(first, "completions")) ? "label-studio" : null;
  }
  if (!isRecord(value)) return null;
  if (has(value, "shapes", "imagePath")) return "labelme";
  if (
    has(value, "_via_img_metadata") ||
    Object.values(value).some((one) => isRecord(one) && has(one, "regions", "filename"))
  )
    return "via";
  if (has(value, "asset", "regions") || has(value, "assets", "tags")) return "vott";
  return has(value, "objects", "size") ? "supervisely" : null;
}

/** CVAT's own XML: its root is <annotations>, and that of Pascal VOC <annotation>. */
export const foreignXml = (text: string): ForeignFormat | null =>
  /<annotations[\s>]/.test(text.slice(0, 1_000)) ? "cvat" : null;
