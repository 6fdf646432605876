import { writeDataYaml } from "@/lib/engine/export/data-yaml";
import type { ExportEntry, NamedFile } from "@/lib/engine/export/entry";
import { indexesOf, labelLines } from "@/lib/engine/export/label-lines";
import type { Split } from "@/lib/engine/splits";

/**
 * Where the trainers of the family look. All of them find labels by a rule from the images' path: YOLOv5, v7 to v12 and 26
 * put `labels` for `images`; Meituan's YOLOv6 has the split below both.
 */
const LAYOUTS = {
  yolov8: {
    // The hosted service's words: the trainers take them relative to the folder of data.yaml, one level too high.
    listed: (split: Split) => `../${split}/images`,
    folder: (split: Split, kind: "images" | "labels") => `${split}/${kind}`,
  },
  "mt-yolov6": {
    listed: (split: Split) => `./images/${split}`,
    folder: (split: Split, kind: "images" | "labels") => `${kind}/${split}`,
  },
};

/**
 * data.yaml, a folder of images and one of label files. data.yaml names all three splits, whether they have images or not:
 * the client rewrites those lines after a download. An image without boxes has an empty label file.
 */
export function* planYolo(
  layout: keyof typeof LAYOUTS,
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
): Generator<ExportEntry> {
  const { listed, folder } = LAYOUTS[layout];
  const paths = { train: listed("train"), val: listed("valid"), test: listed("test") };
  yield { path: "data.yaml", text: [writeDataYaml(classes, paths)] };
  const indexes = indexesOf(classes);
  for (const [split, files] of splits) {
    for (const { file, name, stem } of files) {
      yield { path: `${folder(split, "images")}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
      yield {
        path: `${folder(split, "labels")}/${stem}.txt`,
        text: { [Symbol.iterator]: () => labelLines(file, indexes) },
      };
    }
  }
}
