import { query, statement } from "@/lib/platform/db";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";

/*
 * What is in Trash, said once: what has a deleted_at, of a project whose purge has not begun. Past that point nothing of
 * the project can be restored, and nothing of it is listed or counted any more.
 */

/** Where its rows are. */
export const TABLES: Record<ItemType, string> = {
  PROJECT: "projects",
  VERSION: "versions",
  TRAINING: "trainings",
  IMAGES: "image_removals",
};

/** The alias of an item's own row; its project's is always `p`. */
export const ROW_OF = { PROJECT: "p", VERSION: "x", TRAINING: "x", IMAGES: "x" } as const satisfies Record<
  ItemType,
  string
>;

/** An item's own row with those above it. */
export const ROWS: Record<ItemType, string> = {
  PROJECT: `projects p`,
  VERSION: `versions x join projects p on p.id = x.project_id`,
  TRAINING: `trainings x join versions v on v.id = x.version_id join projects p on p.id = v.project_id`,
  IMAGES: `image_removals x join projects p on p.id = x.project_id`,
};

export const inTrash = (type: ItemType): string =>
  `${ROW_OF[type]}.deleted_at is not null and p.purge_started_at is null`;

/**
 * The items of a type in the Trash of workspace $1, as the end of a SELECT. The workspace stands there as a constant:
 * joined instead, the planner would sort the whole Trash.
 */
export const fromTrash = (type: ItemType): string =>
  `from ${ROWS[type]} where ${ROW_OF[type]}.workspace_id = $1 and ${inTrash(type)}`;

/** hot: in every page's sidebar. Stops counting at $2. */
const COUNT = statement({
  name: "count-trash",
  text: `
select count(*)::int as items
from (
  ${ITEM_TYPES.map((type) => `(select 1 ${fromTrash(type)} limit $2)`).join(" union all ")}
  limit $2
) item`,
});

/** How many items are in a workspace's Trash, counted up to `max`: a Trash of a million costs no more. For who has authorized. */
export async function countTrash(workspaceId: string, max: number): Promise<number> {
  const [row] = await query<{ items: number }>(COUNT, [workspaceId, max]);
  return row!.items;
}
