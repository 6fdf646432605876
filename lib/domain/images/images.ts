import type { Readable } from "node:stream";
import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { prisma, query, statement, transaction, type Transaction } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordBatch, type AuditAction } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { holdGrant, projectPrefix, takeGrant } from "@/lib/domain/grants";
import { getLiveProject, type ProjectState, type SluggedProjectRef } from "@/lib/domain/item-state";
import { EVERY_IMAGE, everyImage, liveImage, lockLiveProject } from "@/lib/domain/locks";
import { parseLabel, toFileName } from "@/lib/domain/names";
import { NO_DESCRIPTION, type ImageDescription } from "./description";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { GrantLost, type Writer } from "@/lib/domain/writer";

const IMAGES_FOLDER = "images/";
const THUMBNAILS_FOLDER = "thumbs/";

/** Where a source image's bytes lie. They belong to the project: no purge of a version touches them. */
export const sourceImageKey = (projectId: string, imageId: string): string =>
  `${projectPrefix(projectId)}${IMAGES_FOLDER}${imageId}`;

/** Where its thumbnail lies, a WebP. */
export const thumbnailKey = (projectId: string, imageId: string): string =>
  `${projectPrefix(projectId)}${THUMBNAILS_FOLDER}${imageId}`;

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
  /** As parseDescription gave it; without, it has none. */
  description?: ImageDescription | undefined;
  /** Opens the bytes. */
  open: () => Readable;
  /** WebP. */
  thumbnail: Buffer;
  /** Of its picture, to tell near-duplicates by; null: not known. */
  look?: string | null | undefined;
}

/** An image of a project that has some bytes, live or in Trash. */
export interface KnownImage {
  id: string;
  inTrash: boolean;
}

export interface AddedImage extends KnownImage {
  /** The project had these bytes already: `id` is that image, and nothing was added. */
  duplicate: boolean;
}

/** Keeps the project from going to Trash until the transaction is over. Throws `in_trash`. */
export async function shareLiveProject(tx: Transaction, project: ProjectState): Promise<void> {
  if (!(await lockLiveProject(tx, project.id, "share")))
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
}

/** Something done to images of a project, which is one event a batch. */
export const imagesEvent = (
  action: Extract<AuditAction, `image.${string}`>,
  workspaceId: string,
  { id, name }: Pick<ProjectState, "id" | "name">,
) => ({ workspaceId, action, targetType: "project" as const, targetId: id, targetName: name });

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

/** The image that has these bytes; its row is the bytes' own, wherever it is. */
async function findKnown(
  client: Pick<Transaction, "image">,
  projectId: string,
  sha256: string,
): Promise<KnownImage | null> {
  const image = await client.image.findUnique({
    where: { projectId_sha256: { projectId, sha256 }, ...everyImage },
    select: { id: true, removalId: true },
  });
  return image && { id: image.id, inTrash: image.removalId !== null };
}

/** The image of a live project that has these bytes, be it in Trash; null when none has. Throws as assertCanAddImage. */
export async function findImageByContent(
  ctx: Context,
  ref: SluggedProjectRef,
  sha256: string,
): Promise<KnownImage | null> {
  const project = await assertCanAddImage(ctx, ref, null);
  return findKnown(prisma(), project.id, sha256);
}

/** How long an upload may take between two renewals of the grant that it is made under. */
export const UPLOADS_LEASE_MS = 60_000;

/** The right to store images of a project, for all that this process adds to it. Throws `in_trash`. */
export async function takeUploadsGrant(project: ProjectState, holder: "UPLOADS" | "STORE_UPLOADS", leaseMs: number) {
  return transaction(async (tx): Promise<WriteGrant> => {
    await shareLiveProject(tx, project);
    const { workspaceId } = await tx.project.findUniqueOrThrow({
      where: { id: project.id },
      select: { workspaceId: true },
    });
    return takeGrant(tx, newId(), holder, { workspaceId, projectId: project.id }, leaseMs);
  });
}

/**
 * Adds an image to a project, through a writer with a grant for it. The same bytes a second time are recognised and add
 * nothing, not even a label, a split or a tag, be the first in Trash, where it stays. Files first, then the row: whatever goes wrong between, the files are taken away
 * again, and what a killed process leaves is swept. Throws as assertCanAddImage; GrantLost when the project went to Trash
 * meanwhile, or the process stood still for so long that its files were swept.
 */
export async function addImage(
  ctx: Context,
  ref: SluggedProjectRef,
  image: NewImage,
  writer: Writer,
): Promise<AddedImage> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await assertCanAddImage(ctx, ref, image.label);
  const label = image.label === null ? null : parseLabel(image.label);
  const { tags, batch, sequence, metadata } = image.description ?? NO_DESCRIPTION;
  const id = newId();
  let absent = true;
  try {
    await writer.put(`${IMAGES_FOLDER}${id}`, image.open());
    await writer.put(`${THUMBNAILS_FOLDER}${id}`, image.thumbnail);
    absent = false;
    const existing = await transaction(async (tx) => {
      await shareLiveProject(tx, project);
      if (!(await holdGrant(tx, writer.grant.id))) throw new GrantLost(`The image ${id} was swept before its row.`);
      const row = {
        id,
        projectId: project.id,
        fileName: toFileName(image.fileName),
        sha256: image.sha256,
        contentType: image.contentType,
        sizeBytes: image.sizeBytes,
        thumbnailBytes: image.thumbnail.length,
        width: image.width,
        height: image.height,
        split: image.split ?? "TRAIN",
        label,
        tags: [...tags],
        batch,
        sequenceNumber: sequence?.number ?? null,
        sequenceSize: sequence?.size ?? null,
        metadata,
        look: image.look ?? null,
        createdAt: ctx.now,
      };
      for (;;) {
        const inserted = await tx.image.createMany({ data: row, skipDuplicates: true });
        if (inserted.count > 0) {
          await recordBatch(tx, ctx, imagesEvent("image.uploaded", workspaceId, project), { images: 1 });
          return null;
        }
        const there = await findKnown(tx, project.id, image.sha256);
        if (there) return there; // else it was purged between the two
      }
    });
    absent = existing !== null;
    return existing ? { ...existing, duplicate: true } : { id, inTrash: false, duplicate: false };
  } catch (error) {
    // When the connection broke, the row may be there all the same: its files go only once the database says it is not.
    absent ||= await prisma()
      .image.count({ where: { id, ...everyImage } })
      .then(
        (rows) => rows === 0,
        () => false,
      );
    throw error;
  } finally {
    if (absent) await blobStore().remove([sourceImageKey(project.id, id), thumbnailKey(project.id, id)]);
  }
}

/** A set of what builds before left unmeasured. */
const MEASURED = statement({
  name: "images-measured",
  text: `
update images i set thumbnail_bytes = coalesce((select t.bytes from unnest($2::text[], $3::int[]) t (id, bytes) where t.id = i.id), 0)
where i.project_id = $1 and i.thumbnail_bytes is null and ${EVERY_IMAGE}`,
});

/** Writes down how large the thumbnails of source images are that builds before made. For a migration; repeating changes nothing. */
export async function measureSourceThumbnails(): Promise<void> {
  const unmeasured = await prisma().image.findMany({
    where: { thumbnailBytes: null, ...everyImage },
    distinct: ["projectId"],
    select: { projectId: true },
  });
  for (const { projectId } of unmeasured) {
    const folder = `${projectPrefix(projectId)}${THUMBNAILS_FOLDER}`;
    const found: { id: string; bytes: number }[] = [];
    for await (const { key, sizeBytes } of blobStore().list(folder))
      found.push({ id: key.slice(folder.length), bytes: sizeBytes });
    await query(MEASURED, [projectId, found.map(({ id }) => id), found.map(({ bytes }) => bytes)]);
  }
}

/** One snapshot: a purge moves ids from the one to the other. */
const NAMED = statement({
  name: "images-named",
  text: `
select i.id from images i where i.id = any($1::text[]) and ${EVERY_IMAGE}
union all
select g.image_id from purged_images g join purge_receipts r on r.id = g.receipt_id
where g.image_id = any($1::text[]) and r.looked_again_at is null`,
});

/**
 * Of ids of images, those that no row has, live or in Trash, and whose files no receipt is still to remove or to look for once
 * more, which counts them. For a sweep.
 */
export async function listImagesWithoutRow(ids: readonly string[]): Promise<Set<string>> {
  const without = new Set(ids);
  for (const { id } of await query<{ id: string }>(NAMED, [ids])) without.delete(id);
  return without;
}

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
  const image = await prisma().image.findFirst({
    where: { projectId: project.id, id: ref.imageId, ...liveImage },
    select: { id: true, sha256: true, contentType: true, sizeBytes: true },
  });
  if (!image) throw new DomainError("not_found", "There is no such image in this project.");
  const { id, ...facts } = image;
  return { key: sourceImageKey(project.id, id), thumbnailKey: thumbnailKey(project.id, id), ...facts };
}

export interface LinkedImage extends SourceImage {
  id: string;
  /** 0: it has none. */
  thumbnailBytes: number;
}

/** A source image that a link leads to. Throws `not_found`, also once it was purged, `in_trash`, `project_in_trash`. */
export async function getLinkedImage(ctx: Context, imageId: string): Promise<LinkedImage> {
  authorizeSystem(ctx);
  const image = await prisma().image.findFirst({
    where: { id: imageId, ...liveImage },
    select: {
      id: true,
      sha256: true,
      contentType: true,
      sizeBytes: true,
      thumbnailBytes: true,
      project: { select: { id: true, deletedAt: true } },
    },
  });
  if (!image) throw new DomainError("not_found", "This image is not there any more.");
  const { project, thumbnailBytes, ...facts } = image;
  if (project.deletedAt)
    throw new DomainError("project_in_trash", "The project of this image is in Trash. Restore it to see the image.");
  return {
    key: sourceImageKey(project.id, image.id),
    thumbnailKey: thumbnailKey(project.id, image.id),
    thumbnailBytes: thumbnailBytes ?? 0,
    ...facts,
  };
}
