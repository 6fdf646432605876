import { createReadStream } from "node:fs";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { GrantLost } from "@/lib/domain/writer";
import {
  type AddedImage,
  addImage,
  assertCanAddImage,
  findImageByContent,
  type ImageDescription,
  takeUploadsGrant,
  UPLOADS_LEASE_MS,
} from "@/lib/domain/images";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import { ImageDecodeError, inspectImage, makeThumbnail } from "@/lib/engine/generate";
import { lookOf } from "@/lib/engine/look";
import { env } from "@/lib/platform/env";
import type { Split } from "@/lib/platform/generated/enums";
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

/**
 * Adds the image that the bytes are. The same bytes a second time add nothing and answer the first one's id.
 * Throws `not_found`, `in_trash`, `purged`, `invalid_input`, `payload_too_large`, `unreadable_image`, and whatever the
 * sender throws. After a refusal nothing of it is left anywhere.
 */
export async function uploadImage(
  ctx: Context,
  ref: SluggedProjectRef,
  bytes: Bytes,
  facts: ImageFacts,
): Promise<AddedImage> {
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
): Promise<AddedImage> {
  const existing = await findImageByContent(ctx, ref, spooled.sha256);
  if (existing !== null) return { id: existing, duplicate: true };
  const looked = await decoding(() => look(file));
  const image = { ...facts, ...spooled, ...looked, open: () => createReadStream(file) };
  const project = await assertCanAddImage(ctx, ref, facts.label);
  const take = () => takeUploadsGrant(project, "UPLOADS", UPLOADS_LEASE_MS);
  try {
    return await storing(() => writers.use(project.id, take, (writer) => addImage(ctx, ref, image, writer)));
  } catch (error) {
    if (!(error instanceof GrantLost)) throw error;
    await assertCanAddImage(ctx, ref, facts.label); // throws that the project is in Trash, or purged
    throw new DomainError("busy", "The upload was interrupted for too long. Send the image again.");
  }
}

const writers = createKeptWriters({ leaseMs: UPLOADS_LEASE_MS });

async function look(file: string) {
  try {
    const inspected = await inspectImage(file);
    const thumbnail = await makeThumbnail(file, THUMBNAIL_SIDE_PX);
    return { ...inspected, thumbnail, look: await lookOf(thumbnail) };
  } catch (error) {
    if (error instanceof ImageDecodeError) throw new DomainError("unreadable_image", error.message);
    throw error;
  }
}
