import { planCoco } from "@/lib/engine/export/coco";
import { planCreateMl } from "@/lib/engine/export/createml";
import { planDarknet } from "@/lib/engine/export/darknet";
import { oneLine, type ExportEntry, type ExportInfo, type NamedFile } from "@/lib/engine/export/entry";
import { NameSet, safeName, WHOLE_NAME } from "@/lib/engine/export/names";
import { planMulticlass, planTensorflow } from "@/lib/engine/export/tables";
import { planVoc } from "@/lib/engine/export/voc";
import { planYolo } from "@/lib/engine/export/yolo";
import type { Manifest, ManifestFile } from "@/lib/engine/manifest";
import { type Split, SPLITS } from "@/lib/engine/splits";

export type { ExportEntry, ExportInfo } from "@/lib/engine/export/entry";

/** By the names that the hosted service and its SDK have for them, and what a version must mark to be had so. */
const HOLDS = {
  folder: "classes",
  multiclass: "either",
  coco: "boxes",
  yolov8: "boxes",
  "mt-yolov6": "boxes",
  voc: "boxes",
  createml: "boxes",
  darknet: "boxes",
  tensorflow: "boxes",
} as const;

export type ExportFormat = keyof typeof HOLDS;

/**
 * The entries of a version's download, laid out as the hosted service lays them out, so that code which trains on its
 * downloads goes on working: folder `train/<class>/<image>`; coco `train/_annotations.coco.json` beside the images; yolov8,
 * for the whole YOLO family, data.yaml, `train/images`, `train/labels`, save mt-yolov6: `images/train`, `labels/train`; voc an
 * .xml beside each image, darknet a .txt; createml, tensorflow and multiclass one file a split; everywhere README.dataset.txt.
 *
 * Guaranteed: every path is relative, without "..", and of names that any file system takes, none of which are the same
 * even where case is not told apart; a split without images has no folder; the same manifest and info give the same
 * entries. Text that grows with the version is made when its chunks are asked for, once for each time they are. Throws when
 * the format cannot hold what is marked: folders hold classes, multiclass classes or those of boxes, the others boxes.
 */
export function* planExport(format: ExportFormat, manifest: Manifest, info: ExportInfo): Generator<ExportEntry> {
  if (HOLDS[format] === (manifest.type === "classification" ? "boxes" : "classes"))
    throw new Error(`A version of type ${manifest.type} has no download as ${format}.`);
  yield { path: "README.dataset.txt", text: [readme(format, manifest, info)] };
  const splits = nameFiles(manifest.files);
  switch (format) {
    case "folder":
      return yield* planFolder(manifest.classes, splits);
    case "coco":
      return yield* planCoco(manifest.classes, splits, info);
    case "yolov8":
    case "mt-yolov6":
      return yield* planYolo(format, manifest.classes, splits);
    case "voc":
      return yield* planVoc(splits);
    case "createml":
      return yield* planCreateMl(splits);
    case "darknet":
      return yield* planDarknet(manifest.classes, splits);
    case "tensorflow":
      return yield* planTensorflow(splits);
    case "multiclass":
      return yield* planMulticlass(manifest.classes, splits);
  }
}

function* planFolder(
  classes: readonly string[],
  splits: ReadonlyMap<Split, readonly NamedFile[]>,
): Generator<ExportEntry> {
  const taken = new NameSet();
  const folders = new Map(classes.map((name) => [name, taken.claim(safeName(name, "class"))]));
  const unlabelled = taken.claim("unlabeled");
  for (const [split, files] of splits) {
    for (const { file, name } of files) {
      const folder = file.label === null ? unlabelled : folders.get(file.label);
      if (folder === undefined) throw new Error(`The class of ${file.path} is not among the manifest's.`);
      yield { path: `${split}/${folder}/${name}`, file: file.path, sizeBytes: file.sizeBytes };
    }
  }
}

/**
 * By split, those without images left out. Named for the source's file, and for source and output, as several may share it; an
 * imported image keeps its name, as far as names may be so and are told apart.
 */
function nameFiles(files: readonly ManifestFile[]): Map<Split, NamedFile[]> {
  const splits = new Map<Split, NamedFile[]>();
  for (const split of SPLITS) {
    const taken = new NameSet();
    const named = files
      .filter((file) => file.split === split)
      .map((file) => {
        const base = file.name.slice(Math.max(file.name.lastIndexOf("/"), file.name.lastIndexOf("\\")) + 1);
        const own = base.replace(/(?<=.)\.[^.]*$/, "");
        if (file.sourceImageId === null) {
          const stem = taken.claim(safeName(own, "image", WHOLE_NAME));
          return { file, stem, name: `${stem}${endingOf(base) ?? endingOf(file.path)}` };
        }
        const id = file.sourceImageId.replace(/[^A-Za-z0-9]/g, "").slice(-12);
        const stem = taken.claim(`${safeName(own, "image")}.${id}-${file.output}`);
        return { file, stem, name: `${stem}${endingOf(file.path)}` };
      });
    if (named.length > 0) splits.set(split, named);
  }
  return splits;
}

/** ".jpg", as it is written; null: the name has none that says nothing but a kind. */
const endingOf = (name: string): string | null => /.(\.[A-Za-z]{1,5})$/.exec(name)?.[1] ?? null;

function readme(format: ExportFormat, manifest: Manifest, info: ExportInfo): string {
  const count = (split: Split) => manifest.files.filter((file) => file.split === split).length;
  return [
    `${oneLine(info.projectName)} - v${info.version}`,
    "==============================",
    "",
    `Version ${info.version} of ${info.workspace}/${info.project}, made at ${info.createdAt.toISOString()}.`,
    "",
    `The dataset includes ${manifest.files.length} images (${count("train")} train, ${count("valid")} valid, ${count("test")} test).`,
    `It is laid out in ${format} format.`,
    `Its classes are: ${manifest.classes.map(oneLine).join(", ")}`,
    "",
  ].join("\n");
}
