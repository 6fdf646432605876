import { query, statement, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { REMOVAL_NAME } from "@/lib/domain/item-state";
import { ITEM_TYPES } from "@/lib/domain/item-types";
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
  /** The API key with which that person did it; null when they did it themselves. */
  deletedKeyId: string | null;
  /** The key's name; null when the key is gone, too. */
  deletedKeyName: string | null;
  /** Why, in that person's words. */
  deletedNote: string | null;
  projectId: string;
  projectSlug: string;
  projectName: string;
  versionId: string | null;
  /** The version's number, also of a training's version. */
  number: number | null;
  trainingNumber: number | null;
  /** What its purge would free. */
  bytes: number;
  /** How many images were removed together, and wait together still. */
  images: number | null;
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

const told = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `'${type}' as type, ${row}.id, ${row}.deleted_at as "deletedAt", ${row}.purge_after as "purgeAfter", ${row}.deleted_by_id as "deletedById",
    ${row}.deleted_key_id as "deletedKeyId", ${row}.deleted_note as "deletedNote",
    coalesce(${row}.trashed_bytes, 0)::float8 as bytes, p.id as "projectId", p.slug as "projectSlug", p.name as "projectName"`;
};

/** An item as a row of its type tells it; who deleted it is named by NAMED. */
export const COLUMNS: Record<ItemType, string> = {
  PROJECT: `${told("PROJECT")}, p.name, null::text as "versionId", null::int as number, null::int as "trainingNumber", null::int as images, null::text as "blockedBy"`,
  VERSION: `${told("VERSION")}, x.name, x.id as "versionId", x.number, null::int as "trainingNumber", null::int as images,
    case when p.deleted_at is not null then 'PROJECT' end as "blockedBy"`,
  TRAINING: `${told("TRAINING")}, 'Training ' || x.number as name, v.id as "versionId", v.number, x.number as "trainingNumber", null::int as images,
    case when p.deleted_at is not null then 'PROJECT' when v.deleted_at is not null then 'VERSION' end as "blockedBy"`,
  IMAGES: `${told("IMAGES")}, ${REMOVAL_NAME} as name, null::text as "versionId", null::int as number, null::int as "trainingNumber", x.images,
    case when p.deleted_at is not null then 'PROJECT' end as "blockedBy"`,
};

/** Who deleted the items of a `page`, and with which key: looked up for those alone that it gives. */
export const NAMED = `(select u.name from users u where u.id = page."deletedById") as "deletedByName",
  (select k.name from api_keys k where k.id = page."deletedKeyId") as "deletedKeyName"`;

const newestOf = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(
  select ${COLUMNS[type]}
  ${fromTrash(type)} and (${row}.deleted_at, ${row}.id) < ($2, $3)
  order by ${row}.deleted_at desc, ${row}.id desc limit $4
)`;
};

/**
 * hot: the same cost at any depth and size. An index scan for each type in (deleted_at, id), merged; never sorted. The listing of
 * all types, or of one; exported for the test that explains it.
 */
export const listStatement = (type?: ItemType): Statement =>
  statement({
    name: `list-trash-${type ?? "all"}`,
    text: `
with page as not materialized (${(type ? [type] : ITEM_TYPES).map(newestOf).join(" union all ")})
select page.*, ${NAMED}
from page
order by page."deletedAt" desc, page.id desc limit $4`,
  });

/** Sorts after every item there can be. */
const NEWEST = { deletedAt: new Date("9999-12-31T00:00:00Z"), id: "~" };

function encodeCursor(item: TrashItem): string {
  return Buffer.from(`${item.deletedAt.toISOString()} ${item.id}`).toString("base64url");
}

/** Four digits for the year: JavaScript knows years that PostgreSQL does not. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** An instant as a cursor has it; null for one that cannot be. */
export function parseInstant(text: string | undefined): Date | null {
  const instant = new Date(text !== undefined && INSTANT.test(text) ? text : "");
  return Number.isNaN(instant.getTime()) ? null : instant;
}

export const isItemId = (id: string | undefined): id is string => id !== undefined && /^[0-9a-f-]{36}$/.test(id);

export const noSuchCursor = (): DomainError =>
  new DomainError("invalid_input", "This cursor is not one that we gave. Leave it out to start from the newest item.", {
    field: "cursor",
  });

function decodeCursor(cursor: string): { deletedAt: Date; id: string } {
  const [instant, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const deletedAt = parseInstant(instant);
  if (!deletedAt || !isItemId(id)) throw noSuchCursor();
  return { deletedAt, id };
}

/**
 * What waits in a workspace's Trash, newest first, in pages by keyset, for programs: the same cost at any depth and size.
 * Versions of a trashed project that were live are not items of their own; those trashed before it are. Throws
 * `invalid_input` for a cursor that we never gave.
 */
export async function listTrash(
  ctx: Context,
  input: {
    workspaceSlug: string;
    limit?: number | undefined;
    cursor?: string | undefined;
    type?: ItemType | undefined;
  },
): Promise<TrashPage> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const limit = Math.min(input.limit ?? TRASH_PAGE_MAX, TRASH_PAGE_MAX);
  const from = input.cursor === undefined ? NEWEST : decodeCursor(input.cursor);
  const rows = await query<TrashItem>(listStatement(input.type), [workspaceId, from.deletedAt, from.id, limit + 1]);
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, nextCursor: rows.length > limit && last ? encodeCursor(last) : null };
}
