import type { z } from "zod";
import { batchId, type AddedImage, type Batch, type GivenDescription } from "@/lib/domain/images";
import type { AnnotationProblem } from "@/lib/work/uploads/annotations";
import type * as schemas from "./schemas";

/** What the query of an upload says of the image. */
export const toDescription = ({
  tag,
  batch,
  sequence_number: number,
  sequence_size: size,
}: z.output<typeof schemas.uploadQuery>): GivenDescription => ({
  tags: tag,
  batch,
  ...(number === undefined || size === undefined ? {} : { sequence: { number, size } }),
});

/** The client reads `success` or `duplicate`, whichever is there. */
export const presentUpload = ({ id, duplicate }: AddedImage): z.input<typeof schemas.uploadAnswer> =>
  duplicate ? { duplicate, id } : { success: true, id };

export function presentAnnotation(problems: readonly AnnotationProblem[]): z.input<typeof schemas.annotationAnswer> {
  return {
    success: true,
    ...(problems.length === 0 ? {} : { problems: problems.map(({ code, count }) => ({ code, count })) }),
  };
}

export function presentBatch({ name, images, uploadedAt }: Batch): z.input<typeof schemas.batchAnswer>["batch"] {
  const milliseconds = uploadedAt.getTime();
  return {
    id: batchId(name),
    name,
    images,
    numJobs: 0,
    uploaded: { _seconds: Math.floor(milliseconds / 1000), _nanoseconds: (milliseconds % 1000) * 1_000_000 },
  };
}
