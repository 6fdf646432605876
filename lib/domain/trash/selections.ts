import { prisma, query, statement, type Statement } from "@/lib/platform/db";
import type { TrashItemOutcome } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { REMOVAL_NAME } from "@/lib/domain/item-state";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import { authorize } from "@/lib/domain/permissions";
import { matching, type TrashView } from "./find";
import type { Loss } from "./holdings";
import { fromTrash, inTrash, ROW_OF, ROWS } from "./items";

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
  type: ItemType;
  id: string;
  deletedAt: Date;
}

/** What of Trash is meant: items as a page listed them, what a view matches now, or all that is there now. */
export type TrashSet = { items: readonly SeenItem[] } | { view: Omit<TrashView, "order"> } | "all";

export interface TrashSelection {
  id: string;
  /** How many items it holds. */
  items: number;
  /** Trash held more than a selection can: these are its oldest. */
  more: boolean;
}

interface Facts {
  name: string;
  projectName: string;
  projectId: string;
  versionId: string;
  number: string;
  trainingNumber: string;
  images: string;
}

/** What is kept of an item, so that it can be named once it is gone. */
const FACTS: Record<ItemType, Facts> = {
  PROJECT: {
    name: "p.name",
    projectName: "p.name",
    projectId: "p.id",
    versionId: "null::text",
    number: "null::int",
    trainingNumber: "null::int",
    images: "null::int",
  },
  VERSION: {
    name: "x.name",
    projectName: "p.name",
    projectId: "p.id",
    versionId: "x.id",
    number: "x.number",
    trainingNumber: "null::int",
    images: "null::int",
  },
  TRAINING: {
    name: "'Training ' || x.number",
    projectName: "p.name",
    projectId: "p.id",
    versionId: "v.id",
    number: "v.number",
    trainingNumber: "x.number",
    images: "null::int",
  },
  IMAGES: {
    name: REMOVAL_NAME,
    projectName: "p.name",
    projectId: "p.id",
    versionId: "null::text",
    number: "null::int",
    trainingNumber: "null::int",
    images: "x.images",
  },
};

const columns = ({ name, projectName, projectId, versionId, number, trainingNumber, images }: Facts): string =>
  `${name} as name, ${projectId} as project_id, ${projectName} as project_name, ${versionId} as version_id, ${number} as version_number, ${trainingNumber} as training_number, ${images} as images`;

/** Of one type, all that is in Trash and matches, oldest first. */
const allOf = (type: ItemType, matches = ""): string => {
  const row = ROW_OF[type];
  return `(select '${type}'::"ItemType" as item_type, ${row}.id as item_id, ${row}.deleted_at, ${columns(FACTS[type])}, true as as_seen
    ${fromTrash(type)}${matches} order by ${row}.deleted_at, ${row}.id limit ${SELECTION_MAX + 1})`;
};

/** Of one type, those that were chosen, whatever became of them: what was purged since is named by its receipt. */
const chosenOf = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(select '${type}'::"ItemType" as item_type, s.id as item_id, s.deleted_at, ${columns(FACTS[type])},
      ${inTrash(type)} and ${row}.deleted_at = s.deleted_at as as_seen
    from unnest($6::"ItemType"[], $7::text[], $8::timestamptz(3)[]) s (type, id, deleted_at), ${ROWS[type]}
    where s.type = '${type}' and ${row}.id = s.id and ${row}.workspace_id = $1)`;
};

const CHOSEN_AND_PURGED = `(select r.item_type, r.item_id, s.deleted_at, r.item_name, r.project_id, r.project_slug, null, r.version_number, r.training_number, case when r.item_type = 'IMAGES' then r.source_images end, false
    from unnest($6::"ItemType"[], $7::text[], $8::timestamptz(3)[]) s (type, id, deleted_at)
    join purge_receipts r on r.item_type = s.type and r.item_id = s.id and r.workspace_id = $1
    where not exists (select 1 from projects p where p.id = r.item_id))`;

/** A set, which may be large. */
const freezing = (items: string): string => `
with seen as materialized (
  select * from (${items}) every order by deleted_at, item_id limit ${SELECTION_MAX + 1}
), frozen as (
  select * from seen order by deleted_at, item_id limit ${SELECTION_MAX}
), selection as (
  insert into trash_selections (id, workspace_id, user_id, created_at, expires_at, items)
  select $2, $1, $3, $4, $5, count(*) from frozen
  returning id, items
), kept as (
  insert into trash_selection_items (selection_id, item_type, item_id, deleted_at, name, project_id, project_name, version_id, version_number, training_number, images)
  select selection.id, item_type, item_id, deleted_at, name, project_id, project_name, version_id, version_number, training_number, images
  from frozen cross join selection
)
select id, items, (select count(*) from seen) > ${SELECTION_MAX} as more, (select count(*)::int from frozen where as_seen) as "asSeen" from selection`;

const FREEZE_TRASH = statement({
  name: "freeze-trash",
  text: freezing(ITEM_TYPES.map((type) => allOf(type)).join(" union all ")),
});
const FREEZE_ITEMS = statement({
  name: "freeze-items",
  text: freezing([...ITEM_TYPES.map(chosenOf), CHOSEN_AND_PURGED].join(" union all ")),
});

/**
 * Freezes what a person is looking at, for whoever may act on it. Of a Trash beyond SELECTION_MAX the oldest. Chosen items
 * that are no longer as they were listed are frozen as they were: whoever acts on them leaves them, and says so; how many
 * are as listed is `asSeen`. Items of other workspaces are none.
 */
export async function freezeTrash(
  ctx: Context,
  input: { workspaceSlug: string; set: TrashSet },
): Promise<TrashSelection & { asSeen: number }> {
  const { workspaceId } = authorize(ctx, "update version", input.workspaceSlug);
  const expiresAt = new Date(ctx.now.getTime() + LIFETIME_MS);
  const values = [workspaceId, newId(), personId(ctx.actor), ctx.now, expiresAt];
  const [selection] = await query<TrashSelection & { asSeen: number }>(...freezingOf(ctx, input.set, values));
  return selection!;
}

function freezingOf(ctx: Context, set: TrashSet, values: readonly unknown[]): [Statement, unknown[]] {
  if (set === "all") return [FREEZE_TRASH, [...values]];
  if ("items" in set) {
    const { items } = set;
    const columnsOf = [items.map(({ type }) => type), items.map(({ id }) => id), items.map((item) => item.deletedAt)];
    return [FREEZE_ITEMS, [...values, ...columnsOf]];
  }
  const all = [...values];
  const types = ITEM_TYPES.filter((type) => set.view.type === undefined || set.view.type === type);
  const items = types.map((type) => allOf(type, matching(type, set.view, ctx.now, all))).join(" union all ");
  return [{ text: freezing(items) }, all]; // planned for its values, as every search in find.ts
}

/** What was seen is too old to act on. Nothing was done. */
const tooOld = (): DomainError =>
  new DomainError(
    "stale_selection",
    "Too much time has passed since you looked at Trash. Nothing was changed; look again.",
    { reason: "too_old" },
  );

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
  if (!selection) throw tooOld();
  return selection;
}

/** A frozen item: as it was seen, and what has become of it. */
export interface SelectedItem {
  type: ItemType;
  id: string;
  name: string;
  projectId: string;
  projectName: string;
  versionId: string | null;
  /** The version's number, also of a training's version. */
  number: number | null;
  trainingNumber: number | null;
  /** Of images: how many, as seen. */
  images: number | null;
  /** When it went to Trash, as seen. */
  seenAt: Date;
  /** What it held then; null where no purge was previewed. */
  held: Loss | null;
  /** What an act made of it; null while its turn has not come. */
  outcome: TrashItemOutcome | null;
  /** When it went to Trash, as it is now; null when it is not there any more. */
  deletedAt: Date | null;
  /** Its row is there, live or in Trash, and no purge has begun. */
  exists: boolean;
}

/** Whether an item is in Trash as it was seen. To act on it, look again under its lock. */
export const isAsSeen = ({ seenAt, deletedAt }: Pick<SelectedItem, "seenAt" | "deletedAt">): boolean =>
  deletedAt?.getTime() === seenAt.getTime();

/** hot: a selection may hold 100,000 items. */
const pageOf = (type: ItemType): Statement =>
  statement({
    name: `selected-${type.toLowerCase()}s`,
    text: `
select i.item_type as type, i.item_id as id, i.name, i.project_id as "projectId", i.project_name as "projectName", i.version_id as "versionId",
  i.version_number as number, i.training_number as "trainingNumber", i.images, i.deleted_at as "seenAt", i.held, i.outcome,
  case when ${inTrash(type)} then ${ROW_OF[type]}.deleted_at end as "deletedAt", p.id is not null and p.purge_started_at is null as exists
from trash_selection_items i left join ${ROWS[type]} on ${ROW_OF[type]}.id = i.item_id
where i.selection_id = $1 and i.item_type = '${type}' and (i.deleted_at, i.item_id) > ($2, $3)
order by i.deleted_at, i.item_id limit $4`,
  });

const PAGES: Record<ItemType, Statement> = {
  PROJECT: pageOf("PROJECT"),
  VERSION: pageOf("VERSION"),
  TRAINING: pageOf("TRAINING"),
  IMAGES: pageOf("IMAGES"),
};

/** The items of a selection in pages of one type, the whole before its parts, oldest first; each page as it is when its turn comes. */
export async function* readSelected(selectionId: string, pageSize: number): AsyncGenerator<SelectedItem[]> {
  for (const type of ITEM_TYPES) {
    let after = { seenAt: new Date(0), id: "" };
    for (;;) {
      const page = await query<SelectedItem>(PAGES[type], [selectionId, after.seenAt, after.id, pageSize]);
      if (page.length === 0) break;
      yield page;
      after = page.at(-1)!;
    }
  }
}

/** A set, by the whole key. Not named: a plan that is kept for sets of any size looks through all 100,000 items for each. */
const KEEP_HELD = statement({
  text: `
update trash_selection_items i set held = h.held
from unnest($3::timestamptz(3)[], $4::text[], $5::jsonb[]) h (seen_at, id, held)
where i.selection_id = $1 and i.item_type = $2::"ItemType" and i.deleted_at = h.seen_at and i.item_id = h.id`,
});

/** Writes down what the items of a page, all of one type, held when they were seen. */
export async function keepHeld(
  selectionId: string,
  items: readonly (Pick<SelectedItem, "type" | "id" | "seenAt"> & { held: Loss })[],
): Promise<void> {
  await query(KEEP_HELD, [
    selectionId,
    items[0]!.type,
    items.map(({ seenAt }) => seenAt),
    items.map(({ id }) => id),
    items.map(({ held }) => JSON.stringify(held)),
  ]);
}

/** A set with what depends on it; passes over what another run is at, and what a job is, or was, at. */
const FORGET = statement({
  name: "forget-selections",
  text: `
delete from trash_selections where id in (
  select s.id from trash_selections s where s.expires_at <= $1 and not exists (select 1 from trash_jobs j where j.selection_id = s.id)
  order by s.expires_at limit ${FORGET_BATCH} for update skip locked)
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
