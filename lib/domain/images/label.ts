import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import { recordBatch } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { clipBoxes, type ImageBox } from "./boxes";
import { assertTakesLabels, imagesEvent, shareLiveProject } from "./images";
import { filterImages, type ImageFilter } from "./search";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { BOXES_PER_IMAGE_MAX, IMAGES_PER_CALL_MAX } from "@/lib/domain/limits";
import { LIVE_IMAGE, liveImage } from "@/lib/domain/locks";
import { parseLabel } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/** By id, at most IMAGES_PER_CALL_MAX; or all that a filter finds, however many. */
export type ImageSelection = { imageIds: readonly string[] } | { filter: ImageFilter };

/**
 * Gives images another class (null takes it away) or another split. Ids of other projects are passed over. Versions that
 * exist stay as they are. Throws `not_found`, `in_trash`, `purged`, `invalid_input`.
 */
export async function updateImages(
  ctx: Context,
  ref: SluggedProjectRef,
  input: { images: ImageSelection; label?: string | null | undefined; split?: Split | undefined },
): Promise<{ updated: number }> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const { images, label, split } = input;
  if (label !== undefined) assertTakesLabels(project);
  const values: unknown[] = [project.id];
  const changes = [
    ...(label === undefined ? [] : [`label = $${values.push(label === null ? null : parseLabel(label))}`]),
    ...(split === undefined ? [] : [`split = $${values.push(split)}::"Split"`]),
  ];
  if (changes.length === 0)
    throw new DomainError("invalid_input", "Say what to change: the class or the split.", { field: "images" });
  if ("imageIds" in images) assertBearable(images.imageIds.length);
  const which =
    "imageIds" in images ? ` and id = any($${values.push(images.imageIds)})` : filterImages(images.filter, values);
  return transaction(async (tx) => {
    await shareLiveProject(tx, project);
    // raw, to choose images as their list does
    const [done] = await tx.query<{ updated: number }>(
      {
        text: `
with done as (update images set ${changes.join(", ")} where project_id = $1 and ${LIVE_IMAGE}${which} returning 1)
select count(*)::int as updated from done`,
      },
      values,
    );
    const { updated } = done!;
    if (updated > 0 && label !== undefined)
      await recordBatch(tx, ctx, imagesEvent("image.labelled", workspaceId, project), { images: updated });
    if (updated > 0 && split !== undefined)
      await recordBatch(tx, ctx, imagesEvent("image.split_changed", workspaceId, project), { images: updated });
    return { updated };
  });
}

function assertBearable(images: number): void {
  if (images > IMAGES_PER_CALL_MAX)
    throw new DomainError("invalid_input", `Name at most ${IMAGES_PER_CALL_MAX} images at a time.`, {
      field: "images",
    });
}

// ── Boxes ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An image as annotation files speak of it. */
export interface AnnotatableImage {
  id: string;
  name: string;
  width: number;
  height: number;
}

/** As many ids as annotation files name, which is one value here and would be one each in Prisma's statement. */
const NAMES_OF = statement({
  text: `select id, file_name as name, width, height from images where project_id = $1 and id = any($2) and ${LIVE_IMAGE} order by id`,
});

async function listNames(projectId: string): Promise<AnnotatableImage[]> {
  const images = await prisma().image.findMany({
    where: { projectId, ...liveImage },
    orderBy: { id: "asc" },
    select: { id: true, fileName: true, width: true, height: true },
  });
  return images.map(({ fileName, ...image }) => ({ ...image, name: fileName }));
}

/**
 * What annotations need to know of a live project's images, all of them or those of the ids, for somebody who may
 * annotate. Throws `not_found`, `in_trash`, `purged`.
 */
export async function listAnnotatableImages(
  ctx: Context,
  ref: SluggedProjectRef,
  imageIds?: readonly string[],
): Promise<{ type: ProjectType; images: AnnotatableImage[] }> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return {
    type: project.type,
    images: imageIds ? await query<AnnotatableImage>(NAMES_OF, [project.id, imageIds]) : await listNames(project.id),
  };
}

/** What became of each image; the four together are all that were named. */
export interface Annotated {
  annotated: string[];
  /** Had an annotation, which was not to be overwritten: left as it was. */
  alreadyAnnotated: string[];
  /** More than BOXES_PER_IMAGE_MAX: left as it was. */
  tooManyBoxes: string[];
  /** No image of this project. */
  missing: string[];
}

/** A set: each image with boxes of its own. */
const SET_BOXES = statement({
  text: `
update images i set boxes = given.boxes from jsonb_to_recordset($2::jsonb) as given(id text, boxes jsonb)
where i.project_id = $1 and i.id = given.id and ${LIVE_IMAGE} and ($3 or i.boxes = '[]') returning i.id`,
});

/**
 * Sets the boxes of images of an object detection project, all of an image's at once, cut to its size; in one
 * transaction. An image that has boxes keeps them unless `overwrite`. Throws `not_found`, `in_trash`, `purged`,
 * `invalid_input`.
 */
export async function annotateImages(
  ctx: Context,
  ref: SluggedProjectRef,
  input: { annotations: readonly { imageId: string; boxes: readonly ImageBox[] }[]; overwrite: boolean },
): Promise<Annotated> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  assertTakesBoxes(project);
  const given = new Map(input.annotations.map(({ imageId, boxes }) => [imageId, boxes]));
  const tooManyBoxes = [...given].filter(([, boxes]) => boxes.length > BOXES_PER_IMAGE_MAX).map(([id]) => id);
  for (const id of tooManyBoxes) given.delete(id);
  const known = await query<AnnotatableImage>(NAMES_OF, [project.id, [...given.keys()]]);
  const rows = known.map(({ id, ...size }) => ({ id, boxes: clipBoxes(given.get(id)!, size) }));
  const annotated = await transaction(async (tx) => {
    await shareLiveProject(tx, project);
    const set = await tx.query<{ id: string }>(SET_BOXES, [project.id, JSON.stringify(rows), input.overwrite]);
    const ids = new Set(set.map(({ id }) => id));
    const boxes = rows.reduce((sum, row) => sum + (ids.has(row.id) ? row.boxes.length : 0), 0);
    if (ids.size > 0)
      await recordBatch(tx, ctx, imagesEvent("image.annotated", workspaceId, project), { images: ids.size, boxes });
    return [...ids];
  });
  const [done, there] = [new Set(annotated), new Set(known.map(({ id }) => id))];
  return {
    annotated,
    alreadyAnnotated: [...there].filter((id) => !done.has(id)),
    tooManyBoxes,
    missing: [...given.keys()].filter((id) => !there.has(id)),
  };
}

/** Throws `invalid_input` where images have no boxes. */
export function assertTakesBoxes({ type, name }: { type: ProjectType; name: string }): void {
  if (type !== "OBJECT_DETECTION")
    throw new DomainError(
      "invalid_input",
      `Images of "${name}" have no boxes: it is not an object detection project.`,
      { field: "boxes" },
    );
}

/**
 * Gives one image of a classification project its class. False: it has one, which was not to be overwritten.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`.
 */
export async function labelImage(
  ctx: Context,
  ref: SluggedProjectRef & { imageId: string },
  input: { label: string; overwrite: boolean },
): Promise<boolean> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  assertTakesLabels(project);
  const label = parseLabel(input.label);
  return transaction(async (tx) => {
    await shareLiveProject(tx, project);
    const image = { projectId: project.id, id: ref.imageId, ...liveImage };
    const where = input.overwrite ? image : { ...image, label: null };
    if ((await tx.image.updateMany({ where, data: { label } })).count > 0) {
      await recordBatch(tx, ctx, imagesEvent("image.labelled", workspaceId, project), { images: 1 });
      return true;
    }
    if (await tx.image.findFirst({ where: image, select: { id: true } })) return false;
    throw new DomainError("not_found", "There is no such image in this project.");
  });
}
