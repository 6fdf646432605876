import { roundMiddle } from "@/lib/engine/export/edges";
import { inChunks, joined, type ExportEntry, type NamedFile } from "@/lib/engine/export/entry";
import type { Split } from "@/lib/engine/splits";

/** `<split>/_annotations.createml.json` and the images beside it. A box is its middle, width and height, in pixels. */
export function* planCreateMl(splits: ReadonlyMap<Split, readonly NamedFile[]>): Generator<ExportEntry> {
  for (const [split, files] of splits) {
    yield {
      path: `${split}/_annotations.createml.json`,
      text: { [Symbol.iterator]: () => inChunks(writeJson(files)) },
    };
    for (const { file, name } of files) yield { path: `${split}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
  }
}

function* writeJson(files: readonly NamedFile[]): Generator<string> {
  yield "[";
  yield* joined(files, ({ file, name }) => ({
    image: name,
    annotations: file.boxes.map((box) => {
      const across = roundMiddle(box.x, box.width, file.width);
      const down = roundMiddle(box.y, box.height, file.height);
      return {
        label: box.label,
        coordinates: { x: across.middle, y: down.middle, width: across.length, height: down.length },
      };
    }),
  }));
  yield "]\n";
}
