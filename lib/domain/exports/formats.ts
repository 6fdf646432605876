import type { ExportFormat, ProjectType } from "@/lib/platform/generated/enums";

/** The formats of download, under the names that paths, files and the hosted service's SDK have for them. */
export const FORMATS = { folder: "FOLDER", coco: "COCO", yolov8: "YOLOV8", voc: "VOC" } as const satisfies Record<
  string,
  ExportFormat
>;

export type FormatName = keyof typeof FORMATS;

export const FORMAT_NAMES = Object.keys(FORMATS) as [FormatName, ...FormatName[]];

export const nameOfFormat = (format: ExportFormat): FormatName => format.toLowerCase() as Lowercase<ExportFormat>;

/** Those that a project of each type can be downloaded in, the usual one first. */
export const FORMATS_OF_TYPE: Record<ProjectType, readonly ExportFormat[]> = {
  CLASSIFICATION: ["FOLDER"],
  OBJECT_DETECTION: ["COCO", "YOLOV8", "VOC"],
  INSTANCE_SEGMENTATION: [],
  SEMANTIC_SEGMENTATION: [],
  KEYPOINT_DETECTION: [],
  TEXT_IMAGE_PAIRS: [],
};
