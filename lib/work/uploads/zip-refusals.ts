import { refuseFormat, USE_ONE_OF } from "@/lib/engine/formats";
import type { Refusal } from "./upload-file";

/* What is said of a zip, and of what cannot be taken from it. */

/** Of a zip as a whole. */
export const WHOLE_REFUSALS: Partial<Record<Refusal, string>> = {
  brokenZip: "The file is not a zip, or it is broken.",
  zipBomb: "The zip claims to hold far more than it can. It was not unpacked.",
};

/** Of a file in it. */
export const REFUSAL_SENTENCES: Record<Refusal, string> = {
  notAnImage: `Neither an image that can be used (${USE_ONE_OF}) nor an annotation file.`,
  heic: refuseFormat("HEIC"),
  cameraRaw: refuseFormat("camera raw"),
  video: refuseFormat("video"),
  archive: "An archive within the zip. Pack its files into the zip itself.",
  table: "Tables (CSV) and JSON lines are not read. Export COCO, YOLO or Pascal VOC instead.",
  tooLarge: "Larger than an image may be.",
  annotationTooLarge: "This annotation file is too large. Divide it into several.",
  unsafeName: "Its name could lead out of its folder, or hides what it is. Rename it.",
  encrypted: "It is encrypted.",
  brokenZip: "It is broken.",
  zipBomb: "It claims to hold far more than it can.",
};
