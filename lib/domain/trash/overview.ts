import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { allows, authorize } from "@/lib/domain/permissions";
import { summarizeTrash, withLosses, type Loss, type TrashSummary } from "./holdings";
import { listOpenJobs, type TrashJob } from "./jobs";
import { listTrash, type TrashItem, type TrashView } from "./list";
import { timeLeft, type TimeLeft } from "./retention";

/** The most items of each type on one page. */
const SECTION_SIZE = 50;

/** An item as the page of Trash shows it. */
export interface ListedItem extends TrashItem {
  loss: Loss;
  timeLeft: TimeLeft;
}

export interface TrashSection {
  type: ItemType;
  items: ListedItem[];
  nextCursor: string | null;
}

export interface TrashOverview {
  workspace: { slug: string; name: string };
  mayRestore: boolean;
  mayPurge: boolean;
  summary: TrashSummary;
  /** Whether the next scheduled purge is due already, by the server's clock. */
  purgeIsDue: boolean;
  /** Those asked for: projects, versions, trainings. */
  sections: TrashSection[];
  /** Acts on many items that are not over yet, oldest first. */
  jobs: TrashJob[];
}

/**
 * Everything the page of Trash shows, with what this person may do there. Each type has its own place to read on from.
 * The summary is of all of Trash, whatever the view leaves out. Throws `invalid_input` for a cursor that we never gave.
 */
export async function readTrash(
  ctx: Context,
  input: { workspaceSlug: string; cursors: Partial<Record<ItemType, string>> } & TrashView,
): Promise<TrashOverview> {
  const { slug, name } = authorize(ctx, "read trash", input.workspaceSlug);
  const { type, order, search, cursors } = input;
  const [summary, jobs, ...sections] = await Promise.all([
    summarizeTrash(ctx, slug),
    listOpenJobs(ctx, slug),
    ...ITEM_TYPES.filter((each) => type === undefined || each === type).map(async (each): Promise<TrashSection> => {
      const { items, nextCursor } = await listTrash(ctx, {
        workspaceSlug: slug,
        type: each,
        order,
        search,
        limit: SECTION_SIZE,
        cursor: cursors[each],
      });
      return {
        type: each,
        nextCursor,
        items: (await withLosses(items)).map((item) => ({ ...item, timeLeft: timeLeft(item.purgeAfter, ctx.now) })),
      };
    }),
  ]);
  return {
    workspace: { slug, name },
    mayRestore: allows(ctx, "update version", slug) && allows(ctx, "update project", slug),
    mayPurge: allows(ctx, "purge", slug),
    summary,
    purgeIsDue: summary.nextPurgeAt !== null && summary.nextPurgeAt <= ctx.now,
    sections,
    jobs,
  };
}
