import { query, statement } from "@/lib/platform/db";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";

/*
 * What is in Trash, said once: what has a deleted_at, of a project whose purge has not begun. Past that point nothing of
 * the project can be restored, and nothing of it is listed or counted any more.
 */

/** The alias of an item's own row; its project's is always `p`. */
export const ROW_OF = { PROJECT: "p", VERSION: "x", TRAINING: "x" } as const satisfies Record<ItemType, string>;

const TABLES: Record<ItemType, string> = {
  PROJECT: `projects p`,
  VERSION: `versions x join projects p on p.id = x.project_id`,
  TRAINING: `trainings x join versions v on v.id = x.version_id join projects p on p.id = v.project_id`,
};

/**
 * The items of a type in the Trash of workspace $1, as the end of a SELECT. The workspace stands there as a constant:
 * joined instead, the planner would sort the whole Trash.
 */
export const fromTrash = (type: ItemType): string =>
  `from ${TABLES[type]} where ${ROW_OF[type]}.workspace_id = $1 and ${ROW_OF[type]}.deleted_at is not null and p.purge_started_at is null`;

/** hot: in every page's sidebar. Stops counting at $2. */
const COUNT = statement({
  name: "count-trash",
  text: `
select count(*)::int as items
from (
  ${ITEM_TYPES.map((type) => `(select 1 ${fromTrash(type)} and ${ROW_OF[type]}.deleted_at <= $3 limit $2)`).join(" union all ")}
  limit $2
) item`,
});

const FOR_EVER = new Date("9999-12-31T00:00:00Z");

/**
 * How many items are in a workspace's Trash, counted up to `max`: a Trash of a million costs no more. With `asOf` only
 * those that have been there since that instant or before. For who has authorized.
 */
export async function countTrash(workspaceId: string, max: number, asOf: Date = FOR_EVER): Promise<number> {
  const [row] = await query<{ items: number }>(COUNT, [workspaceId, max, asOf]);
  return row!.items;
}
