"use server";

import { z } from "zod";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { IMAGES_PER_CALL_MAX } from "@/lib/domain/limits";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import {
  cancelTrashJob,
  findChanges,
  freezeTrash,
  listJobResults,
  previewPurge,
  restoreImages,
  startPurge,
  startRestore,
  type TrashJob,
} from "@/lib/domain/trash";
import { action } from "@/lib/doors/action";
import { explain } from "@/lib/doors/explain";

/** One page of Trash and a little more. */
const CHOSEN_MAX = 200;

const workspaceSlug = z.string().max(63);
const id = z.string().max(64);
const items = z
  .array(z.object({ type: z.enum(ITEM_TYPES), id, deletedAt: z.date() }))
  .min(1)
  .max(CHOSEN_MAX);
const word = z.string().max(200).optional();
const view = z.object({
  type: z.enum(ITEM_TYPES).optional(),
  search: word,
  projectSlug: word,
  deletedById: word,
  from: z.date().optional(),
  until: z.date().optional(),
  daysLeft: z.int().min(1).max(365).optional(),
});
const set = z.union([z.literal("all"), z.object({ items }), z.object({ view })]);

/** Freezes what should come back, for the dialog that asks. */
export const freezeTrashAction = action(z.object({ workspaceSlug, set }), (ctx, input) => freezeTrash(ctx, input));

/** What the purge of these would lose; with `since`, what has changed since that preview as well. */
export const previewPurgeAction = action(
  z.object({ workspaceSlug, set, since: id.optional() }),
  async (ctx, { since, ...input }) => ({
    ...(await previewPurge(ctx, input)),
    changes: since === undefined ? null : await changesSince(ctx, input.workspaceSlug, since),
  }),
);

/** Of a preview that is too old to tell, nothing. */
async function changesSince(ctx: Context, workspaceSlug: string, previewId: string) {
  try {
    return await findChanges(ctx, { workspaceSlug, previewId });
  } catch (error) {
    if (error instanceof DomainError && error.code === "stale_selection") return null;
    throw error;
  }
}

/** Purges what a preview showed, for owners who typed the name of the one or the number of the many. */
export const startPurgeAction = action(
  z.object({
    workspaceSlug,
    previewId: id,
    confirm: z.string().min(1, "must be typed").max(1_000),
    note: z.string().max(2_000),
  }),
  async (ctx, input) => tell(ctx, input.workspaceSlug, await startPurge(ctx, input)),
);

/** Restores the chosen items, or what was frozen of Trash. */
export const startRestoreAction = action(
  z.union([z.object({ workspaceSlug, items }), z.object({ workspaceSlug, selectionId: id })]),
  async (ctx, input) => tell(ctx, input.workspaceSlug, await startRestore(ctx, input)),
);

/** Restores some of the images that went to Trash together. */
export const restoreImagesAction = action(
  z.object({ workspaceSlug, removalId: id, imageIds: z.array(id).min(1).max(IMAGES_PER_CALL_MAX) }),
  restoreImages,
);

/** Stops a job before its next item. */
export const cancelTrashJobAction = action(z.object({ workspaceSlug, jobId: id }), cancelTrashJob);

/** How far a job came, and, once it is over, what it left first and why, in the person's language. */
async function tell(ctx: Context, workspaceSlug: string, job: TrashJob) {
  const { results } =
    job.endedAt !== null && job.left > 0
      ? await listJobResults(ctx, { workspaceSlug, jobId: job.id, left: true })
      : { results: [] };
  const left = await Promise.all(
    results.map(async ({ problem, type, id: itemId, name, projectName, number, trainingNumber, images }) => ({
      item: { type, id: itemId, name, projectName, number, trainingNumber, images },
      reason: (await explain(new DomainError(problem!.code, problem!.message, problem!.details), ctx.requestId))
        .message,
    })),
  );
  return { id: job.id, items: job.items, done: job.done, ended: job.endedAt !== null, left };
}
