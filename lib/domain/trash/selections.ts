import { prisma, query, statement, type Statement } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import { authorize } from "@/lib/domain/permissions";
import { fromTrash, inTrash, ROW_OF, ROWS } from "./items";
import { BATCH } from "./purge-rows";

/*
 * What a person saw, frozen: exactly these items, and each only as it was. An act by hand on all of Trash, or on items
 * chosen in it, names such a selection and takes nothing beside it. An instant would not do: what waits for a lock while
 * it is moved to Trash commits with an instant from before its wait, and so would be "as of" a listing that never had it.
 * What was restored and moved to Trash again has another deleted_at: it is not what was seen, and is left.
 */

/** For as long as somebody may look at a dialog. */
const LIFETIME_MS = 30 * 60_000;
/** An act that began in time may still be at it. */
const KEPT_MS = 60 * 60_000;
/** Beyond it, the oldest. */
export const SELECTION_MAX = 100_000;
const FORGET_BATCH = 10;

/** An item as a page listed it. */
export interface SeenItem {
  id: string;
  deletedAt: Date;
}

export interface TrashSelection {
  id: string;
  /** How many items it holds. */
  items: number;
  /** Trash held more than a selection can: these are its oldest. */
  more: boolean;
}

const seenOf = (type: ItemType, chosen: boolean): string => {
  const row = ROW_OF[type];
  const seen = `and (${row}.id, ${row}.deleted_at) in (select * from unnest($6::text[], $7::timestamptz(3)[]))`;
  return `(select '${type}'::"ItemType" as type, ${row}.id, ${row}.deleted_at ${fromTrash(type)} ${chosen ? seen : ""}
    order by ${row}.deleted_at, ${row}.id limit ${SELECTION_MAX + 1})`;
};

/** A set, which may be large. Of chosen items all or none. */
const freezing = (chosen: boolean): Statement =>
  statement({
    name: chosen ? "freeze-items" : "freeze-trash",
    text: `
with seen as materialized (
  select * from (${ITEM_TYPES.map((type) => seenOf(type, chosen)).join(" union all ")}) every
  order by deleted_at, id limit ${SELECTION_MAX + 1}
), frozen as (
  select * from seen order by deleted_at, id limit ${SELECTION_MAX}
), selection as (
  insert into trash_selections (id, workspace_id, user_id, created_at, expires_at, items)
  select $2, $1, $3, $4, $5, count(*) from frozen ${chosen ? "having count(*) = cardinality($6::text[])" : ""}
  returning id, items
), kept as (
  insert into trash_selection_items (selection_id, item_type, deleted_at, item_id)
  select selection.id, frozen.type, frozen.deleted_at, frozen.id from frozen cross join selection
)
select id, items, (select count(*) from seen) > ${SELECTION_MAX} as more from selection`,
  });

const FREEZE_TRASH = freezing(false);
const FREEZE_ITEMS = freezing(true);

/**
 * Freezes what a person is looking at, for whoever may act on it: the chosen items as a page listed them, or all of Trash
 * as it is now. Of a Trash beyond SELECTION_MAX the oldest. Throws `stale_selection` when one of the chosen items is no
 * longer as it was listed.
 */
export async function freezeTrash(
  ctx: Context,
  input: { workspaceSlug: string; items?: readonly SeenItem[] | undefined },
): Promise<TrashSelection> {
  const { workspaceId } = authorize(ctx, "update version", input.workspaceSlug);
  const expiresAt = new Date(ctx.now.getTime() + LIFETIME_MS);
  const values = [workspaceId, newId(), personId(ctx.actor), ctx.now, expiresAt];
  const chosen = input.items && [input.items.map(({ id }) => id), input.items.map(({ deletedAt }) => deletedAt)];
  const [selection] = chosen
    ? await query<TrashSelection>(FREEZE_ITEMS, [...values, ...chosen])
    : await query<TrashSelection>(FREEZE_TRASH, values);
  if (!selection)
    throw new DomainError(
      "stale_selection",
      "What you chose is not in Trash any more as it was listed. Nothing was changed; look again.",
      { reason: "changed" },
    );
  return selection;
}

/**
 * A selection that may be acted on, by the person who froze it and nobody else. Throws `stale_selection` when it is too
 * old, somebody else's, or none of ours. For who has authorized.
 */
export async function getSelection(
  ctx: Context,
  workspaceId: string,
  id: string,
): Promise<{ id: string; items: number }> {
  const selection = await prisma().trashSelection.findFirst({
    where: { id, workspaceId, userId: personId(ctx.actor), expiresAt: { gt: ctx.now } },
    select: { id: true, items: true },
  });
  if (selection) return selection;
  throw new DomainError(
    "stale_selection",
    "Too much time has passed since you looked at Trash. Nothing was changed; look again.",
  );
}

/** A frozen item, and what has become of it. Named as it is now, or as its receipt has it. */
export interface SelectedItem {
  type: ItemType;
  id: string;
  name: string;
  projectId: string;
  /** The version's number, also of a training's version. */
  number: number | null;
  /** When it went to Trash, as seen. */
  seenAt: Date;
  /** When it went to Trash, as it is now; null when it is not there any more. */
  deletedAt: Date | null;
}

/** Whether an item is in Trash as it was seen. To act on it, look again under its lock. */
export const isAsSeen = ({ seenAt, deletedAt }: Pick<SelectedItem, "seenAt" | "deletedAt">): boolean =>
  deletedAt?.getTime() === seenAt.getTime();

/** A type's name and, if it is in one, its version's number. */
const FACTS: Record<ItemType, { name: string; number: string }> = {
  PROJECT: { name: "p.name", number: "null::int" },
  VERSION: { name: "x.name", number: "x.number" },
  TRAINING: { name: "'Training ' || x.number", number: "v.number" },
};

/** The selected items of a type, each with its row if there is one. */
const selected = (type: ItemType): string =>
  `trash_selection_items i left join ${ROWS[type]} on ${ROW_OF[type]}.id = i.item_id`;

/** hot: a selection may hold 100,000 items. */
const pageOf = (type: ItemType): Statement =>
  statement({
    name: `selected-${type.toLowerCase()}s`,
    text: `
select i.item_type as type, i.item_id as id, coalesce(${FACTS[type].name}, r.item_name) as name, coalesce(p.id, r.project_id) as "projectId",
  coalesce(${FACTS[type].number}, r.version_number) as number, i.deleted_at as "seenAt",
  case when ${inTrash(type)} then ${ROW_OF[type]}.deleted_at end as "deletedAt"
from ${selected(type)} left join purge_receipts r on r.item_type = i.item_type and r.item_id = i.item_id
where i.selection_id = $1 and i.item_type = '${type}' and (i.deleted_at, i.item_id) > ($2, $3)
order by i.deleted_at, i.item_id limit $4`,
  });

const PAGES: Record<ItemType, Statement> = {
  PROJECT: pageOf("PROJECT"),
  VERSION: pageOf("VERSION"),
  TRAINING: pageOf("TRAINING"),
};

/** The items of a selection in pages of one type, the whole before its parts, oldest first; each page as it is when its turn comes. */
export async function* readSelected(selectionId: string): AsyncGenerator<SelectedItem[]> {
  for (const type of ITEM_TYPES) {
    let after = { seenAt: new Date(0), id: "" };
    for (;;) {
      const page = await query<SelectedItem>(PAGES[type], [selectionId, after.seenAt, after.id, BATCH]);
      if (page.length === 0) break;
      yield page;
      after = page.at(-1)!;
    }
  }
}

const progressOf = (type: ItemType): string => `
  select count(*) filter (where ${inTrash(type)} and ${ROW_OF[type]}.deleted_at = i.deleted_at) as "left",
    count(*) filter (where p.id is not null and p.purge_started_at is null and ${ROW_OF[type]}.deleted_at is distinct from i.deleted_at) as changed
  from ${selected(type)} where i.selection_id = $1 and i.item_type = '${type}'`;

const PROGRESS = statement({
  name: "selection-progress",
  text: `select sum("left")::int as "left", sum(changed)::int as changed from (${ITEM_TYPES.map(progressOf).join(" union all ")}) every`,
});

/** Of a selection's items, how many are still in Trash as seen, and how many were restored, be they in Trash again or not; the others are purged. */
export async function countSelected(selectionId: string): Promise<{ left: number; changed: number }> {
  const [row] = await query<{ left: number; changed: number }>(PROGRESS, [selectionId]);
  return row!;
}

/** A set with what depends on it; passes over what another run is at. */
const FORGET = statement({
  name: "forget-selections",
  text: `
delete from trash_selections where id in (
  select id from trash_selections where expires_at <= $1 order by expires_at limit ${FORGET_BATCH} for update skip locked)
returning id`,
});

/** Removes the selections that expired an hour ago or before, some at least, until `signal` aborts. Answers how many. */
export async function forgetExpiredSelections(ctx: Context, signal: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const gone = await query(FORGET, [new Date(ctx.now.getTime() - KEPT_MS)]);
    forgotten += gone.length;
    if (gone.length < FORGET_BATCH || signal.aborted) return forgotten;
  }
}
