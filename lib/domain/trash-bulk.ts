import { query, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "./context";
import { DomainError, type ErrorCode } from "./errors";
import { authorize } from "./permissions";
import { restoreProject } from "./trash-project";
import { groupNeighbours, purgeGroup, purgeItem, type Candidate } from "./trash-purge";
import { BATCH } from "./trash-purge-rows";
import { restoreTraining } from "./trash-training";
import { restoreVersion } from "./trash-version";

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
  error: { code: ErrorCode; message: string } | null;
}

/** Parents first, so that what waits for its project or version can come back in the same go. */
const ORDER: readonly ItemType[] = ["PROJECT", "VERSION", "TRAINING"];

async function each(items: readonly TrashItemRef[], act: (item: TrashItemRef) => Promise<unknown>): Promise<ItemResult[]> {
  const results: ItemResult[] = [];
  for (const item of items.toSorted((a, b) => ORDER.indexOf(a.type) - ORDER.indexOf(b.type))) {
    const { type, id, name } = item;
    try {
      await act(item);
      results.push({ type, id, name, error: null });
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      results.push({ type, id, name, error: { code: error.code, message: error.publicMessage } });
    }
  }
  return results;
}

/** Restores the items one by one; one that cannot be restored keeps no other. What is live already counts as restored. */
export async function restoreItems(ctx: Context, input: { workspaceSlug: string; items: readonly TrashItemRef[] }): Promise<ItemResult[]> {
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

/** Purges the items one by one, for owners; one that cannot be purged keeps no other. Purged already counts as done. */
export async function purgeItems(ctx: Context, input: { workspaceSlug: string; items: readonly TrashItemRef[] }, signal: AbortSignal): Promise<ItemResult[]> {
  authorize(ctx, "purge", input.workspaceSlug);
  return each(input.items, async (item) => {
    try {
      await purgeItem(ctx, { workspaceSlug: input.workspaceSlug, type: item.type, id: item.id }, signal);
    } catch (error) {
      if (!(error instanceof DomainError && error.code === "purged")) throw error;
    }
  });
}

const OLDEST = (type: ItemType, table: string) =>
  `(select '${type}' as type, id, workspace_id, deleted_at from ${table}
    where workspace_id = $1 and deleted_at <= $2 and (deleted_at, id) > ($3, $4)${type === "PROJECT" ? " and purge_started_at is null" : ""} order by deleted_at, id limit $5)`;

const IN_TRASH: Statement = {
  name: "empty-trash-candidates",
  text: `select type, id, workspace_id as "workspaceId", deleted_at as "deletedAt" from (
           ${OLDEST("PROJECT", "projects")} union all ${OLDEST("VERSION", "versions")} union all ${OLDEST("TRAINING", "trainings")}
         ) items order by deleted_at, id limit $5`,
};

/**
 * Purges everything that was in Trash at `asOf`, the instant of the listing that a person looked at, and nothing trashed
 * since. For owners; by no API key, ever. Works until done or `signal` aborts; `done: false` says that some is left.
 */
export async function emptyTrash(ctx: Context, input: { workspaceSlug: string; asOf: Date }, signal: AbortSignal): Promise<{ purged: number; skipped: number; done: boolean }> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const claim = { reason: "BY_HAND", now: input.asOf < ctx.now ? input.asOf : ctx.now } as const;
  const counts = { purged: 0, skipped: 0 };
  let after = { deletedAt: new Date(0), id: "" };
  while (!signal.aborted) {
    const items = await query<Candidate & { deletedAt: Date }>(IN_TRASH, [workspaceId, claim.now, after.deletedAt, after.id, BATCH]);
    if (items.length === 0) return { ...counts, done: true };
    after = items.at(-1)!;
    for (const group of groupNeighbours(items)) {
      if (signal.aborted) break;
      const purged = await purgeGroup(ctx, group, claim, signal);
      counts.purged += purged;
      counts.skipped += group.length - purged;
    }
  }
  return { ...counts, done: false };
}
