import { query, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { REMOVAL_NAME } from "@/lib/domain/item-state";
import { normalizeName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { fromTrash, inTrash, ROW_OF, TABLES } from "./items";
import { COLUMNS, isItemId, NAMED, noSuchCursor, parseInstant, type TrashItem } from "./list";
import { SHORTEST_WAIT_MS } from "./retention";

/*
 * What people look for in Trash: any filter with any order, in pages forwards and backwards, one type at a time. A page
 * costs the same in a Trash of a million as in one of ten thousand, by one of three ways:
 *
 * - in order: every filter is one that the index of the order has too, and what it reads is what it shows;
 * - sorted: a filter of its own index holds at most LOOK_MAX items, which are read and put in order;
 * - looked through: LOOK_MAX items in order, for each of which it is seen whether it matches; if they do not fill the
 *   page, it says so, and the next one looks further.
 *
 * The statements have no names: PostgreSQL plans each for its own values, since one project's Trash is not like another's.
 */

export const TRASH_ORDERS = ["newest", "oldest", "largest", "soonest"] as const;
/** By when it was deleted, by what it holds, by its scheduled purge. */
export type TrashOrder = (typeof TRASH_ORDERS)[number];

/** Which items are wanted. What is left out narrows nothing. */
export interface TrashFilter {
  /** Part of the name, or of its project's name; case does not count. */
  search?: string | undefined;
  projectSlug?: string | undefined;
  deletedById?: string | undefined;
  /** Deleted at this instant or later. */
  from?: Date | undefined;
  /** Deleted before this instant. */
  until?: Date | undefined;
  /** To be purged within so many times 24 h, or due already. */
  daysLeft?: number | undefined;
}

/** What to show of Trash. */
export interface TrashView extends TrashFilter {
  type?: ItemType | undefined;
  /** Newest first unless said otherwise. */
  order?: TrashOrder | undefined;
}

export interface FoundPage {
  items: TrashItem[];
  /** Give one of them back to read on in that direction; null where there is nothing more. */
  previousCursor: string | null;
  nextCursor: string | null;
  /** It looked at as many items as one page may, and there are more to look at: what it shows is what matched among them. */
  unfinished: boolean;
  /** How many match in all, counted up to TOTAL_MAX, and whether there are `more`; null where counting would mean to look at all of Trash. */
  total: { count: number; more: boolean } | null;
}

/** Items looked at, or sorted, for one page. */
export const LOOK_MAX = 10_000;
export const TOTAL_MAX = 1_000;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Which project an item in Trash is of, in its own row. */
const PROJECT_IDS: Record<ItemType, string> = {
  PROJECT: "id",
  VERSION: "project_id",
  TRAINING: "trashed_project_id",
  IMAGES: "project_id",
};
/** Where a search looks. */
const NAMES: Record<ItemType, readonly string[]> = {
  PROJECT: ["p.name"],
  VERSION: ["x.name", "p.name"],
  TRAINING: ["'Training ' || x.number", "p.name"],
  IMAGES: [REMOVAL_NAME],
};
/** What an item belongs to, looked up row by row: the order of the rows stays. */
const PARENTS: Record<ItemType, string> = {
  PROJECT: "",
  VERSION: "cross join lateral (select * from projects where id = x.project_id offset 0) p",
  TRAINING: `cross join lateral (select * from versions where id = x.version_id offset 0) v
  cross join lateral (select * from projects where id = v.project_id offset 0) p`,
  IMAGES: "cross join lateral (select * from projects where id = x.project_id offset 0) p",
};

type Put = (value: unknown) => string;
const putting =
  (values: unknown[]): Put =>
  (value) =>
    `$${values.push(value)}`;

// ── What matches ─────────────────────────────────────────────────────────────────────────────────────────────────────

const PARTS = ["project", "deleter", "left", "when", "name"] as const;
type Part = (typeof PARTS)[number];

/** Which filters there are. */
const partsOf = (filter: TrashFilter): Part[] =>
  PARTS.filter(
    (part) =>
      ({
        project: filter.projectSlug !== undefined,
        deleter: filter.deletedById !== undefined,
        left: filter.daysLeft !== undefined,
        when: filter.from !== undefined || filter.until !== undefined,
        name: normalizeName(filter.search ?? "") !== "",
      })[part],
  );

const leftUntil = (filter: TrashFilter, now: Date): Date => new Date(now.getTime() + filter.daysLeft! * DAY_MS);

/** A filter as a condition on an item's row; that of the name asks the rows above it, too. */
function condition(part: Part, type: ItemType, row: string, filter: TrashFilter, now: Date, put: Put): string {
  switch (part) {
    case "project":
      return `${row}.${PROJECT_IDS[type]} = (select id from projects where workspace_id = $1 and slug = ${put(filter.projectSlug)})`;
    case "deleter":
      return `${row}.deleted_by_id = ${put(filter.deletedById)}`;
    case "left":
      return `${row}.purge_after <= ${put(leftUntil(filter, now))}`;
    case "when":
      return [
        ...(filter.from ? [`${row}.deleted_at >= ${put(filter.from)}`] : []),
        ...(filter.until ? [`${row}.deleted_at < ${put(filter.until)}`] : []),
      ].join(" and ");
    case "name": {
      const search = put(normalizeName(filter.search!));
      return `(${NAMES[type].map((name) => `strpos(lower(${name}), lower(${search})) > 0`).join(" or ")})`;
    }
  }
}

/**
 * What of a type a filter holds, as conditions that stand behind `fromTrash(type)`: the one definition of what matches,
 * for who lists it and who freezes it. Its values are put behind those that `values` has, the first of which is the
 * workspace's id.
 */
export function matching(type: ItemType, filter: TrashFilter, now: Date, values: unknown[]): string {
  const put = putting(values);
  return partsOf(filter)
    .map((part) => ` and ${condition(part, type, ROW_OF[type], filter, now, put)}`)
    .join("");
}

// ── The way to a page ────────────────────────────────────────────────────────────────────────────────────────────────

interface OrderKey {
  key: (row: string) => string;
  cast: string;
  descending: boolean;
  /** The filters that its indexes have too, of which one leads: then those behind it are not in the same index. */
  leading: readonly Part[];
  ranges: readonly Part[];
}

const DELETED = { key: (row: string) => `${row}.deleted_at`, cast: "timestamptz" };
const ORDERS: Record<TrashOrder, OrderKey> = {
  newest: { ...DELETED, descending: true, leading: ["project", "deleter"], ranges: ["when"] },
  oldest: { ...DELETED, descending: false, leading: ["project", "deleter"], ranges: ["when"] },
  largest: {
    key: (row) => `coalesce(${row}.trashed_bytes, 0)`,
    cast: "bigint",
    descending: true,
    leading: [],
    ranges: [],
  },
  soonest: {
    key: (row) => `${row}.purge_after`,
    cast: "timestamptz",
    descending: false,
    leading: [],
    ranges: ["left"],
  },
};

/** The order of the index that finds what a filter holds. */
const NARROWED: Record<Exclude<Part, "name">, string> = {
  project: "r.deleted_at desc, r.id desc",
  deleter: "r.deleted_at desc, r.id desc",
  left: "r.purge_after, r.id",
  when: "r.deleted_at desc, r.id desc",
};

export interface Request {
  type: ItemType;
  order: TrashOrder;
  filter: TrashFilter;
  workspaceId: string;
  now: Date;
}

/** How pages of a view are found. */
export type Way =
  | { by: "order" }
  /** What a filter holds, sorted. */
  | { by: "sorting"; part: Exclude<Part, "name"> }
  /** What those filters hold that the index has, looked through. */
  | { by: "looking"; parts: readonly Part[] };

/** The rows of a type that a filter with an index of its own holds. */
const narrowed = (part: Exclude<Part, "name">, { type, filter, now }: Request, put: Put, limit: number): string =>
  `select r.* from ${TABLES[type]} r where r.workspace_id = $1 and r.deleted_at is not null and ${condition(part, type, "r", filter, now, put)}
  order by ${NARROWED[part]} limit ${limit}`;

async function isNarrow(part: Exclude<Part, "name">, request: Request): Promise<boolean> {
  const values: unknown[] = [request.workspaceId];
  const rows = narrowed(part, request, putting(values), LOOK_MAX + 1);
  const [found] = await query<{ items: number }>(
    { text: `select count(*)::int as items from (${rows}) narrow` },
    values,
  );
  return found!.items <= LOOK_MAX;
}

/** Exported for the test that explains every way. */
export async function findWay(request: Request): Promise<Way> {
  const { leading, ranges } = ORDERS[request.order];
  const parts = partsOf(request.filter);
  const leader = leading.find((part) => parts.includes(part));
  const served = parts.filter((part) => part === leader || ranges.includes(part));
  if (served.length === parts.length) return { by: "order" };
  for (const part of parts)
    if (part !== "name" && !served.includes(part) && (await isNarrow(part, request))) return { by: "sorting", part };
  return { by: "looking", parts: served };
}

// ── A page ───────────────────────────────────────────────────────────────────────────────────────────────────────────

/** An item's place in an order. */
interface Place {
  key: Date | string;
  id: string;
}

/** Where reading begins: behind that place or, backwards, before it; `inclusive` with the item that is there. */
interface Start extends Place {
  backwards: boolean;
  inclusive: boolean;
}

type FoundRow = TrashItem & { key: Date | string; place: number | null; matches: boolean };

/**
 * The statement that reads a stretch; exported for the test that explains it. Looking through, the last row that was
 * looked at is answered too, whether it matches or not.
 */
export function findStatement(
  request: Request,
  way: Way,
  from: Start | null,
  limit: number,
): { statement: Statement; values: unknown[] } {
  const { type, order, filter, workspaceId, now } = request;
  const { key, cast, descending } = ORDERS[order];
  const row = ROW_OF[type];
  const down = descending !== (from?.backwards ?? false);
  const direction = down ? "desc" : "asc";
  const values: unknown[] = [workspaceId];
  const put = putting(values);
  const ordered = (alias: string) => `${key(alias)} ${direction}, ${alias}.id ${direction}`;
  const behind = (alias: string) =>
    from
      ? ` and (${key(alias)}, ${alias}.id) ${down ? "<" : ">"}${from.inclusive ? "=" : ""} (${put(from.key)}::${cast}, ${put(from.id)})`
      : "";
  const columns = (sorted: string) => `${COLUMNS[type]}, ${sorted} as key`;
  const end = `order by ${ordered(row)} limit ${limit}`;

  function rows(): string {
    switch (way.by) {
      case "order":
        return `select ${columns(key(row))}, null::int as place, true as matches
  ${fromTrash(type)}${matching(type, filter, now, values)}${behind(row)}
  ${end}`;
      case "sorting":
        return `select ${columns(key(row))}, null::int as place, true as matches
  from (${narrowed(way.part, request, put, 2 * LOOK_MAX)}) ${row} ${PARENTS[type]}
  where ${inTrash(type)}${matching(type, filter, now, values)}${behind(row)}
  ${end}`;
      case "looking": {
        const served = way.parts.map((part) => ` and ${condition(part, type, "r", filter, now, put)}`).join("");
        return `select * from (
    select ${columns(`${row}.sorted`)}, ${row}.place, (${inTrash(type)}${matching(type, filter, now, values)}) as matches
    from (
      select r.*, (row_number() over (order by r.sorted ${direction}, r.id ${direction}))::int as place from (
        select r.*, ${key("r")} as sorted from ${TABLES[type]} r
        where r.workspace_id = $1 and r.deleted_at is not null${served}${implied(request, put)}${behind("r")}
        order by ${ordered("r")} limit ${LOOK_MAX}
      ) r
    ) ${row} ${PARENTS[type]}
    order by ${row}.sorted ${direction}, ${row}.id ${direction}
  ) looked where matches or place = ${LOOK_MAX} limit ${limit}`;
      }
    }
  }
  const page = rows();
  return {
    statement: {
      text: `
with page as not materialized (
  ${page}
)
select page.*, ${NAMED} from page order by page.key ${direction}, page.id ${direction}`,
    },
    values,
  };
}

/** What a filter says of another instant than its own: nothing waits for less than SHORTEST_WAIT_MS. Looking begins there. */
function implied({ order, filter, now }: Request, put: Put): string {
  if ((order === "newest" || order === "oldest") && filter.daysLeft !== undefined)
    return ` and r.deleted_at <= ${put(new Date(leftUntil(filter, now).getTime() - SHORTEST_WAIT_MS))}`;
  if (order === "soonest" && filter.from)
    return ` and r.purge_after >= ${put(new Date(filter.from.getTime() + SHORTEST_WAIT_MS))}`;
  return "";
}

async function readRows(request: Request, way: Way, from: Start | null, limit: number): Promise<FoundRow[]> {
  const { statement, values } = findStatement(request, way, from, limit);
  return query<FoundRow>(statement, values);
}

/** How many match in all: `whole` when one page has them, else counted up to TOTAL_MAX; null where that would mean to look at all of Trash. */
async function countAll(request: Request, way: Way, whole: number | null): Promise<FoundPage["total"]> {
  if (whole !== null) return { count: whole, more: false };
  if (way.by === "looking") return null;
  const { type, filter, workspaceId, now } = request;
  const values: unknown[] = [workspaceId];
  const from =
    way.by === "order"
      ? fromTrash(type)
      : `from (${narrowed(way.part, request, putting(values), 2 * LOOK_MAX)}) ${ROW_OF[type]} ${PARENTS[type]} where ${inTrash(type)}`;
  const items = `select 1 ${from}${matching(type, filter, now, values)} limit ${TOTAL_MAX + 1}`;
  const [row] = await query<{ items: number }>({ text: `select count(*)::int as items from (${items}) item` }, values);
  return { count: Math.min(row!.items, TOTAL_MAX), more: row!.items > TOTAL_MAX };
}

// ── Cursors ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const DIRECTIONS = ["after", "before"] as const;

const encode = (order: TrashOrder, direction: (typeof DIRECTIONS)[number], { key, id }: Place): string =>
  Buffer.from(`${order} ${direction} ${key instanceof Date ? key.toISOString() : key} ${id}`).toString("base64url");

function decode(order: TrashOrder, cursor: string): Start {
  const [given, direction, key, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const read = order === "largest" ? (/^\d{1,18}$/.test(key ?? "") ? key! : null) : parseInstant(key);
  if (given !== order || !DIRECTIONS.some((known) => known === direction) || read === null || !isItemId(id))
    throw noSuchCursor();
  return { key: read, id, backwards: direction === "before", inclusive: false };
}

/**
 * A page of one type in Trash, as a view wants it: the same cost at any depth and size. It says whether there is a page
 * before it and one behind. Throws `invalid_input` for a cursor that we never gave, or gave for another order.
 */
export async function findInTrash(
  ctx: Context,
  input: TrashFilter & {
    workspaceSlug: string;
    type: ItemType;
    order?: TrashOrder | undefined;
    limit: number;
    cursor?: string | undefined;
  },
): Promise<FoundPage> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const { type, order = "newest", limit } = input;
  const request: Request = { type, order, filter: input, workspaceId, now: ctx.now };
  const way = await findWay(request);

  const read = async (from: Start | null) => {
    const rows = await readRows(request, way, from, limit + 1);
    const matched = rows.filter((row) => row.matches);
    const items = matched.slice(0, limit);
    const looked = rows.find((row) => row.place === LOOK_MAX);
    const full = matched.length > limit;
    const end: Place | null = full ? items.at(-1)! : (looked ?? null);
    return { items: from?.backwards ? items.toReversed() : items, end, unfinished: !full && looked !== undefined };
  };

  let from = input.cursor === undefined ? null : decode(order, input.cursor);
  let page = await read(from);
  // what was behind the cursor has gone: the last page there is
  if (from && !from.backwards && page.items.length === 0 && page.end === null)
    page = await read((from = { ...from, backwards: true, inclusive: true }));
  // the beginning: as full as it is for who comes without a cursor
  if (from?.backwards && page.end === null) page = await read((from = null));

  const { items, end, unfinished } = page;
  const backwards = from?.backwards ?? false;
  const back = from && { ...from, backwards: !backwards, inclusive: !from.inclusive };
  const canGoBack = back !== null && (await readRows(request, way, back, 1)).length > 0;
  const start: Place | null = canGoBack ? (items.at(backwards ? -1 : 0) ?? back) : null;
  const [before, behind] = backwards ? [end, start] : [start, end];
  return {
    items: items.map(({ key: _key, place: _place, matches: _matches, ...item }) => item),
    previousCursor: before && encode(order, "before", before),
    nextCursor: behind && encode(order, "after", behind),
    unfinished,
    total: await countAll(request, way, before || behind ? null : items.length),
  };
}
