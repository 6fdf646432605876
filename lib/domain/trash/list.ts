import { query, statement, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { normalizeName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { fromTrash, ROW_OF } from "./items";

/** One thing in Trash. What does not apply to its type is null. */
export interface TrashItem {
  type: ItemType;
  id: string;
  name: string;
  deletedAt: Date;
  /** The scheduled purge: from this instant on it may be purged. */
  purgeAfter: Date;
  deletedById: string;
  /** null when the person's account is gone, or a job did it. */
  deletedByName: string | null;
  projectId: string;
  projectSlug: string;
  projectName: string;
  versionId: string | null;
  /** The version's number, also of a training's version. */
  number: number | null;
  trainingNumber: number | null;
  /** Why it cannot be restored by itself now, if so. */
  blockedBy: "PROJECT" | "VERSION" | null;
}

export interface TrashPage {
  items: TrashItem[];
  /** Give it back to read on; null at the end. */
  nextCursor: string | null;
}

/** The most items one call answers. */
export const TRASH_PAGE_MAX = 10_000;

/** How a listing is asked for, beyond its page. */
export interface TrashView {
  type?: ItemType | undefined;
  /** By the instant of deletion; newest first unless said otherwise. */
  order?: "newest" | "oldest" | undefined;
  /** Only items whose name, or whose project's name, holds this; case does not count. */
  search?: string | undefined;
}

/*
 * Three index scans in (deleted_at, id), forwards or backwards, merged; never sorted (list.test.ts looks at the plan).
 * A search is a filter on those scans.
 */
interface Shape {
  oldest: boolean;
  search: boolean;
}

const direction = ({ oldest }: Shape): string => (oldest ? "asc" : "desc");

/** A type's columns, and the names that a search looks into. */
const LISTED: Record<ItemType, { columns: string; names: readonly string[] }> = {
  PROJECT: {
    columns: `p.id, p.name, p.deleted_at, p.purge_after, p.deleted_by_id, p.id, p.slug, p.name, null::text, null::int, null::int, null::text`,
    names: ["p.name"],
  },
  VERSION: {
    columns: `x.id, x.name, x.deleted_at, x.purge_after, x.deleted_by_id, p.id, p.slug, p.name, x.id, x.number, null::int,
    case when p.deleted_at is not null then 'PROJECT' end`,
    names: ["x.name", "p.name"],
  },
  TRAINING: {
    columns: `x.id, 'Training ' || x.number, x.deleted_at, x.purge_after, x.deleted_by_id, p.id, p.slug, p.name, v.id, v.number, x.number,
    case when p.deleted_at is not null then 'PROJECT' when v.deleted_at is not null then 'VERSION' end`,
    names: ["'Training ' || x.number", "p.name"],
  },
};

function pageOf(type: ItemType, shape: Shape): string {
  const { columns, names } = LISTED[type];
  const row = ROW_OF[type];
  const found = shape.search
    ? ` and (${names.map((name) => `strpos(lower(${name}), lower($5)) > 0`).join(" or ")})`
    : "";
  return `(
  select '${type}', ${columns}
  ${fromTrash(type)} and (${row}.deleted_at, ${row}.id) ${shape.oldest ? ">" : "<"} ($2, $3)${found}
  order by ${row}.deleted_at ${direction(shape)}, ${row}.id ${direction(shape)} limit $4
)`;
}

/** hot: the same cost at any depth and size. The listing of all types, or of one; exported for the test that explains it. */
export function listStatement(view: TrashView = {}): Statement {
  const { type, order = "newest", search } = view;
  const shape = { oldest: order === "oldest", search: search !== undefined };
  const pages = (type ? [type] : ITEM_TYPES).map((each) => pageOf(each, shape));
  return statement({
    name: `list-trash-${type ?? "all"}-${order}${shape.search ? "-search" : ""}`,
    text: `
with page (type, id, name, deleted_at, purge_after, deleted_by_id, project_id, project_slug, project_name, version_id, number, training_number, blocked_by) as not materialized (${pages.join(" union all ")})
select page.type, page.id, page.name, page.deleted_at as "deletedAt", page.purge_after as "purgeAfter",
  page.deleted_by_id as "deletedById", (select u.name from users u where u.id = page.deleted_by_id) as "deletedByName",
  page.project_id as "projectId", page.project_slug as "projectSlug", page.project_name as "projectName",
  page.version_id as "versionId", page.number, page.training_number as "trainingNumber", page.blocked_by as "blockedBy"
from page
order by page.deleted_at ${direction(shape)}, page.id ${direction(shape)} limit $4`,
  });
}

/** Sort after, and before, every item there can be. */
const BEGINNING = {
  newest: { deletedAt: new Date("9999-12-31T00:00:00Z"), id: "~" },
  oldest: { deletedAt: new Date(0), id: "" },
};

function encodeCursor(item: TrashItem): string {
  return Buffer.from(`${item.deletedAt.toISOString()} ${item.id}`).toString("base64url");
}

/** Four digits for the year: JavaScript knows years that PostgreSQL does not. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function decodeCursor(cursor: string): { deletedAt: Date; id: string } {
  const [instant, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const deletedAt = new Date(instant && INSTANT.test(instant) ? instant : "");
  if (!id || !/^[0-9a-f-]{36}$/.test(id) || Number.isNaN(deletedAt.getTime())) {
    throw new DomainError(
      "invalid_input",
      "This cursor is not one that we gave. Leave it out to start from the newest item.",
      { field: "cursor" },
    );
  }
  return { deletedAt, id };
}

/**
 * What waits in a workspace's Trash, newest first or oldest first, in pages by keyset: the same cost at any depth and
 * size. A search reads on until its page is full. Versions of a trashed project that were live are not items of their own;
 * those trashed before it are. Throws `invalid_input` for a cursor that we never gave.
 */
export async function listTrash(
  ctx: Context,
  input: { workspaceSlug: string; limit?: number | undefined; cursor?: string | undefined } & TrashView,
): Promise<TrashPage> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const { type, order = "newest" } = input;
  const search = normalizeName(input.search ?? "");
  const limit = Math.min(input.limit ?? TRASH_PAGE_MAX, TRASH_PAGE_MAX);
  const from = input.cursor === undefined ? BEGINNING[order] : decodeCursor(input.cursor);
  const values = [workspaceId, from.deletedAt, from.id, limit + 1];
  const rows =
    search === ""
      ? await query<TrashItem>(listStatement({ type, order }), values)
      : await query<TrashItem>(listStatement({ type, order, search }), [...values, search]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
}
