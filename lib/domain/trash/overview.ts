import { prisma, query, statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { allows, authorize } from "@/lib/domain/permissions";
import { findInTrash, type FoundPage, type TrashView } from "./find";
import { TABLES } from "./items";
import { summarizeTrash, withLosses, type Loss, type TrashSummary } from "./holdings";
import { listOpenJobs, type TrashJob } from "./jobs";
import type { TrashItem } from "./list";
import { timeLeft, type TimeLeft } from "./retention";

/** The most items of each type on one page. */
const SECTION_SIZE = 50;
/** The most that a filter offers to choose from. */
const CHOICES_MAX = 200;

/** An item as the page of Trash shows it. */
export interface ListedItem extends TrashItem {
  loss: Loss;
  timeLeft: TimeLeft;
}

export interface TrashSection extends Omit<FoundPage, "items"> {
  type: ItemType;
  items: ListedItem[];
}

/** What filters can be set to; bounded, so what a view asks for need not be among them. */
export interface TrashChoices {
  projects: { slug: string; name: string }[];
  /** Who deleted something that is in Trash; without a name: an account that is gone, or a job. */
  deleters: { id: string; name: string | null }[];
}

export interface TrashOverview {
  workspace: { slug: string; name: string };
  mayRestore: boolean;
  mayPurge: boolean;
  summary: TrashSummary;
  /** Whether the next scheduled purge is due already, by the server's clock. */
  purgeIsDue: boolean;
  choices: TrashChoices;
  /** Those asked for: projects, versions, trainings, images. */
  sections: TrashSection[];
  /** Acts on many items that are not over yet, oldest first. */
  jobs: TrashJob[];
}

const deletersOf = (table: string): string => {
  const next = (more: string) =>
    `(select deleted_by_id from ${table} where workspace_id = $1 and deleted_at is not null ${more} order by deleted_by_id limit 1)`;
  return `(with recursive deleter (id) as (
    ${next("")} union all select ${next("and deleted_by_id > deleter.id")} from deleter where deleter.id is not null
  ) select id from deleter where id is not null limit ${CHOICES_MAX})`;
};

/** hot: from one to the next in an index, whatever lies between; a DISTINCT would read all of Trash. */
const DELETERS = statement({
  name: "trash-deleters",
  text: `
select d.id, u.name from (${Object.values(TABLES).map(deletersOf).join(" union ")}) d
left join users u on u.id = d.id order by u.name, d.id limit ${CHOICES_MAX}`,
});

async function readChoices(workspaceId: string): Promise<TrashChoices> {
  const [projects, deleters] = await Promise.all([
    prisma().project.findMany({
      where: { workspaceId, purgeStartedAt: null },
      orderBy: [{ name: "asc" }, { id: "asc" }],
      take: CHOICES_MAX,
      select: { slug: true, name: true },
    }),
    query<TrashChoices["deleters"][number]>(DELETERS, [workspaceId]),
  ]);
  return { projects, deleters };
}

/**
 * Everything the page of Trash shows, with what this person may do there. Each type has its own place to read on from.
 * The summary is of all of Trash, whatever the view leaves out. Throws `invalid_input` for a cursor that we never gave.
 */
export async function readTrash(
  ctx: Context,
  input: { workspaceSlug: string; cursors: Partial<Record<ItemType, string>> } & TrashView,
): Promise<TrashOverview> {
  const { workspaceId, slug, name } = authorize(ctx, "read trash", input.workspaceSlug);
  const { type, cursors, ...view } = input;
  const [summary, jobs, choices, ...sections] = await Promise.all([
    summarizeTrash(ctx, slug),
    listOpenJobs(ctx, slug),
    readChoices(workspaceId),
    ...ITEM_TYPES.filter((each) => type === undefined || each === type).map(async (each): Promise<TrashSection> => {
      const page = await findInTrash(ctx, { ...view, type: each, limit: SECTION_SIZE, cursor: cursors[each] });
      const items = await withLosses(page.items);
      return {
        ...page,
        type: each,
        items: items.map((item) => ({ ...item, timeLeft: timeLeft(item.purgeAfter, ctx.now) })),
      };
    }),
  ]);
  return {
    workspace: { slug, name },
    mayRestore: allows(ctx, "update version", slug) && allows(ctx, "update project", slug),
    mayPurge: allows(ctx, "purge", slug),
    summary,
    purgeIsDue: summary.nextPurgeAt !== null && summary.nextPurgeAt <= ctx.now,
    choices,
    sections,
    jobs,
  };
}
