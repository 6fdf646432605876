import { oneLine, type ExportEntry, type NamedFile } from "@/lib/engine/export/entry";
import { indexesOf, labelLines } from "@/lib/engine/export/label-lines";
import type { Split } from "@/lib/engine/splits";

/** In each split `_darknet.labels`, a class a line, and each image with a .txt of its name beside it, as Darknet looks for it. */
export function* planDarknet(
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
): Generator<ExportEntry> {
  const indexes = indexesOf(classes);
  const names = classes.map((name) => `${oneLine(name)}\n`).join("");
  for (const [split, files] of splits) {
    yield { path: `${split}/_darknet.labels`, text: [names] };
    for (const { file, name, stem } of files) {
      yield { path: `${split}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
      yield { path: `${split}/${stem}.txt`, text: { [Symbol.iterator]: () => labelLines(file, indexes) } };
    }
  }
}
