import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { annotateImages, assertTakesBoxes, labelImage, listAnnotatableImages } from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { BOXES_PER_IMAGE_MAX } from "@/lib/domain/limits";
import {
  parseAnnotations,
  parseClassName,
  parseImageAnnotations,
  type AnnotationFile,
  type Labelmap,
} from "@/lib/engine/annotations/annotations";
import { countLost, isReduction, type AnnotationProblem } from "@/lib/engine/annotations/collector";
import { explainProblem, type ToldCode } from "./annotation-problems";

export type { AnnotationProblem };

/* What people know of their images, from the files that other tools wrote it to. */

/** One image's annotation as the official client sends it. */
export interface ImageAnnotation {
  file: AnnotationFile;
  labelmap: Labelmap | null;
  overwrite: boolean;
}

/** What of an image's annotation was kept. */
export interface AppliedAnnotation {
  /** Boxes that the image has now. */
  saved: number;
  /** Boxes that the file has for it and that were not taken: `problems` says why. */
  lost: number;
  problems: AnnotationProblem[];
}

/**
 * Annotates one image: with boxes from a COCO, YOLO or Pascal VOC file, or, in a classification project, with the class
 * that the text names. Answers what of the file could not be taken, or not as it is. Throws `not_found`, `in_trash`, `purged`;
 * `invalid_request` for a file that gives nothing; `already_exists` when the image is annotated and not to be overwritten.
 */
export async function annotateImage(
  ctx: Context,
  ref: SluggedProjectRef & { imageId: string },
  { file, labelmap, overwrite }: ImageAnnotation,
): Promise<AppliedAnnotation> {
  const { type, images } = await listAnnotatableImages(ctx, ref, [ref.imageId]);
  const [image] = images;
  if (!image) throw new DomainError("not_found", "There is no such image in this project.");
  if (type === "CLASSIFICATION") {
    const label = parseClassName(file.text);
    if (label === null)
      throw new DomainError(
        "invalid_request",
        "The annotation is no class name. In a classification project an image has one class: give its name, and no list.",
        { field: "annotationFile" },
      );
    if (!(await labelImage(ctx, ref, { label, overwrite }))) throw alreadyAnnotated();
    return { saved: 0, lost: 0, problems: [] };
  }
  const { boxes, problems } = parseImageAnnotations(file, image, labelmap);
  const first = problems.find(({ code }) => !isReduction(code));
  if (boxes === null || (boxes.length === 0 && first))
    throw new DomainError(
      "invalid_request",
      first
        ? `Nothing of the annotation file was taken. ${explainProblem(first)}`
        : "The annotation file says nothing of this image.",
      { field: "annotationFile" },
    );
  const outcome = await annotateImages(ctx, ref, { annotations: [{ imageId: image.id, boxes }], overwrite });
  if (outcome.tooManyBoxes.length > 0)
    throw new DomainError(
      "invalid_request",
      `The file has ${boxes.length} boxes for this image; at most ${BOXES_PER_IMAGE_MAX} are supported.`,
      { field: "annotationFile" },
    );
  if (outcome.annotated.length === 0) throw alreadyAnnotated();
  return { saved: boxes.length, lost: countLost(problems), problems };
}

/** The client looks for "already annotated". */
const alreadyAnnotated = (): DomainError =>
  new DomainError("already_exists", "This image is already annotated. Send overwrite=true to replace that.");

/** What became of a set of annotation files. */
export interface AppliedAnnotations {
  /** Images that have new boxes now, or are known to have nothing on them. */
  annotated: number;
  boxes: number;
  /** What could not be taken, or not as it is, per file and kind. */
  problems: (Omit<AnnotationProblem, "code"> & { code: ToldCode })[];
}

/**
 * Gives the images of an object detection project the boxes that annotation files have for them. Images are found by
 * their file names; `images` says under which path each id was on the person's disk, which tells images of one name
 * apart, and keeps to these. An image that has boxes keeps them unless `overwrite`.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`.
 */
export async function applyAnnotationFiles(
  ctx: Context,
  ref: SluggedProjectRef,
  input: {
    files: readonly AnnotationFile[];
    images?: readonly { id: string; name: string }[] | undefined;
    overwrite: boolean;
  },
): Promise<AppliedAnnotations> {
  const names = input.images && new Map(input.images.map(({ id, name }) => [id, name]));
  const { type, images } = await listAnnotatableImages(ctx, ref, names && [...names.keys()]);
  assertTakesBoxes({ type, name: ref.projectSlug });
  const named = images.map((image) => ({ ...image, name: names?.get(image.id) ?? image.name }));
  const { boxes, problems } = parseAnnotations(input.files, named);
  const { annotated, alreadyAnnotated, tooManyBoxes } = await annotateImages(ctx, ref, {
    annotations: [...boxes].map(([imageId, of]) => ({ imageId, boxes: of })),
    overwrite: input.overwrite,
  });
  const nameOf = new Map(named.map(({ id, name }) => [id, name]));
  const passedOver = (code: "image_annotated_before" | "too_many_boxes_on_image", ids: readonly string[]) =>
    ids.length === 0 ? [] : [{ file: "", code, count: ids.length, details: { image: nameOf.get(ids[0]!) ?? "" } }];
  return {
    annotated: annotated.length,
    boxes: annotated.reduce((sum, id) => sum + (boxes.get(id)?.length ?? 0), 0),
    problems: [
      ...problems,
      ...passedOver("image_annotated_before", alreadyAnnotated),
      ...passedOver("too_many_boxes_on_image", tooManyBoxes),
    ],
  };
}
