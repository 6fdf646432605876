import { XMLBuilder } from "fast-xml-parser";
import { wholePixels } from "@/lib/engine/export/edges";
import type { ExportEntry, NamedFile } from "@/lib/engine/export/entry";
import type { Split } from "@/lib/engine/splits";

const builder = new XMLBuilder({ format: true, indentBy: "\t", suppressEmptyNode: false });

/** What XML 1.0 cannot say, not even as a reference. */
const NOT_XML = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu;

/** Each image with an .xml of its name beside it. Whole pixels, counted from 1, the last one within the box. */
export function* planVoc(splits: ReadonlyMap<Split, readonly NamedFile[]>): Generator<ExportEntry> {
  for (const [split, files] of splits) {
    for (const named of files) {
      yield { path: `${split}/${named.name}`, file: named.file.path, sizeBytes: named.file.sizeBytes };
      yield { path: `${split}/${named.stem}.xml`, text: { [Symbol.iterator]: () => [writeXml(named)].values() } };
    }
  }
}

function writeXml({ file, name }: NamedFile): string {
  const object = file.boxes.map((box) => {
    const across = wholePixels(box.x, box.width, file.width);
    const down = wholePixels(box.y, box.height, file.height);
    const bndbox = { xmin: across.first + 1, xmax: across.last, ymin: down.first + 1, ymax: down.last };
    return {
      name: box.label.replace(NOT_XML, "_"),
      pose: "Unspecified",
      truncated: 0,
      difficult: 0,
      occluded: 0,
      bndbox,
    };
  });
  return builder.build({
    annotation: {
      folder: "",
      filename: name,
      path: name,
      source: { database: "reprieve" },
      size: { width: file.width, height: file.height, depth: 3 },
      segmented: 0,
      object,
    },
  });
}
