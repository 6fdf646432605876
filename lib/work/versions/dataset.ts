import type { Reader } from "@zip.js/zip.js/lib/zip-core-native.js";
import { DomainError } from "@/lib/domain/errors";
import type { SplitName } from "@/lib/domain/splits";
import type { ImportFormat, LeftOutFile } from "@/lib/domain/versions";
import { labelOf } from "@/lib/engine/annotations/collector";
import { readOrigin, tellsOrigin, type DatasetOrigin } from "@/lib/engine/imports/origin";
import { env } from "@/lib/platform/env";
import type { ProjectType } from "@/lib/platform/generated/enums";

import { sortZip } from "@/lib/work/uploads/intake";
import { WHOLE_REFUSALS } from "@/lib/work/uploads/zip-refusals";
import { baseName, namesClasses, readFolders } from "@/lib/work/uploads/placing";
import { readSplitLists } from "@/lib/work/uploads/split-lists";
import type { UploadFile } from "@/lib/work/uploads/upload-file";

/* What a zip promises to be as a version, by the names in it alone: its images are opened later, one by one. */

/** The most text of one annotation file: a COCO file of a large split. */
const ANNOTATION_BYTES_MAX = 50 * 1024 * 1024;

export interface DatasetImage {
  file: UploadFile;
  split: SplitName;
  /** Its class, in a classification project. */
  label: string | null;
}

export interface Dataset {
  /** In the order of the zip. */
  images: DatasetImage[];
  /** Of a project with boxes. */
  annotations: UploadFile[];
  format: ImportFormat;
  origin: DatasetOrigin;
  left: LeftOutFile[];
}

/** Where our own downloads put images without a class. */
const UNLABELLED = "unlabeled";

/**
 * Looks into a zip of a dataset. Splits are as lists of images or the folders say; without either all images are for training, since no split is
 * invented. Throws `invalid_input` for what can be no version of such a project.
 */
export async function lookInto(reader: Reader<unknown> & { size: number }, type: ProjectType): Promise<Dataset> {
  const limits = { imageBytes: env().imageBytesMax, annotationBytes: ANNOTATION_BYTES_MAX };
  const intake = await sortZip({ path: "zip", sizeBytes: reader.size, reader }, limits);
  const [first] = intake.refused;
  const whole = first?.path === "zip" ? WHOLE_REFUSALS[first.reason] : undefined;
  if (whole !== undefined) throw new DomainError("invalid_input", whole, { reason: first!.reason });
  const classes = type === "CLASSIFICATION";
  const lists = await readSplitLists(intake.annotations);
  const images = intake.images.map((file): DatasetImage => {
    const { split, label } = readFolders(file.path);
    return {
      file,
      split: lists.of(file.path) ?? split ?? "train",
      label: classes && label !== UNLABELLED ? labelOf(label) : null,
    };
  });
  const described = intake.annotations.filter(({ path }) => !/^readme.*\.txt$/i.test(baseName(path)));
  assertUsable(images, described, classes);
  return {
    images,
    annotations: classes ? [] : described,
    format: classes ? "folder" : formatOf(described),
    origin: readOrigin(await readTexts(intake.annotations.filter(({ path }) => tellsOrigin(path)))),
    left: [
      ...intake.refused.map(({ path, reason }) => ({ file: path, code: reason, count: 1 })),
      ...(classes ? described.filter(({ path }) => !namesClasses(path)) : []).map(({ path }) => ({
        file: path,
        code: "annotationsUnused",
        count: 1,
      })),
    ],
  };
}

function assertUsable(images: readonly DatasetImage[], annotations: readonly UploadFile[], classes: boolean): void {
  if (images.length === 0)
    throw new DomainError("invalid_input", "The zip holds no image.", { reason: "zip_without_images" });
  if (classes && images.every(({ label }) => label === null))
    throw new DomainError(
      "invalid_input",
      "No image of the zip lies in the folder of a class, such as train/cat/1.jpg, and this project's images have classes. Download the version as folders.",
      { reason: "zip_without_classes" },
    );
  if (!classes && !annotations.some(({ path }) => !namesClasses(path)))
    throw new DomainError(
      "invalid_input",
      "The zip holds no annotations, and this project's images have boxes. Download the version as YOLO, COCO or Pascal VOC.",
      { reason: "zip_without_boxes" },
    );
}

function formatOf(annotations: readonly UploadFile[]): ImportFormat {
  const count = (ending: RegExp) => annotations.filter(({ path }) => ending.test(path) && !namesClasses(path)).length;
  if (count(/\.txt$/i) > 0) return "yolo";
  return count(/\.xml$/i) > 0 ? "voc" : "coco";
}

/** Those that can be read. */
async function readTexts(files: readonly UploadFile[]): Promise<{ name: string; text: string }[]> {
  const texts: { name: string; text: string }[] = [];
  for (const file of files) {
    const blob = await file.open().catch(() => null);
    if (blob) texts.push({ name: file.path, text: await blob.text() });
  }
  return texts;
}
