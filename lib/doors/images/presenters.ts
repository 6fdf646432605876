import type { z } from "zod";
import { batchId, type Batch, type GivenDescription } from "@/lib/domain/images";
import { countsByName } from "@/lib/domain/splits";
import type { TrashedImages } from "@/lib/domain/trash";
import type { Health } from "@/lib/work/images/health";
import type { AnnotationProblem } from "@/lib/work/uploads/annotations";
import type { UploadedImage } from "@/lib/work/uploads/images";
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
export const presentUpload = ({ id, duplicate, restored }: UploadedImage): z.input<typeof schemas.uploadAnswer> =>
  duplicate ? { duplicate, id, ...(restored ? { restored } : {}) } : { success: true, id };

/** The client's library reads the one pair of counts, its command line the other. */
export function presentRemovals({
  removals,
  skipped,
}: {
  removals: readonly TrashedImages[];
  skipped: number;
}): z.input<typeof schemas.removalAnswer> {
  const deleted = removals.reduce((sum, { images }) => sum + images, 0);
  return {
    ...{ deleted, skipped, deletedSources: deleted, skippedSources: skipped },
    items: removals.map(({ id, name, images }) => ({ id, name, images })),
  };
}

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

export function presentHealth(health: Health): z.input<typeof schemas.healthAnswer> {
  const annotations = Object.values(health.classes).reduce((sum, number) => sum + number, 0);
  const classes = Object.entries(health.classes)
    .map(([name, number]) => ({
      name,
      annotations: number,
      images: health.imagesOfClass[name] ?? 0,
      share: number / annotations,
    }))
    .sort((a, b) => b.annotations - a.annotations || (a.name < b.name ? -1 : 1));
  const [largest, smallest] = [classes[0], classes.at(-1)];
  return {
    images: health.images,
    annotations,
    missingAnnotations: health.unannotated,
    splits: countsByName(health.splits),
    classes,
    balance:
      largest && smallest && largest !== smallest
        ? { largest: largest.name, smallest: smallest.name, ratio: largest.annotations / smallest.annotations }
        : null,
    sizes: {
      width: health.sizes?.width ?? null,
      height: health.sizes?.height ?? null,
      shapes: health.shapes,
      distinct: health.distinctSizes,
    },
    nearDuplicates: health.nearDuplicates,
  };
}
