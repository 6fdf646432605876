import { query, statement, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { normalizeName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { readReceipts, type Receipt } from "./receipts";

/** Which receipts to list; all of them unless said. */
export interface ReceiptFilters {
  type?: ItemType | undefined;
  /** Verified: the store was read back and found empty. */
  state?: "verified" | "waiting" | undefined;
  /** Only of items whose name, or whose project's slug, holds this; case does not count. */
  search?: string | undefined;
  /** Purged at this instant or later. */
  from?: Date | undefined;
  /** Purged before this instant. */
  until?: Date | undefined;
}

export interface ReceiptPage {
  receipts: Receipt[];
  /** Give them back to read on; null at that end. */
  older: string | null;
  newer: string | null;
}

/** The most receipts one call answers. */
export const RECEIPT_PAGE_MAX = 1_000;

interface Place {
  purgedAt: Date;
  id: string;
}

/** Sorts before every receipt there can be: the newest are read from here. */
const NEWEST: Place = { purgedAt: new Date("9999-12-31T00:00:00Z"), id: "~" };

/**
 * hot: the same cost at any depth. One index scan in (purged_at, id), forwards or backwards, a search being a filter on it.
 * Planned at each call, since what one filter leaves is not what another leaves.
 */
export function receiptsStatement(
  filters: ReceiptFilters,
  direction: "older" | "newer",
): { statement: Statement; values: (value: { workspaceId: string; from: Place; limit: number }) => unknown[] } {
  const more: unknown[] = [];
  const parameter = (value: unknown) => `$${more.push(value) + 4}`;
  const conditions = [
    filters.type && `and r.item_type = ${parameter(filters.type)}::"ItemType"`,
    filters.state && `and r.verified_at is ${filters.state === "verified" ? "not null" : "null"}`,
    filters.from && `and r.purged_at >= ${parameter(filters.from)}::timestamptz`,
    filters.until && `and r.purged_at < ${parameter(filters.until)}::timestamptz`,
  ].filter((condition) => condition !== undefined);
  if (filters.search) {
    const search = `lower(${parameter(filters.search)}::text)`;
    conditions.push(`and (strpos(lower(r.item_name), ${search}) > 0 or strpos(r.project_slug, ${search}) > 0)`);
  }
  const order = direction === "older" ? "desc" : "asc";
  return {
    statement: statement({
      text: `
select r.id, r.purged_at as "purgedAt" from purge_receipts r
where r.workspace_id = $1 and (r.purged_at, r.id) ${direction === "older" ? "<" : ">"} ($2, $3) ${conditions.join(" ")}
order by r.purged_at ${order}, r.id ${order} limit $4`,
    }),
    values: ({ workspaceId, from, limit }) => [workspaceId, from.purgedAt, from.id, limit, ...more],
  };
}

const encodeCursor = ({ purgedAt, id }: Place): string =>
  Buffer.from(`${purgedAt.toISOString()} ${id}`).toString("base64url");

/** Four digits for the year: JavaScript knows years that PostgreSQL does not. */
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function decodeCursor(cursor: string): Place {
  const [instant, id] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const purgedAt = new Date(instant && INSTANT.test(instant) ? instant : "");
  if (!id || !/^[\w-]{1,100}$/.test(id) || Number.isNaN(purgedAt.getTime()))
    throw new DomainError(
      "invalid_input",
      "This cursor is not one that we gave. Leave it out to start from the newest receipt.",
      { field: "cursor" },
    );
  return { purgedAt, id };
}

/**
 * The receipts of a workspace, newest first, in pages by keyset in both directions: the same cost at any depth and size. A
 * search reads on until its page is full. `removed…` is what was found in the store, which may exceed what was expected. With
 * `towards: "newer"` the page before the cursor; where that is the first one, whole. Throws `invalid_input` for a cursor that
 * we never gave.
 */
export async function listReceipts(
  ctx: Context,
  input: {
    workspaceSlug: string;
    limit: number;
    cursor?: string | undefined;
    towards?: "older" | "newer" | undefined;
  } & ReceiptFilters,
): Promise<ReceiptPage> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const search = normalizeName(input.search ?? "");
  const filters: ReceiptFilters = { ...input, search: search === "" ? undefined : search };
  const limit = Math.min(input.limit, RECEIPT_PAGE_MAX);
  const from = input.cursor === undefined ? null : decodeCursor(input.cursor);
  if (from && input.towards === "newer") {
    const places = await readPlaces(workspaceId, filters, "newer", from, limit + 1);
    if (places.length > limit) {
      const page = places.slice(0, limit).reverse();
      return toPage(workspaceId, page, { older: true, newer: true });
    }
  }
  const start = input.towards === "newer" ? null : from;
  const places = await readPlaces(workspaceId, filters, "older", start ?? NEWEST, limit + 1);
  return toPage(workspaceId, places.slice(0, limit), { older: places.length > limit, newer: start !== null });
}

async function toPage(
  workspaceId: string,
  places: readonly Place[],
  more: { older: boolean; newer: boolean },
): Promise<ReceiptPage> {
  const [first, last] = [places[0], places.at(-1)];
  return {
    receipts: await readReceipts(
      workspaceId,
      places.map(({ id }) => id),
    ),
    older: more.older && last ? encodeCursor(last) : null,
    newer: more.newer && first ? encodeCursor(first) : null,
  };
}

async function readPlaces(
  workspaceId: string,
  filters: ReceiptFilters,
  direction: "older" | "newer",
  from: Place,
  limit: number,
): Promise<Place[]> {
  const { statement, values } = receiptsStatement(filters, direction);
  return query<Place>(statement, values({ workspaceId, from, limit }));
}

/** What is purged and not proved gone yet. */
export interface WaitingReceipts {
  /** Counted up to 10,000. */
  receipts: number;
  more: boolean;
  /** What the store has still to give back. */
  bytes: number;
  /** Of those, what the store failed at. */
  failing: { receipts: number; bytes: number; reason: string; nextAttemptAt: Date | null } | null;
}

const WAITING_MAX = 10_000;

/** hot: bounded, however many wait. */
const WAITING = statement({
  name: "receipts-waiting",
  text: `
select count(*)::int as receipts, coalesce(sum(bytes), 0)::float8 as bytes, count(last_error)::int as failing,
  coalesce(sum(bytes) filter (where last_error is not null), 0)::float8 as "failingBytes",
  (array_agg(last_error order by purged_at desc, id desc) filter (where last_error is not null))[1] as reason,
  min(next_attempt_at) filter (where last_error is not null) as "nextAttemptAt"
from (
  select id, purged_at, greatest(expected_bytes, removed_bytes) as bytes, last_error, next_attempt_at
  from purge_receipts where workspace_id = $1 and verified_at is null order by purged_at desc, id desc limit $2
) waiting`,
});

/** What a workspace's purges have not given back in the store yet, and what the store said where it failed. */
export async function summarizeWaiting(ctx: Context, input: { workspaceSlug: string }): Promise<WaitingReceipts> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const [row] = await query<{
    receipts: number;
    bytes: number;
    failing: number;
    failingBytes: number;
    reason: string | null;
    nextAttemptAt: Date | null;
  }>(WAITING, [workspaceId, WAITING_MAX]);
  const { receipts, bytes, failing, failingBytes, reason, nextAttemptAt } = row!;
  return {
    receipts,
    more: receipts === WAITING_MAX,
    bytes,
    failing: reason === null ? null : { receipts: failing, bytes: failingBytes, reason, nextAttemptAt },
  };
}
