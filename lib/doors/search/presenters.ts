import type { z } from "zod";
import { batchOfId, type ImageFilter, type SearchedImage } from "@/lib/domain/images";
import { DomainError } from "@/lib/domain/errors";
import { NAME_OF_SPLIT } from "@/lib/domain/splits";
import { toEpochSeconds } from "@/lib/doors/fields";
import { SEARCH_FIELDS, WORKSPACE_SEARCH_FIELDS } from "./schemas";
import type * as schemas from "./schemas";

type SearchBody = z.output<typeof schemas.searchBody>;

const refuse = (field: string, sentence: string): DomainError => new DomainError("invalid_input", sentence, { field });

const asked = (value: unknown): boolean => value !== undefined && value !== null && value !== "" && value !== false;

/** What a search of a project means; what cannot be answered is refused, never passed over. Throws `invalid_input`. */
export function toFilter(body: SearchBody, project: { workspace: string; project: string }): ImageFilter {
  for (const field of ["prompt", "like_image"] as const)
    if (asked(body[field]))
      throw refuse(
        field,
        `This server does not search by what is to be seen on an image ("${field}"). Search by tag, class_name or batch_id.`,
      );
  for (const field of ["annotation_job", "annotation_job_id"] as const)
    if (asked(body[field])) throw refuse(field, `This server has no annotation jobs ("${field}").`);
  const { in_dataset: dataset } = body;
  const own = [project.project, `${project.workspace}/${project.project}`, "true", "false"];
  if (typeof dataset === "string" && dataset !== "" && !own.includes(dataset))
    throw refuse("in_dataset", "A search looks through one project. Search in the one that you mean.");
  const batch = body.batch_id === undefined ? undefined : batchOfId(body.batch_id);
  if (batch === null) throw refuse("batch_id", "There is no such batch. List the project's batches for their ids.");
  return {
    ...(body.tag === undefined ? {} : { tags: [body.tag] }),
    label: body.class_name,
    batch: batch ?? (body.batch === true ? true : undefined),
  };
}

/** The classes on an image, each once. */
function labelsOf({ label, boxes }: SearchedImage): string[] {
  return label === null ? [...new Set(boxes.map((box) => box.label))] : [label];
}

function annotationsOf({ label, boxes }: SearchedImage) {
  const all = label === null ? boxes.map((box) => box.label) : [label];
  const classes = new Map<string, number>();
  for (const one of all) classes.set(one, (classes.get(one) ?? 0) + 1);
  return { count: all.length, classes: Object.fromEntries(classes) };
}

const pick = <Shape extends object>(shape: Shape, fields: readonly string[]): Shape =>
  Object.fromEntries(Object.entries(shape).filter(([field]) => fields.includes(field))) as Shape;

export function presentSearch(
  found: { images: readonly SearchedImage[]; total: number | null },
  { workspace }: { workspace: string },
  fields: readonly string[] = SEARCH_FIELDS,
): z.input<typeof schemas.searchAnswer> {
  return {
    results: found.images.map((image) =>
      pick(
        {
          id: image.id,
          name: image.fileName,
          created: toEpochSeconds(image.createdAt),
          labels: labelsOf(image),
          split: NAME_OF_SPLIT[image.split],
          tags: image.tags,
          annotations: annotationsOf(image),
          owner: workspace,
          user_metadata: image.metadata,
        },
        ["id", ...fields],
      ),
    ),
    total: found.total!,
  };
}

export function presentImage(
  image: SearchedImage,
  urls: { original: string; thumb: string },
): z.input<typeof schemas.imageAnswer> {
  return {
    image: {
      id: image.id,
      name: image.fileName,
      split: NAME_OF_SPLIT[image.split],
      labels: labelsOf(image),
      tags: image.tags,
      created: toEpochSeconds(image.createdAt),
      annotation: {
        width: image.width,
        height: image.height,
        boxes: image.boxes.map(({ label, x, y, width, height }) => ({
          label,
          x: x + width / 2,
          y: y + height / 2,
          width,
          height,
        })),
      },
      batch: image.batch,
      sequence:
        image.sequenceNumber === null || image.sequenceSize === null
          ? null
          : { number: image.sequenceNumber, size: image.sequenceSize },
      user_metadata: image.metadata,
      urls,
    },
  };
}

/** How many matched at first, and where the next page begins. */
export function readToken(token: string | null | undefined): { total: number | null; cursor: string | undefined } {
  const [total, cursor] = token?.split("_") ?? [];
  return { total: total === undefined ? null : Number(total), cursor };
}

export function presentWorkspaceSearch(
  images: readonly SearchedImage[],
  { workspace, pageSize, total }: { workspace: string; pageSize: number; total: number },
  fields: readonly string[] = WORKSPACE_SEARCH_FIELDS,
): z.input<typeof schemas.workspaceSearchAnswer> {
  return {
    results: images.map((image) =>
      pick(
        {
          id: image.id,
          filename: image.fileName,
          name: image.fileName,
          tags: image.tags,
          projects: [image.projectSlug],
          labels: labelsOf(image),
          split: NAME_OF_SPLIT[image.split],
          created: toEpochSeconds(image.createdAt),
          owner: workspace,
          user_metadata: image.metadata,
          width: image.width,
          height: image.height,
        },
        ["id", ...fields],
      ),
    ),
    total,
    continuationToken: images.length < pageSize ? null : `${total}_${images.at(-1)!.id}`,
  };
}
