import type { z } from "zod";
import type { AddedImage } from "@/lib/domain/images";
import type { AnnotationProblem } from "@/lib/work/uploads/annotations";
import type * as schemas from "./schemas";

/** The client reads `success` or `duplicate`, whichever is there. */
export const presentUpload = ({ id, duplicate }: AddedImage): z.input<typeof schemas.uploadAnswer> =>
  duplicate ? { duplicate, id } : { success: true, id };

export function presentAnnotation(problems: readonly AnnotationProblem[]): z.input<typeof schemas.annotationAnswer> {
  return {
    success: true,
    ...(problems.length === 0 ? {} : { problems: problems.map(({ code, count }) => ({ code, count })) }),
  };
}
