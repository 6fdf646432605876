import type { z } from "zod";
import { batchId, type Batch, type GivenDescription } from "@/lib/domain/images";
import { countsByName } from "@/lib/domain/splits";
import type { TrashedImages } from "@/lib/domain/trash";
import type { Health } from "@/lib/work/images/health";
import { explainProblem, isReduction } from "@/lib/work/uploads/annotation-problems";
import type { AppliedAnnotation } from "@/lib/work/uploads/annotations";
import { explainNote } from "@/lib/work/uploads/image-notes";
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
export const presentUpload = ({
  id,
  duplicate,
  restored,
  notes,
}: UploadedImage): z.input<typeof schemas.uploadAnswer> =>
  duplicate
    ? { duplicate, id, ...(restored ? { restored } : {}) }
    : {
        success: true,
        id,
        ...(notes ? { notes: notes.map((note) => ({ code: note.code, message: explainNote(note) })) } : {}),
      };

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

/**
 * A part that was lost is said as an error with status 200, since what could be taken is saved: the client tells of an `error`,
 * and of nothing else.
 */
export function presentAnnotation({
  saved,
  lost,
  problems,
}: AppliedAnnotation): z.input<typeof schemas.annotationAnswer> {
  const told = problems.map((problem) => ({
    code: problem.code,
    count: problem.count,
    message: explainProblem(problem),
  }));
  if (lost === 0) return { success: true, ...(told.length === 0 ? {} : { problems: told }) };
  const why = problems.filter(({ code }) => !isReduction(code)).map(explainProblem);
  const error = `${saved} of ${saved + lost} boxes were saved. ${why.join(" ")} To send all again, mend the file and set overwrite=true.`;
  return { success: false, error, saved, lost, problems: told };
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
