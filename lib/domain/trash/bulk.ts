import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError, type ErrorCode, type ErrorDetails } from "@/lib/domain/errors";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { normalizeName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { restoreProject } from "./project";
import { changedSince, groupNeighbours, purgeGroup, purgeItem } from "./purge";
import type { Claim } from "./purge-rows";
import { countSelected, getSelection, isAsSeen, readSelected, type SelectedItem } from "./selections";
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

async function each<Item extends TrashItemRef>(
  items: readonly Item[],
  act: (item: Item) => Promise<unknown>,
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
  return each(input.items, (item) => restoreItem(ctx, workspaceSlug, item));
}

async function restoreItem(ctx: Context, workspaceSlug: string, item: TrashItemRef): Promise<unknown> {
  switch (item.type) {
    case "PROJECT":
      return restoreProject(ctx, { workspaceSlug, projectId: item.id });
    case "VERSION":
      return restoreVersion(ctx, { workspaceSlug, projectId: item.projectId, number: item.number ?? 0 });
    case "TRAINING":
      return restoreTraining(ctx, { workspaceSlug, trainingId: item.id });
  }
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

/** A frozen selection, as an act by hand names it. */
export interface SelectionRef {
  workspaceSlug: string;
  selectionId: string;
}

/**
 * Restores a frozen selection, projects first, until done or `signal` aborts. What cannot be restored is reported and keeps
 * no other, and so is what is in Trash by another delete than the one seen. Throws `stale_selection`.
 */
export async function restoreAll(ctx: Context, input: SelectionRef, signal: AbortSignal): Promise<RestoredAll> {
  const { workspaceSlug } = input;
  authorize(ctx, "update project", workspaceSlug);
  const { workspaceId } = authorize(ctx, "update version", workspaceSlug);
  const selection = await getSelection(ctx, workspaceId, input.selectionId);
  const total: RestoredAll = { restored: 0, failed: 0, failures: [], done: false };
  for await (const page of readSelected(selection.id)) {
    for (const item of page) {
      if (signal.aborted) return total;
      const results = await each([item], (one) => restoreAsSeen(ctx, workspaceSlug, one));
      const failures = results.filter(({ error }) => error);
      total[failures.length > 0 ? "failed" : "restored"] += 1;
      if (total.failures.length < FAILURES_MAX) total.failures.push(...failures);
    }
  }
  return { ...total, done: true };
}

async function restoreAsSeen(ctx: Context, workspaceSlug: string, item: SelectedItem): Promise<unknown> {
  if (item.deletedAt && !isAsSeen(item)) throw changedSince(item.name);
  return restoreItem(ctx, workspaceSlug, item);
}

/** A number as a person typed it: "12", also in the full-width digits of a Japanese keyboard. */
const confirmsCount = (typed: string, count: number): boolean => typed.normalize("NFKC").trim() === String(count);

/**
 * Purges the items of a frozen selection one by one, for owners, and reports of each; one that cannot be purged keeps no
 * other. Purged already counts as done. `confirm` is what a person typed: of one item its name as it is now, of several
 * their number; else nothing happens and `name_mismatch` is thrown. Throws `stale_selection`.
 */
export async function purgeItems(
  ctx: Context,
  input: SelectionRef & { confirm: string },
  signal: AbortSignal,
): Promise<ItemResult[]> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const { workspaceSlug, confirm } = input;
  const selection = await getSelection(ctx, workspaceId, input.selectionId);
  const items: SelectedItem[] = [];
  for await (const page of readSelected(selection.id)) items.push(...page);
  const [one] = items;
  if (one && items.length === 1) {
    // what is not in Trash any more, its turn will tell
    if (one.deletedAt && normalizeName(confirm) !== one.name)
      throw new DomainError(
        "name_mismatch",
        `This is not its name. Type "${one.name}" exactly to delete it permanently.`,
        { name: one.name },
      );
  } else if (!confirmsCount(confirm, items.length)) {
    throw new DomainError("name_mismatch", `Type ${items.length}, the number of items, to delete them permanently.`, {
      items: items.length,
      field: "items",
    });
  }
  return each(items, async ({ type, id, seenAt }) => {
    try {
      await purgeItem(ctx, { workspaceSlug, type, id, seenAt }, signal);
    } catch (error) {
      if (!(error instanceof DomainError && error.code === "purged")) throw error;
    }
  });
}

/** Of a selection that was worked off; what is in neither figure is permanently deleted. */
export interface EmptiedTrash {
  /** In the selection. */
  items: number;
  /** Still in Trash as seen: time was up, or somebody else held them. */
  left: number;
  /** Restored since, be they in Trash again or not: left as they are. */
  changed: number;
}

/**
 * Purges a frozen selection: what is still in Trash as it was seen, and nothing beside it. For owners; by no API key, ever.
 * `confirm` is the number of its items as a person typed it; another one, and nothing happens: `name_mismatch`. Works until
 * done or `signal` aborts; doing it again goes on. Throws `stale_selection`.
 */
export async function emptyTrash(
  ctx: Context,
  input: SelectionRef & { confirm: string },
  signal: AbortSignal,
): Promise<EmptiedTrash> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const { id, items } = await getSelection(ctx, workspaceId, input.selectionId);
  if (!confirmsCount(input.confirm, items))
    throw new DomainError("name_mismatch", `Type ${items}, the number of items, to delete them permanently.`, {
      items,
      field: "items",
    });
  for await (const page of readSelected(id)) {
    const seen = page.filter(isAsSeen);
    const claim: Claim = { reason: "BY_HAND", now: ctx.now, seen: new Map(seen.map((one) => [one.id, one.seenAt])) };
    for (const group of groupNeighbours(seen.map((one) => ({ type: one.type, id: one.id, workspaceId })))) {
      if (signal.aborted) break;
      await purgeGroup(ctx, group, claim, signal);
    }
    if (signal.aborted) break;
  }
  return { items, ...(await countSelected(id)) };
}
