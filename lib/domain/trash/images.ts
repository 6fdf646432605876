import { query, statement, transaction, type Transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { recordAudit, recordBatch } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { filterImages, imagesEvent, shareLiveProject, type ImageSelection } from "@/lib/domain/images";
import {
  getLiveProject,
  getRemovalState,
  removalName,
  type ProjectState,
  type SluggedProjectRef,
} from "@/lib/domain/item-state";
import { IMAGES_PER_REMOVAL_MAX } from "@/lib/domain/limits";
import { LIVE_IMAGE, projectLock, removalLock, takeLocks } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { IMAGE_BYTES } from "./holdings";
import {
  purgeAfterOf,
  restoreParentFirst,
  stampOf,
  toldDetails,
  untilSettled,
  type Restored,
  type Told,
} from "./outcome";

/*
 * Source images go to Trash together, as one item: a removal, whose id each of them then has. Nothing else of their rows
 * changes, so they come back exactly as they were, all or some, at the place in the list that their ids give them; bytes stay
 * where they lie. What they were versions' sources of is untouched.
 */

export interface TrashedImages {
  outcome: "trashed";
  /** Of the item in Trash. */
  id: string;
  name: string;
  images: number;
  /** More match than one removal may take: these are the newest. */
  more: boolean;
  deletedAt: Date;
  purgeAfter: Date;
}

/** All that was named is in Trash already; nothing was done. */
export interface ImagesAlreadyInTrash {
  outcome: "already_in_trash";
}

/** A set, chosen as the list is, the newest; locks, in the order of the ids, and looks again at what it waited for. */
const trashStatement = (which: string) => ({
  text: `
with newest as materialized (
  select id from images where project_id = $1 and ${LIVE_IMAGE}${which} order by id desc limit ${IMAGES_PER_REMOVAL_MAX + 1}
), picked as materialized (
  select i.id, ${IMAGE_BYTES} as bytes from images i
  where i.id = any(array(select id from newest)) and i.project_id = $1 and ${LIVE_IMAGE}${which} order by i.id for no key update
), chosen as materialized (
  select * from picked order by id desc limit ${IMAGES_PER_REMOVAL_MAX}
), removal as (
  insert into image_removals (id, workspace_id, project_id, images, deleted_at, deleted_by_id, purge_after, deleted_key_id, deleted_note, trashed_bytes)
  select $2, $3, $1, count(*), $4, $5, $6, $7, $8, sum(bytes) from chosen having count(*) > 0 returning images
), moved as (
  update images i set removal_id = $2 from chosen where i.id = chosen.id
)
select images, (select count(*) from picked) > ${IMAGES_PER_REMOVAL_MAX} as more from removal`,
});

/**
 * Moves source images to Trash for 30 × 24 h, as one item: those of the ids, or all that a filter finds, the newest
 * IMAGES_PER_REMOVAL_MAX at most. They leave every list and count at once, and no new version has them; versions that exist,
 * and those under way, stay as they are. Ids of other projects are passed over, as are those of images in Trash. Repeating is
 * `already_in_trash` and moves no date. `note` as for a version. Throws `not_found`, also when there is no such image,
 * `in_trash`, `purged`, `invalid_input`.
 */
export async function trashImages(
  ctx: Context,
  ref: SluggedProjectRef & { images: ImageSelection } & Told,
): Promise<TrashedImages | ImagesAlreadyInTrash> {
  const { workspaceId } = authorize(ctx, "remove images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return (await moveToTrash(ctx, workspaceId, project, ref)) ?? (await whyNone(project, ref.images));
}

async function moveToTrash(
  ctx: Context,
  workspaceId: string,
  project: ProjectState,
  { images, note }: { images: ImageSelection } & Told,
): Promise<TrashedImages | null> {
  const id = newId();
  const values: unknown[] = [project.id, id, workspaceId, ...stampOf(ctx, { note })];
  if ("imageIds" in images) assertBearable(images.imageIds.length);
  const which =
    "imageIds" in images
      ? ` and id = any($${values.push(images.imageIds)}::text[])`
      : filterImages(images.filter, values);
  const moved = await transaction(async (tx) => {
    await shareLiveProject(tx, project);
    const [row] = await tx.query<{ images: number; more: boolean }>(trashStatement(which), values);
    if (!row) return null;
    const details = { images: row.images, removalId: id, ...toldDetails({ note }) };
    await recordAudit(tx, ctx, [{ ...imagesEvent("image.trashed", workspaceId, project), details }]);
    return row;
  });
  const name = moved && removalName(moved.images, project.name);
  return moved && { outcome: "trashed", id, name: name!, ...moved, deletedAt: ctx.now, purgeAfter: purgeAfterOf(ctx) };
}

function assertBearable(images: number): void {
  if (images > IMAGES_PER_REMOVAL_MAX)
    throw new DomainError("invalid_input", `Name at most ${IMAGES_PER_REMOVAL_MAX} images at a time.`, {
      field: "images",
    });
}

/** As many ids as were given, which is one value here. */
const IN_TRASH = statement({
  text: `select 1 from images where project_id = $1 and removal_id is not null and id = any($2::text[]) limit 1`,
});

async function whyNone(project: ProjectState, images: ImageSelection): Promise<ImagesAlreadyInTrash> {
  if ("imageIds" in images && (await query(IN_TRASH, [project.id, images.imageIds])).length > 0)
    return { outcome: "already_in_trash" };
  throw new DomainError("not_found", `There are no such images in "${project.name}". Nothing was removed.`);
}

/** As many ids as were given. */
const PROJECTS_OF = statement({
  text: `
select p.id, p.slug, p.name, p.type, p.deleted_at as "deletedAt", p.purge_after as "purgeAfter"
from projects p where p.workspace_id = $1 and p.deleted_at is null
  and p.id in (select project_id from images where id = any($2::text[]) and ${LIVE_IMAGE}) order by p.id`,
});

/**
 * The same for images of any projects of a workspace, an item for each project. Ids of none, and of what is in Trash, are
 * skipped. Each project is a transaction of its own. Throws `not_found`, `invalid_input`.
 */
export async function trashImagesOfWorkspace(
  ctx: Context,
  input: { workspaceSlug: string; imageIds: readonly string[] } & Told,
): Promise<{ removals: TrashedImages[]; skipped: number }> {
  const { workspaceId } = authorize(ctx, "remove images", input.workspaceSlug);
  const imageIds = [...new Set(input.imageIds)];
  assertBearable(imageIds.length);
  const removals: TrashedImages[] = [];
  for (const project of await query<ProjectState>(PROJECTS_OF, [workspaceId, imageIds])) {
    const moved = await moveToTrash(ctx, workspaceId, project, { images: { imageIds }, note: input.note });
    if (moved) removals.push(moved);
  }
  return { removals, skipped: imageIds.length - removals.reduce((sum, { images }) => sum + images, 0) };
}

// ── Restoring ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** A set, under the locks of the project and the removal. $2: which of its images; null: all. */
const RESTORE = statement({
  name: "restore-images",
  text: `
with back as (
  update images i set removal_id = null where i.removal_id = $1 and ($2::text[] is null or i.id = any($2))
  returning ${IMAGE_BYTES} as bytes
), restored as (
  select count(*)::int as images, coalesce(sum(bytes), 0) as bytes from back
)
update image_removals x set images = x.images - r.images,
  deleted_at = case when x.images > r.images then x.deleted_at end, deleted_by_id = case when x.images > r.images then x.deleted_by_id end,
  purge_after = case when x.images > r.images then x.purge_after end, deleted_key_id = case when x.images > r.images then x.deleted_key_id end,
  deleted_note = case when x.images > r.images then x.deleted_note end,
  trashed_bytes = case when x.images > r.images then greatest(x.trashed_bytes - r.bytes, 0) end
from restored r where x.id = $1 and r.images > 0
returning r.images, x.images as left`,
});

interface RestoredRow {
  images: number;
  left: number;
}

async function restoreUnderLocks(
  tx: Transaction,
  removalId: string,
  imageIds: readonly string[] | null,
): Promise<RestoredRow | undefined> {
  await takeLocks(tx, removalLock(removalId));
  const [row] = await tx.query<RestoredRow>(RESTORE, [removalId, imageIds]);
  return row;
}

export interface RestoredImages extends Restored {
  /** How many came back, and how many of the item stay in Trash. */
  images: number;
  left: number;
}

/**
 * Gives source images back exactly as they were, all of a removal, or those of the ids, of which others are passed over.
 * What is left stays in Trash as it is, with its date. Repeating is `already_active`. Throws `not_found`, `purged`,
 * `parent_in_trash` while their project is in Trash, and `not_in_trash` when none of the ids is among them.
 */
export async function restoreImages(
  ctx: Context,
  ref: { workspaceSlug: string; removalId: string; imageIds?: readonly string[] | undefined },
): Promise<RestoredImages> {
  const { workspaceId } = authorize(ctx, "remove images", ref.workspaceSlug);
  return untilSettled(async () => {
    const state = await getRemovalState(workspaceId, ref);
    if (state.projectDeletedAt) throw restoreParentFirst("project", state.projectName);
    const { id, name } = state;
    if (!state.deletedAt) return { outcome: "already_active", id, name, images: 0, left: 0 };
    const project = { id: state.projectId, name: state.projectName };
    const result = await transaction(async (tx): Promise<RestoredRow | "moved" | "none"> => {
      await takeLocks(tx, projectLock(project.id, "share"));
      if (!(await tx.project.findFirst({ where: { id: project.id, deletedAt: null }, select: { id: true } })))
        return "moved";
      const row = await restoreUnderLocks(tx, id, ref.imageIds ?? null);
      if (!row) {
        const still = await tx.imageRemoval.findFirst({
          where: { id, deletedAt: { not: null } },
          select: { id: true },
        });
        return still ? "none" : "moved";
      }
      const details = { images: row.images, removalId: id };
      await recordAudit(tx, ctx, [{ ...imagesEvent("image.restored", workspaceId, project), details }]);
      return row;
    });
    if (result === "moved") return undefined; // somebody else acted in between
    if (result === "none")
      throw new DomainError("not_in_trash", `None of these images is among "${name}". Nothing was restored.`);
    return { outcome: "restored", id, name: removalName(result.images, project.name), ...result };
  });
}

/** A moment's state: it is locked next. */
const REMOVAL_OF = statement({
  name: "removal-of-image",
  text: `select removal_id as "removalId" from images where project_id = $1 and id = $2`,
});

/**
 * Gives back the one image whose bytes somebody uploads while it is in Trash: whoever may upload may do that. False: it was
 * purged, so that the bytes are new. Throws as an upload does.
 */
export async function restoreUploadedImage(
  ctx: Context,
  ref: SluggedProjectRef & { imageId: string },
): Promise<"restored" | "live" | "purged"> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return untilSettled(() =>
    transaction(async (tx) => {
      await shareLiveProject(tx, project);
      const [image] = await tx.query<{ removalId: string | null }>(REMOVAL_OF, [project.id, ref.imageId]);
      if (!image) return "purged";
      if (image.removalId === null) return "live";
      if (!(await restoreUnderLocks(tx, image.removalId, [ref.imageId]))) return undefined; // restored or purged meanwhile
      await recordBatch(tx, ctx, imagesEvent("image.restored", workspaceId, project), { images: 1 });
      return "restored";
    }),
  );
}
