"use server";

import { z } from "zod";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { emptyTrash, freezeTrash, purgeItems, restoreAll, restoreItems, type ItemResult } from "@/lib/domain/trash";
import { action } from "@/lib/doors/action";
import { explain } from "@/lib/doors/explain";

/** One page of Trash and a little more. */
const CHOSEN_MAX = 200;
/** A browser waits this long for an act; what is left is said, and goes on when it is asked for again. */
const ACT_MS = 20_000;

const item = z.object({
  type: z.enum(ITEM_TYPES),
  id: z.string().max(64),
  name: z.string().max(1_000),
  projectId: z.string().max(64),
  number: z.int().positive().nullable(),
});
const workspaceSlug = z.string().max(63);
const chosen = z.object({ workspaceSlug, items: z.array(item).min(1).max(CHOSEN_MAX) });
const seen = z.object({ id: z.string().max(64), deletedAt: z.date() });
const selection = z.object({ workspaceSlug, selectionId: z.string().max(64) });
/** What a person typed; the domain compares it with what is in Trash at that moment. */
const confirm = z.string().min(1, "must be typed").max(1_000);

/** Restores the chosen items; says of each what came of it. */
export const restoreItemsAction = action(chosen, async (ctx, input) => explainAll(ctx, await restoreItems(ctx, input)));

/** Freezes what a dialog asks about: the items as the page listed them, or all of Trash; the act then names it. */
export const freezeTrashAction = action(
  z.object({ workspaceSlug, items: z.array(seen).min(1).max(CHOSEN_MAX).optional() }),
  (ctx, input) => freezeTrash(ctx, input),
);

/** Restores what was frozen of Trash. */
export const restoreAllAction = action(selection, async (ctx, input) => {
  const { failures, ...counts } = await restoreAll(ctx, input, AbortSignal.timeout(ACT_MS));
  return { ...counts, failures: await explainAll(ctx, failures) };
});

/** Purges the chosen items as they were frozen, for owners who typed the name of the one or the number of the many. */
export const purgeItemsAction = action(selection.extend({ confirm }), async (ctx, input) =>
  explainAll(ctx, await purgeItems(ctx, input, AbortSignal.timeout(ACT_MS))),
);

/** Purges what was frozen of Trash, for owners who typed the number of items. */
export const emptyTrashAction = action(selection.extend({ confirm }), (ctx, input) =>
  emptyTrash(ctx, input, AbortSignal.timeout(ACT_MS)),
);

/** The reasons in the person's language. */
async function explainAll(ctx: Context, results: readonly ItemResult[]) {
  return Promise.all(
    results.map(async ({ type, id, name, error }) => ({
      type,
      id,
      name,
      reason: error
        ? (await explain(new DomainError(error.code, error.message, error.details), ctx.requestId)).message
        : null,
    })),
  );
}
