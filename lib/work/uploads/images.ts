import { createReadStream } from "node:fs";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { GrantLost } from "@/lib/domain/writer";
import {
  addImage,
  assertCanAddImage,
  findImageByContent,
  type ImageDescription,
  type KnownImage,
  takeUploadsGrant,
  UPLOADS_LEASE_MS,
} from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { restoreUploadedImage } from "@/lib/domain/trash";
import { ImageDecodeError, inspectImage, makeThumbnail } from "@/lib/engine/generate";
import { lookOf } from "@/lib/engine/look";
import { env } from "@/lib/platform/env";
import type { Split } from "@/lib/platform/generated/enums";
import type { ImageNote } from "./image-notes";
import { createGate } from "@/lib/work/gate";
import { createKeptWriters } from "@/lib/work/kept-writers";
import { spool, withTemporaryFile, type Bytes, type Spooled } from "./spool";

/*
 * The way of an image into a project, through whichever door: to a temporary file, looked at there, then into the store.
 * Nothing of it is held in memory but what its decoding needs, and only so many are decoded or stored at once.
 */

/** A 50 megapixel image may take 200 MB while it is decoded. */
const decoding = createGate(2);
/** An object store buffers some megabytes of each. */
const storing = createGate(8);

const THUMBNAIL_SIDE_PX = 256;

/** What the sender says of an image. */
export interface ImageFacts {
  /** As given; may be a path. */
  fileName: string;
  /** null: train */
  split: Split | null;
  /** Its class, in a classification project. */
  label: string | null;
  /** Tags and the like, as parseDescription gave them. */
  description?: ImageDescription | undefined;
}

export interface UploadedImage {
  id: string;
  /** The project had these bytes already: `id` is that image, and nothing was added. */
  duplicate: boolean;
  /** It waited in Trash, and is back as it was; left out of all others. */
  restored?: true;
  /** What is to be known of how it was taken; left out where there is nothing. */
  notes?: ImageNote[];
}

/**
 * Adds the image that the bytes are. The same bytes a second time add nothing and answer the first one's id; if that waits in
 * Trash it is restored, as it was.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`, `payload_too_large`, `unreadable_image`, and whatever the
 * sender throws. After a refusal nothing of it is left anywhere.
 */
export async function uploadImage(
  ctx: Context,
  ref: SluggedProjectRef,
  bytes: Bytes,
  facts: ImageFacts,
): Promise<UploadedImage> {
  await assertCanAddImage(ctx, ref, facts.label);
  return withTemporaryFile(async (file) =>
    storeSpooled(ctx, ref, file, await spool(bytes, file, env().imageBytesMax), facts),
  );
}

/** The rest of the way, for an image that lies in a temporary file already. Throws as uploadImage. */
export async function storeSpooled(
  ctx: Context,
  ref: SluggedProjectRef,
  file: string,
  spooled: Spooled,
  facts: ImageFacts,
): Promise<UploadedImage> {
  const known = await findImageByContent(ctx, ref, spooled.sha256);
  const there = known && (await takeKnown(ctx, ref, known));
  if (there) return there;
  const { notes, ...looked } = await decoding(() => look(file));
  const image = { ...facts, ...spooled, ...looked, open: () => createReadStream(file) };
  const project = await assertCanAddImage(ctx, ref, facts.label);
  const take = () => takeUploadsGrant(project, "UPLOADS", UPLOADS_LEASE_MS);
  try {
    for (;;) {
      const added = await storing(() => writers.use(project.id, take, (writer) => addImage(ctx, ref, image, writer)));
      if (!added.duplicate) return { id: added.id, duplicate: false, ...(notes.length > 0 ? { notes } : {}) };
      const found = await takeKnown(ctx, ref, added);
      if (found) return found;
    }
  } catch (error) {
    if (!(error instanceof GrantLost)) throw error;
    await assertCanAddImage(ctx, ref, facts.label); // throws that the project is in Trash, or purged
    throw new DomainError("busy", "The upload was interrupted for too long. Send the image again.");
  }
}

/** An image that the project has already, given back if it is in Trash; null: it was purged meanwhile. */
async function takeKnown(
  ctx: Context,
  ref: SluggedProjectRef,
  { id, inTrash }: KnownImage,
): Promise<UploadedImage | null> {
  const outcome = inTrash ? await restoreUploadedImage(ctx, { ...ref, imageId: id }) : "live";
  if (outcome === "purged") return null;
  return { id, duplicate: true, ...(outcome === "restored" ? { restored: true } : {}) };
}

const writers = createKeptWriters({ leaseMs: UPLOADS_LEASE_MS });

async function look(file: string) {
  try {
    const inspected = await inspectImage(file);
    const thumbnail = await makeThumbnail(file, THUMBNAIL_SIDE_PX);
    return { ...inspected, thumbnail, look: await lookOf(thumbnail) };
  } catch (error) {
    if (error instanceof ImageDecodeError) throw new DomainError("unreadable_image", error.message, { ...error.why });
    throw error;
  }
}
