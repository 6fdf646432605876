import { wholePixels } from "@/lib/engine/export/edges";
import { inChunks, type ExportEntry, type NamedFile } from "@/lib/engine/export/entry";
import type { Split } from "@/lib/engine/splits";

/*
 * Downloads whose labels are a table: a CSV of UTF-8 for each split, the images beside it. Fields are quoted where they must
 * be (RFC 4180) and are otherwise what they are: programs read these tables, so a class keeps its name, whatever a
 * spreadsheet would make of it.
 */

/** `<split>/_annotations.csv`: a row for each box, in whole pixels; an image without boxes has none. */
export const planTensorflow = (splits: ReadonlyMap<Split, readonly NamedFile[]>): Generator<ExportEntry> =>
  planTable("_annotations.csv", splits, boxRows);

function* boxRows(files: readonly NamedFile[]): Generator<string> {
  yield "filename,width,height,class,xmin,ymin,xmax,ymax\n";
  for (const { file, name } of files) {
    for (const { label, x, y, width, height } of file.boxes) {
      const [across, down] = [wholePixels(x, width, file.width), wholePixels(y, height, file.height)];
      const place = [across.first, down.first, across.last, down.last];
      yield `${field(name)},${file.width},${file.height},${field(label)},${place.join(",")}\n`;
    }
  }
}

/**
 * `<split>/_classes.csv`: a row for each image, a column for each class, 1 where the image has it. The hosted service writes
 * a space before each field but the first, and code that was written for its tables looks for columns named so.
 */
export const planMulticlass = (
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
): Generator<ExportEntry> => planTable("_classes.csv", splits, (files) => classRows(classes, files));

function* classRows(classes: readonly string[], files: readonly NamedFile[]): Generator<string> {
  yield `${["filename", ...classes.map((name) => field(` ${name}`))].join(",")}\n`;
  for (const { file, name } of files) {
    const present = new Set(file.boxes.map(({ label }) => label));
    if (file.label !== null) present.add(file.label);
    yield `${[field(name), ...classes.map((one) => (present.has(one) ? " 1" : " 0"))].join(",")}\n`;
  }
}

function* planTable(
  table: string,
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
  rows: (files: readonly NamedFile[]) => Iterable<string>,
): Generator<ExportEntry> {
  for (const [split, files] of splits) {
    yield { path: `${split}/${table}`, text: { [Symbol.iterator]: () => inChunks(rows(files)) } };
    for (const { file, name } of files) yield { path: `${split}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
  }
}

const field = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
