import type { ExportFormat, ProjectType } from "@/lib/platform/generated/enums";

/**
 * The zips that a version can be had as, each with the words that paths know it by: the hosted service's and its SDK's, the
 * first one ours for files and pages. What trains on one of them trains on the same bytes under its other names, so there is one
 * zip for all: what the trainers of the YOLO family read is the same to the byte, save YOLOv6's.
 */
const WORDS = {
  FOLDER: ["folder"],
  COCO: ["coco"],
  YOLOV8: ["yolov8", "yolov5", "yolov5pytorch", "yolov7", "yolov7pytorch", "yolov9", "yolov11", "yolov12", "yolo26"],
  VOC: ["voc"],
  MT_YOLOV6: ["mt-yolov6"],
  CREATEML: ["createml"],
  DARKNET: ["darknet"],
  TENSORFLOW: ["tensorflow"],
  MULTICLASS: ["multiclass"],
} as const satisfies Record<ExportFormat, readonly [string, ...string[]]>;

export type FormatName = (typeof WORDS)[ExportFormat][0];
export type FormatWord = (typeof WORDS)[ExportFormat][number];

const FORMATS = Object.keys(WORDS) as ExportFormat[];

export const nameOfFormat = (format: ExportFormat): FormatName => WORDS[format][0];

export const FORMAT_NAMES = FORMATS.map(nameOfFormat);

/** Every word by which one of the formats can be had. */
export const wordsOfFormats = (formats: readonly ExportFormat[]): FormatWord[] =>
  formats.flatMap((format): readonly FormatWord[] => WORDS[format]);

export const FORMAT_WORDS = wordsOfFormats(FORMATS) as [FormatWord, ...FormatWord[]];

/** null: no format is called that. */
export const findFormat = (word: string): ExportFormat | null =>
  FORMATS.find((format) => (WORDS[format] as readonly string[]).includes(word)) ?? null;

/** Those that a project of each type can be downloaded in, the usual one first. */
export const FORMATS_OF_TYPE: Record<ProjectType, readonly ExportFormat[]> = {
  CLASSIFICATION: ["FOLDER", "MULTICLASS"],
  OBJECT_DETECTION: ["COCO", "YOLOV8", "VOC", "MT_YOLOV6", "DARKNET", "CREATEML", "TENSORFLOW", "MULTICLASS"],
  INSTANCE_SEGMENTATION: [],
  SEMANTIC_SEGMENTATION: [],
  KEYPOINT_DETECTION: [],
  TEXT_IMAGE_PAIRS: [],
};
