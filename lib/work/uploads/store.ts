import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { renewGrant, storeUploadsPrefix } from "@/lib/domain/grants";
import { assertCanAddImage, takeUploadsGrant } from "@/lib/domain/images";
import type { ProjectState, SluggedProjectRef } from "@/lib/domain/item-state";
import { IMAGE_TYPES, USE_ONE_OF } from "@/lib/engine/formats";
import { BlobNotFoundError, blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";
import { newId } from "@/lib/platform/id";
import { uploadImage, type ImageFacts, type UploadedImage } from "./images";
import { tooLarge } from "./spool";

/*
 * Images by way of the object store, for hosts that cap bodies (UPLOADS=store): the browser puts the file where it is
 * told to, then says so; the server reads it from there and takes it as it takes any other. Nothing under uploads/ is
 * ever shown or kept.
 */

const EXPIRES_SECONDS = 10 * 60;
/** An upload may still be read this long after its URL was made. */
const ABANDONED_MS = 60 * 60_000;

const PREFIX = "uploads/";
/** Under the project, so that an upload can only be completed where it was begun. */
const uploadKey = (projectId: string, uploadId: string): string => `${storeUploadsPrefix(projectId)}${uploadId}`;

/** One grant for each project that this process lets browsers send images to, renewed for each. */
const grants = new Map<string, WriteGrant>();
const GRANTS_MAX = 1_000;

async function grantFor(project: ProjectState): Promise<WriteGrant> {
  const known = grants.get(project.id);
  const term = known && (await renewGrant(known.id, EXPIRES_SECONDS * 1000));
  const grant =
    known && term
      ? Object.assign(known, term)
      : await takeUploadsGrant(project, "STORE_UPLOADS", EXPIRES_SECONDS * 1000);
  grants.delete(project.id);
  grants.set(project.id, grant);
  for (const oldest of grants.keys()) if (grants.size > GRANTS_MAX) grants.delete(oldest);
  return grant;
}

export interface BegunUpload {
  id: string;
  /** Where to PUT the file, with exactly these headers. */
  url: string;
  headers: Record<string, string>;
  expiresAt: Date;
}

/**
 * Where to send a file of that type and size. Throws `not_configured` where browsers send images to the server itself,
 * `not_found`, `in_trash`, `purged`, `payload_too_large`, `unreadable_image`.
 */
export async function beginStoreUpload(
  ctx: Context,
  ref: SluggedProjectRef,
  { contentType, sizeBytes }: { contentType: string; sizeBytes: number },
): Promise<BegunUpload> {
  const project = await assertCanAddImage(ctx, ref, null);
  if (env().uploads !== "store")
    throw new DomainError("not_configured", "This server takes images itself. Send the file to it.");
  if (sizeBytes > env().imageBytesMax) throw tooLarge(env().imageBytesMax);
  if (!IMAGE_TYPES.some((type) => type === contentType))
    throw new DomainError("unreadable_image", `Files of this type are not supported; use ${USE_ONE_OF}.`);
  const id = newId();
  const grant = await grantFor(project);
  const url = await blobStore().presignPut(uploadKey(project.id, id), { contentType, sizeBytes }, grant);
  return { id, url, headers: { "Content-Type": contentType }, expiresAt: grant.until };
}

/**
 * Adds the image that was put there, and takes the upload away. Throws as uploadImage; `not_found` for an upload that is
 * not there (any more). After a failure of ours it stays and can be completed again.
 */
export async function completeStoreUpload(
  ctx: Context,
  ref: SluggedProjectRef,
  uploadId: string,
  facts: ImageFacts,
): Promise<UploadedImage> {
  const project = await assertCanAddImage(ctx, ref, facts.label);
  const key = uploadKey(project.id, uploadId);
  const bytes = await blobStore()
    .stream(key)
    .catch((error: unknown) => {
      throw error instanceof BlobNotFoundError
        ? new DomainError("not_found", "This upload is not there. Send the file again.", { field: "upload" })
        : error;
    });
  try {
    const added = await uploadImage(ctx, ref, bytes, facts);
    await blobStore().remove([key]);
    return added;
  } catch (error) {
    if (error instanceof DomainError) await blobStore().remove([key]);
    throw error;
  }
}

/** Removes uploads that nobody completed, those found until `signal` aborts. Their ids tell their age. Answers how many. */
export async function sweepStoreUploads(ctx: Context, signal: AbortSignal): Promise<number> {
  if (env().uploads !== "store") return 0;
  const abandoned: string[] = [];
  for await (const { key } of blobStore().list(PREFIX)) {
    if (signal.aborted) break;
    const madeAt = parseInt(key.split("/").at(-1)!.replace("-", "").slice(0, 12), 16); // UUID version 7: milliseconds since 1970
    if (madeAt < ctx.now.getTime() - ABANDONED_MS) abandoned.push(key);
  }
  await blobStore().remove(abandoned);
  return abandoned.length;
}
