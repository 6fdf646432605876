import type { ExportEntry, ExportInfo, NamedFile } from "@/lib/engine/export/entry";
import type { Split } from "@/lib/engine/splits";

/**
 * `<split>/_annotations.coco.json` and the images beside it. Categories begin, as in the hosted service's downloads, with
 * the supercategory as number 0, which no annotation has: code written for those skips it.
 */
export function* planCoco(
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
  info: ExportInfo,
): Generator<ExportEntry> {
  for (const [split, files] of splits) {
    yield {
      path: `${split}/_annotations.coco.json`,
      text: { [Symbol.iterator]: () => inChunks(writeJson(classes, files, info)) },
    };
    for (const { file, name } of files) yield { path: `${split}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
  }
}

function* writeJson(classes: readonly string[], files: readonly NamedFile[], info: ExportInfo): Generator<string> {
  const date = info.createdAt.toISOString();
  const head = {
    info: {
      year: date.slice(0, 4),
      version: String(info.version),
      description: `${info.projectName} v${info.version}`,
      contributor: info.workspace,
      url: "",
      date_created: date,
    },
    licenses: [{ id: 1, url: "", name: "Unknown" }],
    categories: [
      { id: 0, name: info.annotation, supercategory: "none" },
      ...classes.map((name, index) => ({ id: index + 1, name, supercategory: info.annotation })),
    ],
  };
  yield `${JSON.stringify(head).slice(0, -1)},"images":[`;
  yield* joined(files, ({ file, name }, id) => ({
    id,
    license: 1,
    file_name: name,
    height: file.height,
    width: file.width,
    date_captured: date,
    extra: { name: file.name },
  }));
  yield `],"annotations":[`;
  yield* joined(annotations(classes, files), (annotation, id) => ({ id, ...annotation }));
  yield "]}\n";
}

function* annotations(classes: readonly string[], files: readonly NamedFile[]) {
  const categories = new Map(classes.map((name, index) => [name, index + 1]));
  for (const [imageId, { file }] of files.entries()) {
    for (const box of file.boxes) {
      const bbox = [box.x, box.y, box.width, box.height].map(rounded);
      yield {
        image_id: imageId,
        category_id: categories.get(box.label),
        bbox,
        area: rounded(box.width * box.height),
        segmentation: [],
        iscrowd: 0,
      };
    }
  }
}

function* joined<T>(items: Iterable<T>, present: (item: T, index: number) => object): Generator<string> {
  let index = 0;
  for (const item of items) {
    yield `${index === 0 ? "" : ","}${JSON.stringify(present(item, index))}`;
    index += 1;
  }
}

/** Larger pieces of the same text: every chunk costs the zip as much as some kilobytes do. */
function* inChunks(pieces: Iterable<string>): Generator<string> {
  let chunk = "";
  for (const piece of pieces) {
    chunk += piece;
    if (chunk.length < 65_536) continue;
    yield chunk;
    chunk = "";
  }
  if (chunk !== "") yield chunk;
}

/** To a ten-thousandth of a pixel. */
function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
