import type { Readable } from "node:stream";
import { blobStore } from "@/lib/platform/blob-store";
import { query, transaction, type Statement, type Transaction } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveProject, type ProjectState, type SluggedProjectRef } from "@/lib/domain/item-state";
import { parseLabel, toFileName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/** Where a source image's bytes lie. They belong to the project: no purge of a version touches them. */
export const sourceImageKey = (projectId: string, imageId: string): string => `projects/${projectId}/images/${imageId}`;

/** Where its thumbnail lies, a WebP. */
export const thumbnailKey = (projectId: string, imageId: string): string => `projects/${projectId}/thumbs/${imageId}`;

/** An image that was looked at and found good. */
export interface NewImage {
  /** As given; may be a path, of which the last part is kept. */
  fileName: string;
  contentType: string;
  /** Of the image as people see it. */
  width: number;
  height: number;
  sha256: string;
  sizeBytes: number;
  /** null: train */
  split: Split | null;
  /** Its class, in a classification project. */
  label: string | null;
  /** Opens the bytes. */
  open: () => Readable;
  /** WebP. */
  thumbnail: Buffer;
}

export interface AddedImage {
  id: string;
  /** The project had these bytes already: `id` is that image, and nothing was added. */
  duplicate: boolean;
}

const SHARE_PROJECT: Statement = {
  name: "image-share-project",
  text: `select id, deleted_at as "deletedAt" from projects where id = $1 for share`,
};

/** Keeps the project from going to Trash until the transaction is over. Throws `in_trash`. */
export async function shareLiveProject(tx: Transaction, project: ProjectState): Promise<void> {
  const [locked] = await tx.query<{ deletedAt: Date | null }>(SHARE_PROJECT, [project.id]);
  if (!locked || locked.deletedAt)
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
}

const INSERT: Statement = {
  name: "image-insert",
  text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split, label, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (project_id, sha256) do nothing returning id`,
};

const FIND: Statement = { name: "image-find", text: `select id from images where project_id = $1 and sha256 = $2` };

/** Throws `invalid_input` for a class where images have none. */
export function assertTakesLabels({ type, name }: Pick<ProjectState, "type" | "name">): void {
  if (type !== "CLASSIFICATION")
    throw new DomainError(
      "invalid_input",
      `Images of "${name}" have no class of their own: it is not a classification project.`,
      { field: "labels" },
    );
}

/**
 * Whether an upload may begin, asked before its bytes are read: the project is live and the actor may add to it.
 * Throws `not_found`, `in_trash`, `purged`; `invalid_input` for a label that the project's images cannot have.
 */
export async function assertCanAddImage(
  ctx: Context,
  ref: SluggedProjectRef,
  label: string | null,
): Promise<ProjectState> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  if (label !== null) {
    assertTakesLabels(project);
    parseLabel(label);
  }
  return project;
}

/** The image of a live project that has these bytes; null when none has. Throws as assertCanAddImage. */
export async function findImageByContent(ctx: Context, ref: SluggedProjectRef, sha256: string): Promise<string | null> {
  const project = await assertCanAddImage(ctx, ref, null);
  const [found] = await query<{ id: string }>(FIND, [project.id, sha256]);
  return found?.id ?? null;
}

/**
 * Adds an image to a project. The same bytes a second time are recognised and add nothing, not even a label or a split.
 * Files first, then the row: whatever goes wrong between, the files are taken away again, and what a killed process
 * leaves lies under the project's own prefix. Throws as assertCanAddImage.
 */
export async function addImage(ctx: Context, ref: SluggedProjectRef, image: NewImage): Promise<AddedImage> {
  const project = await assertCanAddImage(ctx, ref, image.label);
  const label = image.label === null ? null : parseLabel(image.label);
  const id = newId();
  const files = { original: sourceImageKey(project.id, id), thumbnail: thumbnailKey(project.id, id) };
  let absent = true;
  try {
    await blobStore().put(files.original, image.open());
    await blobStore().put(files.thumbnail, image.thumbnail);
    absent = false;
    const existing = await transaction(async (tx) => {
      await shareLiveProject(tx, project);
      const inserted = await tx.query(INSERT, [
        id,
        project.id,
        toFileName(image.fileName),
        image.sha256,
        image.contentType,
        image.sizeBytes,
        image.width,
        image.height,
        image.split ?? "TRAIN",
        label,
        ctx.now,
      ]);
      if (inserted.length > 0) return null;
      const [found] = await tx.query<{ id: string }>(FIND, [project.id, image.sha256]);
      return found!.id;
    });
    absent = existing !== null;
    return { id: existing ?? id, duplicate: existing !== null };
  } catch (error) {
    // When the connection broke, the row may be there all the same: its files go only once the database says it is not.
    absent ||= await query(GET, [project.id, id]).then(
      (rows) => rows.length === 0,
      () => false,
    );
    throw error;
  } finally {
    if (absent) await blobStore().remove([files.original, files.thumbnail]);
  }
}

const GET: Statement = {
  name: "image-get",
  text: `select id, sha256, content_type as "contentType", size_bytes as "sizeBytes" from images where project_id = $1 and id = $2`,
};

export interface SourceImage {
  key: string;
  thumbnailKey: string;
  sha256: string;
  contentType: string;
  sizeBytes: number;
}

/** Where a source image of a live project lies, and as what. Throws `not_found`, `in_trash`, `purged`. */
export async function getSourceImage(ctx: Context, ref: SluggedProjectRef & { imageId: string }): Promise<SourceImage> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [image] = await query<{ id: string; sha256: string; contentType: string; sizeBytes: number }>(GET, [
    project.id,
    ref.imageId,
  ]);
  if (!image) throw new DomainError("not_found", "There is no such image in this project.");
  const { id, ...facts } = image;
  return { key: sourceImageKey(project.id, id), thumbnailKey: thumbnailKey(project.id, id), ...facts };
}
