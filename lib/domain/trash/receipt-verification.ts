import { createHash } from "node:crypto";
import { prisma, query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { authorize } from "@/lib/domain/permissions";
import { FACTS, NOTHING_BEFORE } from "./receipt-chain";
import { readSignedHead } from "./receipt-heads";

/*
 * Whether receipts are what they were. The chain is walked from its first entry to its last, then each receipt is held against
 * its last entry; both in pages, so that memory does not grow with them, and on a running system.
 */

export interface ChainProblem {
  /**
   * An entry: `entry_altered`, `entry_missing`, `entry_misplaced` (it does not follow the one before it). The end:
   * `cut_off` (entries that there were are gone). A receipt: `receipt_altered`, `receipt_removed`, `receipt_inserted` (no entry tells
   * of it), `receipt_unlisted` (the list of where to look for it lacks an entry).
   */
  kind:
    | "entry_altered"
    | "entry_missing"
    | "entry_misplaced"
    | "cut_off"
    | "receipt_altered"
    | "receipt_removed"
    | "receipt_inserted"
    | "receipt_unlisted";
  /** The entry, or the last one that tells of the receipt; null where there is none. */
  entry: number | null;
  receiptId: string | null;
  /** The item's name on the receipt; of one that was removed, as its entry has it. */
  itemName: string | null;
  /** Which facts are not what the entry says. */
  fields: string[];
}

export interface ReceiptVerification {
  ok: boolean;
  entries: number;
  receipts: number;
  /** The last entry that was read; null when there is none. */
  head: { number: number; hash: string } | null;
  problems: ChainProblem[];
  /** There may be more: it stopped after so many. */
  more: boolean;
}

const PROBLEMS_MAX = 100;
const ENTRIES_A_PAGE = 5;
const RECEIPTS_A_PAGE = 1_000;

/** Of entries read back: which receipts are not there, and which are not in the list of where to look. */
const MISSED = statement({
  text: `
select s.number, s.id, s.name, r.id is null as gone
from unnest($2::int[], $3::text[], $4::text[]) as s(number, id, name)
left join purge_receipts r on r.id = s.id and r.workspace_id = $1
left join receipt_entry_items i on i.receipt_id = s.id and i.number = s.number
where r.id is null or i.number is null order by s.number, s.id`,
});

/**
 * hot: all receipts, a page at a time, each beside what its last entry says of it; both in one snapshot, so that what
 * changes meanwhile changes in both. $5: entries whose text cannot be read.
 */
const COMPARED = statement({
  text: `
with page as materialized (
  select r.id, r.item_name, r.purged_at, (${FACTS})::jsonb as facts,
    (select max(i.number) from receipt_entry_items i where i.receipt_id = r.id) as number
  from purge_receipts r where r.workspace_id = $1 and (r.purged_at, r.id) < ($2, $3) order by r.purged_at desc, r.id desc limit $4
), said as materialized (
  select e.number, f.facts->>'id' as id, f.facts
  from receipt_entries e cross join lateral jsonb_array_elements(e.text::jsonb->'receipts') f(facts)
  where e.workspace_id = $1 and e.number in (select number from page) and e.number <> all($5::int[])
)
select page.id, page.item_name as "itemName", page.purged_at as "purgedAt", page.number, said.facts is not null as told,
  coalesce(page.facts @> said.facts, false) as same,
  case when not page.facts @> said.facts then page.facts end as facts, case when not page.facts @> said.facts then said.facts end as said
from page left join said using (number, id) order by page.purged_at desc, page.id desc`,
});

interface Compared {
  id: string;
  itemName: string;
  purgedAt: Date;
  number: number | null;
  told: boolean;
  same: boolean;
  facts: Record<string, unknown> | null;
  said: Record<string, unknown> | null;
}

type Entry = Awaited<ReturnType<typeof readEntries>>[number];

const readEntries = (workspaceId: string, after: number) =>
  prisma().receiptEntry.findMany({
    where: { workspaceId, number: { gt: after } },
    orderBy: { number: "asc" },
    take: ENTRIES_A_PAGE,
    select: { number: true, kind: true, text: true, previousHash: true, hash: true },
  });

/**
 * Reads the chain and every receipt, and says what is not as it was written: an entry or a receipt that was altered,
 * removed or put in between, and an end that was cut off. With `head`, a signed one from the log or a download, the chain must still contain
 * it: whoever can write in the database can make all of it anew, but not that. Throws `invalid_input` for a `head` that we
 * never signed.
 */
export async function verifyReceipts(
  ctx: Context,
  input: { workspaceSlug: string; head?: string | undefined },
): Promise<ReceiptVerification> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const wanted = input.head === undefined ? null : readSignedHead(workspaceId, input.head);
  const found = new Problems();
  const { entries, head, unreadable } = await walk(workspaceId, found);
  if (wanted) await lookFor(workspaceId, wanted, found);
  const receipts = await compare(workspaceId, unreadable, found);
  const { list, more } = found;
  return { ok: list.length === 0, entries, receipts, head, problems: list, more };
}

/** The first ones, each once. */
class Problems {
  readonly list: ChainProblem[] = [];
  more = false;
  #removed = new Set<string>();

  add(problem: Pick<ChainProblem, "kind"> & Partial<ChainProblem>): void {
    const { kind, receiptId = null } = problem;
    if (kind === "receipt_removed" && receiptId !== null) {
      if (this.#removed.has(receiptId)) return;
      if (this.#removed.size < PROBLEMS_MAX) this.#removed.add(receiptId);
    }
    if (this.list.length < PROBLEMS_MAX)
      this.list.push({ entry: null, itemName: null, fields: [], ...problem, receiptId });
    else this.more = true;
  }
}

/** Every entry: its number, its place after the one before, its text, and that what it tells of is there. */
async function walk(workspaceId: string, found: Problems) {
  let last = null as { number: number; hash: string } | null;
  let entries = 0;
  const unreadable: number[] = [];
  for (;;) {
    const page = await readEntries(workspaceId, last?.number ?? -1);
    if (page.length === 0) {
      const head = await prisma().receiptHead.findUnique({ where: { workspaceId } });
      // Nothing was appended since: the last entry and the head are one.
      const moved = await prisma().receiptEntry.findFirst({
        where: { workspaceId, number: { gt: last?.number ?? -1 } },
      });
      if (moved) continue;
      if (head?.number !== last?.number || head?.hash !== last?.hash)
        found.add({ kind: "cut_off", entry: head?.number ?? null });
      return { entries, head: last, unreadable };
    }
    const told: { number: number; id: string; name: string }[] = [];
    for (const entry of page) {
      const first = last === null && entry.number <= 1;
      if (!first && entry.number !== (last?.number ?? 0) + 1)
        found.add({ kind: "entry_missing", entry: (last?.number ?? 0) + 1 });
      else if (entry.previousHash !== (last?.hash ?? NOTHING_BEFORE))
        found.add({ kind: "entry_misplaced", entry: entry.number });
      const receipts = readText(workspaceId, entry);
      if (receipts === null) unreadable.push(entry.number);
      if (receipts === null || hashOf(entry) !== entry.hash) found.add({ kind: "entry_altered", entry: entry.number });
      told.push(...(receipts ?? []).map(({ id, itemName }) => ({ number: entry.number, id, name: itemName })));
      last = { number: entry.number, hash: entry.hash };
      entries += 1;
    }
    const missed = await query<{ number: number; id: string; name: string; gone: boolean }>(MISSED, [
      workspaceId,
      told.map(({ number }) => number),
      told.map(({ id }) => id),
      told.map(({ name }) => name),
    ]);
    for (const { number, id, name, gone } of missed)
      found.add({ kind: gone ? "receipt_removed" : "receipt_unlisted", entry: number, receiptId: id, itemName: name });
  }
}

const hashOf = ({ previousHash, number, text }: Entry): string =>
  createHash("sha256").update(`${previousHash}\n${number}\n${text}`).digest("hex");

/** The receipts that an entry tells of; null when it is no entry of this workspace and kind. */
function readText(workspaceId: string, { kind, text }: Entry): { id: string; itemName: string }[] | null {
  try {
    const said = JSON.parse(text) as { kind?: unknown; workspace?: unknown; receipts?: unknown };
    if (said.kind !== kind || said.workspace !== workspaceId || !Array.isArray(said.receipts)) return null;
    return said.receipts.map(({ id, itemName }: { id: unknown; itemName: unknown }) => ({
      id: String(id),
      itemName: String(itemName),
    }));
  } catch {
    return null;
  }
}

async function lookFor(workspaceId: string, wanted: { number: number; hash: string }, found: Problems): Promise<void> {
  const entry = await prisma().receiptEntry.findUnique({
    where: { workspaceId_number: { workspaceId, number: wanted.number } },
    select: { hash: true },
  });
  if (entry?.hash !== wanted.hash) found.add({ kind: "cut_off", entry: wanted.number });
}

/** Every receipt against its last entry. Answers how many there are. */
async function compare(workspaceId: string, unreadable: number[], found: Problems): Promise<number> {
  let receipts = 0;
  let after = { purgedAt: new Date("9999-12-31T00:00:00Z"), id: "~" };
  for (;;) {
    const page = await query<Compared>(COMPARED, [workspaceId, after.purgedAt, after.id, RECEIPTS_A_PAGE, unreadable]);
    if (page.length === 0) return receipts;
    for (const { id, itemName, number, told, same, facts, said } of page) {
      const where = { entry: number, receiptId: id, itemName };
      if (same || (number !== null && unreadable.includes(number))) continue;
      if (!told) found.add({ kind: "receipt_inserted", ...where });
      else found.add({ kind: "receipt_altered", ...where, fields: differing(said ?? {}, facts ?? {}) });
    }
    receipts += page.length;
    after = page.at(-1)!;
  }
}

const differing = (said: Record<string, unknown>, facts: Record<string, unknown>): string[] =>
  Object.keys(said)
    .filter((name) => said[name] !== facts[name])
    .sort();
