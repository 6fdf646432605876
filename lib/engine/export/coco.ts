import { roundPixels } from "@/lib/engine/export/edges";
import { inChunks, joined, type ExportEntry, type ExportInfo, type NamedFile } from "@/lib/engine/export/entry";
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
  const supercategory = supercategoryOf(info.annotation, classes);
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
      { id: 0, name: supercategory, supercategory: "none" },
      ...classes.map((name, index) => ({ id: index + 1, name, supercategory })),
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
      const across = roundPixels(box.x, box.width, file.width);
      const down = roundPixels(box.y, box.height, file.height);
      yield {
        image_id: imageId,
        category_id: categories.get(box.label),
        bbox: [across.start, down.start, across.length, down.length],
        area: Math.round(box.width * box.height * 1e4) / 1e4,
        segmentation: [],
        iscrowd: 0,
      };
    }
  }
}

/** What trainers take for "no supercategory": a category that has it is left out by some of them. */
const NO_SUPERCATEGORY = new Set(["", "none", "null"]);

/**
 * What the project annotates, as the supercategory of every class. It must be neither what means none, nor a class: a
 * class that other categories have above them is taken for no class at all.
 */
function supercategoryOf(annotation: string, classes: readonly string[]): string {
  const taken = new Set(classes);
  if (!NO_SUPERCATEGORY.has(annotation.trim().toLowerCase()) && !taken.has(annotation)) return annotation;
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? "objects" : `objects-${number}`;
    if (!taken.has(name)) return name;
  }
}
