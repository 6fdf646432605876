import { stringify } from "yaml";
import type { ExportEntry, NamedFile } from "@/lib/engine/export/entry";
import type { ManifestFile } from "@/lib/engine/manifest";
import type { Split } from "@/lib/engine/splits";

/**
 * data.yaml, `<split>/images` and `<split>/labels`. data.yaml names all three splits as the hosted service's does: the SDK
 * rewrites those lines after a download, and Ultralytics wants train and val. An image without boxes has an empty label file.
 */
export function* planYolo(
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
): Generator<ExportEntry> {
  const data = {
    train: "../train/images",
    val: "../valid/images",
    test: "../test/images",
    nc: classes.length,
    names: classes,
  };
  // As YAML 1.1, which Python reads: there a class called no, or 1_0, is not the text it looks like unless quoted.
  yield { path: "data.yaml", text: [stringify(data, { version: "1.1", lineWidth: 0 })] };
  const indexes = new Map(classes.map((name, index) => [name, index]));
  for (const [split, files] of splits) {
    for (const { file, name, stem } of files) {
      yield { path: `${split}/images/${name}`, file: file.path, sizeBytes: file.sizeBytes };
      yield { path: `${split}/labels/${stem}.txt`, text: { [Symbol.iterator]: () => lines(file, indexes) } };
    }
  }
}

function* lines({ boxes, width, height }: ManifestFile, indexes: ReadonlyMap<string, number>): Generator<string> {
  for (const box of boxes) {
    const shares = [
      (box.x + box.width / 2) / width,
      (box.y + box.height / 2) / height,
      box.width / width,
      box.height / height,
    ];
    yield `${indexes.get(box.label)} ${shares.map((share) => share.toFixed(8)).join(" ")}\n`;
  }
}
