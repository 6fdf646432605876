import { createHash } from "node:crypto";
import { blobStore } from "@/lib/platform/blob-store";
import { query, transaction, type Statement } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { getLiveProject, type SluggedProjectRef } from "./item-state";
import { authorize } from "./permissions";

/** Where a source image's bytes lie. They belong to the project: no purge of a version touches them. */
export const sourceImageKey = (projectId: string, imageId: string): string => `projects/${projectId}/images/${imageId}`;

export interface NewImage {
  fileName: string;
  contentType: string;
  width: number;
  height: number;
  split: Split;
  label: string | null;
  bytes: Buffer;
}

const SHARE_PROJECT: Statement = {
  name: "image-share-project",
  text: `select id, deleted_at as "deletedAt" from projects where id = $1 for share`,
};

const INSERT: Statement = {
  name: "image-insert",
  text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split, label, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         on conflict (project_id, sha256) do nothing returning id`,
};

const FIND: Statement = { name: "image-find", text: `select id from images where project_id = $1 and sha256 = $2` };

/**
 * Adds an image to a project. The same bytes a second time are recognised and add nothing (`duplicate`).
 * Throws `not_found`, `in_trash`, `purged`.
 */
export async function addImage(ctx: Context, ref: SluggedProjectRef, image: NewImage): Promise<{ id: string; duplicate: boolean }> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const id = newId();
  const sha256 = createHash("sha256").update(image.bytes).digest("hex");
  const key = sourceImageKey(project.id, id);
  await blobStore().put(key, image.bytes);
  try {
    const existing = await transaction(async (tx) => {
      const [locked] = await tx.query<{ deletedAt: Date | null }>(SHARE_PROJECT, [project.id]);
      if (!locked || locked.deletedAt) throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
      const inserted = await tx.query(INSERT, [id, project.id, image.fileName, sha256, image.contentType, image.bytes.length, image.width, image.height, image.split, image.label, ctx.now]);
      if (inserted.length > 0) return null;
      const [found] = await tx.query<{ id: string }>(FIND, [project.id, sha256]);
      return found!.id;
    });
    if (existing === null) return { id, duplicate: false };
    await blobStore().remove([key]);
    return { id: existing, duplicate: true };
  } catch (error) {
    await blobStore().remove([key]);
    throw error;
  }
}

const GET: Statement = {
  name: "image-get",
  text: `select id, sha256, content_type as "contentType", size_bytes as "sizeBytes" from images where project_id = $1 and id = $2`,
};

/** Where a source image of a live project lies, and as what. Throws `not_found`, `in_trash`, `purged`. */
export async function getSourceImage(ctx: Context, ref: SluggedProjectRef & { imageId: string }): Promise<{ key: string; sha256: string; contentType: string; sizeBytes: number }> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [image] = await query<{ id: string; sha256: string; contentType: string; sizeBytes: number }>(GET, [project.id, ref.imageId]);
  if (!image) throw new DomainError("not_found", "There is no such image in this project.");
  const { id, ...facts } = image;
  return { key: sourceImageKey(project.id, id), ...facts };
}
