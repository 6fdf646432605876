import { query, statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError, type ErrorCode, type ErrorDetails } from "@/lib/domain/errors";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { normalizeName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { SUMMARY_MAX } from "./holdings";
import { countTrash, fromTrash, ROW_OF } from "./items";
import { listTrash } from "./list";
import { restoreProject } from "./project";
import { getItemState, groupNeighbours, purgeGroup, purgeItem, type Candidate } from "./purge";
import { BATCH } from "./purge-rows";
import { restoreTraining } from "./training";
import { restoreVersion } from "./version";

/** An item of Trash as a listing names it. `number` and `projectId` are a version's. */
export interface TrashItemRef {
  type: ItemType;
  id: string;
  name: string;
  projectId: string;
  number: number | null;
}

/** What became of one item: done, or why not. */
export interface ItemResult {
  type: ItemType;
  id: string;
  name: string;
  error: { code: ErrorCode; message: string; details: ErrorDetails } | null;
}

async function each(
  items: readonly TrashItemRef[],
  act: (item: TrashItemRef) => Promise<unknown>,
): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  // parents first, so that what waits for its project or version can come back in the same go
  for (const item of items.toSorted((a, b) => ITEM_TYPES.indexOf(a.type) - ITEM_TYPES.indexOf(b.type))) {
    const { type, id, name } = item;
    try {
      await act(item);
      results.push({ type, id, name, error: null });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      results.push({
        type,
        id,
        name,
        error: { code: error.code, message: error.publicMessage, details: error.details },
      });
    }
  }
  return results;
}

/** Restores the items one by one; one that cannot be restored keeps no other. What is live already counts as restored. */
export async function restoreItems(
  ctx: Context,
  input: { workspaceSlug: string; items: readonly TrashItemRef[] },
): Promise<ItemResult[]> {
  const { workspaceSlug } = input;
  authorize(ctx, "read trash", workspaceSlug);
  return each(input.items, (item) => {
    switch (item.type) {
      case "PROJECT":
        return restoreProject(ctx, { workspaceSlug, projectId: item.id });
      case "VERSION":
        return restoreVersion(ctx, { workspaceSlug, projectId: item.projectId, number: item.number ?? 0 });
      case "TRAINING":
        return restoreTraining(ctx, { workspaceSlug, trainingId: item.id });
    }
  });
}

/** How many failures of a Restore All are told one by one. */
const FAILURES_MAX = 50;

export interface RestoredAll {
  restored: number;
  failed: number;
  /** The first failures. */
  failures: ItemResult[];
  /** false: time was up before everything had its turn; doing it again goes on. */
  done: boolean;
}

/** Restores everything in Trash, projects first, until done or `signal` aborts. What cannot be restored is reported and keeps no other. */
export async function restoreAll(
  ctx: Context,
  input: { workspaceSlug: string },
  signal: AbortSignal,
): Promise<RestoredAll> {
  const { workspaceSlug } = input;
  authorize(ctx, "update project", workspaceSlug);
  authorize(ctx, "update version", workspaceSlug);
  const total: RestoredAll = { restored: 0, failed: 0, failures: [], done: false };
  for (const type of ITEM_TYPES) {
    for (let cursor: string | undefined; ;) {
      const page = await listTrash(ctx, { workspaceSlug, type, order: "oldest", limit: BATCH, cursor });
      for (const item of page.items) {
        if (signal.aborted) return total;
        const failures = (await restoreItems(ctx, { workspaceSlug, items: [item] })).filter(({ error }) => error);
        total[failures.length > 0 ? "failed" : "restored"] += 1;
        if (total.failures.length < FAILURES_MAX) total.failures.push(...failures);
      }
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
  }
  return { ...total, done: true };
}

/** A number as a person typed it: "12", also in the full-width digits of a Japanese keyboard. */
const confirmsCount = (typed: string, count: number): boolean => typed.normalize("NFKC").trim() === String(count);

/**
 * Purges the items one by one, for owners; one that cannot be purged keeps no other. Purged already counts as done.
 * `confirm` is what a person typed: of one item its name as it is now, of several their number; else nothing happens and
 * `name_mismatch` is thrown. What went to Trash after `asOf`, the instant of the listing looked at, is left alone.
 */
export async function purgeItems(
  ctx: Context,
  input: { workspaceSlug: string; items: readonly TrashItemRef[]; confirm: string; asOf: Date },
  signal: AbortSignal,
): Promise<ItemResult[]> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const { workspaceSlug, items, confirm, asOf } = input;
  if (items.length === 1) {
    const name = await nameInTrash(workspaceId, { workspaceSlug, type: items[0]!.type, id: items[0]!.id });
    if (name !== null && normalizeName(confirm) !== name) {
      throw new DomainError("name_mismatch", `This is not its name. Type "${name}" exactly to delete it permanently.`, {
        name,
      });
    }
  } else if (!confirmsCount(confirm, items.length)) {
    throw new DomainError("name_mismatch", `Type ${items.length}, the number of items, to delete them permanently.`, {
      items: items.length,
      field: "items",
    });
  }
  return each(items, async ({ type, id }) => {
    try {
      await purgeItem(ctx, { workspaceSlug, type, id, asOf }, signal);
    } catch (error) {
      if (!(error instanceof DomainError && error.code === "purged")) throw error;
    }
  });
}

/** null when there is none: what is the matter with it, its turn will tell. */
async function nameInTrash(
  workspaceId: string,
  ref: { workspaceSlug: string; type: ItemType; id: string },
): Promise<string | null> {
  try {
    const { name, deletedAt } = await getItemState(workspaceId, ref);
    return deletedAt ? name : null;
  } catch (error) {
    if (error instanceof DomainError) return null;
    throw error;
  }
}

const oldestOf = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(select '${type}' as type, ${row}.id, ${row}.workspace_id, ${row}.deleted_at ${fromTrash(type)}
    and ${row}.deleted_at <= $2 and (${row}.deleted_at, ${row}.id) > ($3, $4) order by ${row}.deleted_at, ${row}.id limit $5)`;
};

/** hot: a Trash may hold a million items. */
const OLDEST = statement({
  name: "empty-trash-candidates",
  text: `
select type, id, workspace_id as "workspaceId", deleted_at as "deletedAt"
from (${ITEM_TYPES.map(oldestOf).join(" union all ")}) items
order by deleted_at, id limit $5`,
});

/** Both counted up to SUMMARY_MAX. */
export interface EmptiedTrash {
  /** In Trash at the beginning. */
  items: number;
  /** Still there: time was up, or somebody else held them. */
  left: number;
}

/**
 * Purges everything that was in Trash at `asOf`, the instant of the listing that a person looked at, and nothing trashed
 * since. For owners; by no API key, ever. `confirm` is the number of those items as a person typed it, counted up to
 * SUMMARY_MAX: when Trash holds another number of them by now, the person saw something else; `name_mismatch` is thrown
 * and nothing happens. Works until done or `signal` aborts; doing it again goes on.
 */
export async function emptyTrash(
  ctx: Context,
  input: { workspaceSlug: string; asOf: Date; confirm: string },
  signal: AbortSignal,
): Promise<EmptiedTrash> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const claim = { reason: "BY_HAND", now: input.asOf < ctx.now ? input.asOf : ctx.now } as const;
  const items = await countTrash(workspaceId, SUMMARY_MAX, claim.now);
  if (!confirmsCount(input.confirm, items)) {
    throw new DomainError(
      "name_mismatch",
      `Of what this page showed, Trash holds ${items} items now. Nothing was deleted; look again and type their number.`,
      { items, field: "trash" },
    );
  }
  let after = { deletedAt: new Date(0), id: "" };
  let done = false;
  while (!done && !signal.aborted) {
    const batch = await query<Candidate & { deletedAt: Date }>(OLDEST, [
      workspaceId,
      claim.now,
      after.deletedAt,
      after.id,
      BATCH,
    ]);
    after = batch.at(-1) ?? after;
    done = batch.length === 0;
    for (const group of groupNeighbours(batch)) {
      if (signal.aborted) break;
      await purgeGroup(ctx, group, claim, signal);
    }
  }
  return { items, left: await countTrash(workspaceId, SUMMARY_MAX, claim.now) };
}
