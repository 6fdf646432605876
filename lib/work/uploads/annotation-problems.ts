import { isReduction, type AnnotationProblem, type ProblemCode } from "@/lib/engine/annotations/collector";
import { FOREIGN_FORMATS, type ForeignFormat } from "@/lib/engine/annotations/foreign";

export { FOREIGN_FORMATS, isReduction };

/* What is told of annotation files, in sentences for programs; pages have their own, in two languages, for the same codes. */

/** Also what only shows when the boxes are to be stored. */
export type ToldCode = ProblemCode | "image_annotated_before" | "too_many_boxes_on_image";

export interface ToldProblem {
  code: ToldCode;
  count: number;
  details: AnnotationProblem["details"];
}

const READ = "COCO, YOLO or Pascal VOC";

/** What to choose in the tool that writes each format. */
const INSTEAD: Record<ForeignFormat, string> = {
  createml: `CreateML is not read. Export ${READ} instead.`,
  csv: `Tables (CSV) are not read. Export ${READ} instead; in VIA: Annotation → Export Annotations (COCO format).`,
  jsonl: `JSON lines are not read. Export ${READ} instead.`,
  cvat: 'CVAT\'s own XML is not read. In CVAT export the task as "COCO 1.0", "YOLO 1.1" or "PASCAL VOC 1.1".',
  "label-studio": "Label Studio's own JSON is not read. In Label Studio choose Export → COCO or YOLO.",
  labelme: "labelme's own JSON is not read. Convert it with labelme2coco or labelme2voc.",
  supervisely: "Supervisely's own JSON is not read. In Supervisely run the app Export to COCO.",
  via: "VIA's own JSON is not read. In VIA choose Annotation → Export Annotations (COCO format).",
  vott: "VoTT's own JSON is not read. In VoTT's export settings choose Pascal VOC as the provider.",
};

const boxes = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? `box ${one}` : `boxes ${many}`}`;
const images = (count: number, one: string, many: string): string =>
  `${count} ${count === 1 ? `image ${one}` : `images ${many}`}`;

/** The first of them, where it can be named. */
function first({ details, count }: ToldProblem): string {
  const { line, index, class: label } = details;
  const where = line !== undefined ? `line ${line}` : index !== undefined ? `number ${index}` : null;
  const what = label !== undefined ? `class ${JSON.stringify(String(label))}` : null;
  const said = [what, where].filter((part) => part !== null).join(", ");
  return said === "" ? "" : count === 1 ? ` (${said})` : ` (the first: ${said})`;
}

const SENTENCES: Record<ToldCode, (problem: ToldProblem) => string> = {
  too_large: () => "The annotation file is too large. Divide it into several.",
  too_complex: () => "The annotation file is nested too deeply.",
  too_many_boxes: () => "The annotation file has too many boxes. Divide it into several.",
  unreadable: () => "The annotation file is broken: it cannot be read as what it starts like.",
  unknown_format: () => `The annotation file is neither COCO, YOLO nor Pascal VOC. Export one of these.`,
  unsupported_format: ({ details }) =>
    INSTEAD[FOREIGN_FORMATS.find((format) => format === details["format"]) ?? "createml"],
  unknown_image: ({ count }) => `${images(count, "that it names is", "that it names are")} not there.`,
  ambiguous_image: ({ count }) =>
    `${count} ${count === 1 ? "name belongs" : "names belong"} to several images; it cannot be told which is meant.`,
  already_annotated: ({ count }) => `${images(count, "has", "have")} boxes from another file already.`,
  size_mismatch: ({ count }) => `The boxes of ${images(count, "were", "were")} drawn on another size.`,
  unknown_class: (problem) =>
    `${boxes(problem.count, "has", "have")} a class that neither the file nor its list of classes names${first(problem)}.`,
  bad_label: ({ count }) => `${boxes(count, "has", "have")} a class without a usable name.`,
  bad_box: (problem) => `${boxes(problem.count, "cannot", "cannot")} be read${first(problem)}.`,
  empty_box: ({ count }) =>
    `${boxes(count, "lies", "lie")} outside the image or ${count === 1 ? "has" : "have"} no area.`,
  names_differ: ({ details }) => `It names the classes otherwise than ${String(details["by"])}, which counts.`,
  polygon_reduced: ({ count }) =>
    `${count} ${count === 1 ? "polygon or mask is" : "polygons or masks are"} kept as the box around it.`,
  rotated_reduced: ({ count }) =>
    `${count} rotated ${count === 1 ? "box is" : "boxes are"} kept as the upright box around it.`,
  keypoints_dropped: ({ count }) => `${boxes(count, "is", "are")} kept without the keypoints.`,
  image_annotated_before: ({ count }) => `${images(count, "kept the boxes it had", "kept the boxes they had")}.`,
  too_many_boxes_on_image: ({ count }) => `${images(count, "has", "have")} more boxes than can be kept.`,
};

/** Whether a code as it was stored is one of these. */
export const isToldCode = (code: string): code is ToldCode => Object.hasOwn(SENTENCES, code);

export const explainProblem = (problem: ToldProblem): string => SENTENCES[problem.code](problem);
