import { prisma } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { sourceImageKey, thumbnailKey, type SourceImage } from "@/lib/domain/images";
import { getRemovalState, type RemovalState } from "@/lib/domain/item-state";
import { allows, authorize } from "@/lib/domain/permissions";
import { timeLeft, type TimeLeft } from "./retention";

/* What is in one item of source images in Trash, for people who look at them before they restore some. */

/** Of an item, so many are shown at once. */
export const REMOVED_PER_PAGE = 120;

export interface RemovedImage {
  id: string;
  fileName: string;
  /** As people see it. */
  width: number;
  height: number;
  split: Split;
  /** Its class, in a classification project. */
  label: string | null;
  boxes: number;
}

export interface Removal {
  workspaceName: string;
  projectName: string;
  /** How many wait in Trash as this item. */
  images: number;
  deletedAt: Date;
  /** null when the person's account is gone, or a job did it. */
  deletedByName: string | null;
  deletedNote: string | null;
  purgeAfter: Date;
  timeLeft: TimeLeft;
  /** Its project is in Trash and must be restored first. */
  blocked: boolean;
  mayRestore: boolean;
  /** The newest first. */
  shown: RemovedImage[];
  /** Give it back to see older ones; null at the end. */
  next: string | null;
}

interface Ref {
  workspaceSlug: string;
  removalId: string;
}

/**
 * One item of images in Trash, with a page of what it holds; null once all of it was restored. Throws `not_found`, `purged`.
 */
export async function readRemoval(ctx: Context, ref: Ref & { before?: string | undefined }): Promise<Removal | null> {
  const { workspaceId, name } = authorize(ctx, "read trash", ref.workspaceSlug);
  const state = await getTrashedRemoval(workspaceId, ref);
  if (!state) return null;
  const { images, deletedById, deletedNote } = await prisma().imageRemoval.findUniqueOrThrow({
    where: { id: state.id },
    select: { images: true, deletedById: true, deletedNote: true },
  });
  const user = deletedById === null ? null : await prisma().user.findUnique({ where: { id: deletedById } });
  const rows = await prisma().image.findMany({
    where: { removalId: state.id, ...(ref.before === undefined ? {} : { id: { lt: ref.before } }) },
    orderBy: { id: "desc" },
    take: REMOVED_PER_PAGE + 1,
    select: { id: true, fileName: true, width: true, height: true, split: true, label: true, boxes: true },
  });
  const shown = rows.slice(0, REMOVED_PER_PAGE);
  return {
    workspaceName: name,
    projectName: state.projectName,
    images,
    deletedAt: state.deletedAt,
    deletedByName: user?.name ?? null,
    deletedNote,
    purgeAfter: state.purgeAfter,
    timeLeft: timeLeft(state.purgeAfter, ctx.now),
    blocked: state.projectDeletedAt !== null,
    mayRestore: allows(ctx, "remove images", ref.workspaceSlug),
    shown: shown.map(({ boxes, ...image }) => ({ ...image, boxes: Array.isArray(boxes) ? boxes.length : 0 })),
    next: rows.length > REMOVED_PER_PAGE ? shown.at(-1)!.id : null,
  };
}

/** Where an image lies that waits in Trash, and as what, for those who may look into Trash. Throws `not_found`, `purged`. */
export async function getTrashedImage(ctx: Context, ref: Ref & { imageId: string }): Promise<SourceImage> {
  const { workspaceId } = authorize(ctx, "read trash", ref.workspaceSlug);
  const state = await getTrashedRemoval(workspaceId, ref);
  const image =
    state &&
    (await prisma().image.findFirst({
      where: { id: ref.imageId, removalId: state.id },
      select: { id: true, sha256: true, contentType: true, sizeBytes: true },
    }));
  if (!image) throw new DomainError("not_found", "There is no such image in Trash.");
  const { id, ...facts } = image;
  return { key: sourceImageKey(state.projectId, id), thumbnailKey: thumbnailKey(state.projectId, id), ...facts };
}

async function getTrashedRemoval(workspaceId: string, ref: Ref) {
  const state: RemovalState = await getRemovalState(workspaceId, ref);
  const { deletedAt, purgeAfter } = state;
  return deletedAt && purgeAfter ? { ...state, deletedAt, purgeAfter } : null;
}
