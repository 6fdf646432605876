import { blobStore, type BlobStore } from "@/lib/platform/blob-store";
import { prisma, query, statement, transaction, type Transaction } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import { log } from "@/lib/platform/log";
import type { Context } from "@/lib/domain/context";
import { authorizeSystem } from "@/lib/domain/permissions";

/*
 * The removal of the files that receipts promise. The unverified receipt is the truth, a queued job only
 * the wake-up: whoever runs `eraseFiles` next goes on where the last one stopped. There is no last try. Claims, waits and
 * the instant of the proof are the database's own clock, since they are about this process and the store, not the rules.
 */

/** How long one process may work on the receipts it took before another may take them too. */
const CLAIM_SECONDS = 120;
const CLAIM_SIZE = 50;
const CONCURRENCY = 8;
const BACKOFF_SECONDS_MAX = 300;

/**
 * Takes receipts that are due, by the database's clock. A project's waits until those of its versions are verified.
 * Nothing is locked while the files go: if the process dies, the claim runs out. Not named: a plan kept from when the
 * table was small looked through all of it for each row, for minutes, after a purge of 100,000 versions.
 */
const CLAIM = statement({
  text: `
update purge_receipts set next_attempt_at = now() + ${CLAIM_SECONDS} * interval '1 second', attempts = attempts + 1
where id in (
  select r.id from purge_receipts r
  where r.verified_at is null and r.rows_removed_at is not null and (r.next_attempt_at is null or r.next_attempt_at <= now())
    and (r.item_type <> 'PROJECT' or not exists (select 1 from purge_receipts c where c.parent_receipt_id = r.id and c.verified_at is null))
  order by r.next_attempt_at nulls first, r.id limit ${CLAIM_SIZE} for update skip locked)
returning id, prefixes, writers_until > now() as "writersMayBeAlive", attempts`,
});

interface ClaimedReceipt {
  id: string;
  prefixes: string[];
  writersMayBeAlive: boolean | null;
  attempts: number;
}

/** The database's clock. */
const VERIFIED = statement({
  name: "verify-receipt",
  text: `
update purge_receipts set verified_at = now(), removed_files = removed_files + $2, removed_bytes = removed_bytes + $3, last_error = null
where id = $1 and verified_at is null`,
});

/** The database's clock. */
const LATER = statement({
  name: "postpone-receipt",
  text: `
update purge_receipts set removed_files = removed_files + $2, removed_bytes = removed_bytes + $3, last_error = $4,
  next_attempt_at = case when $5::int is null then greatest(writers_until, now()) else now() + $5::int * interval '1 second' end
where id = $1 and verified_at is null
returning ceil(extract(epoch from next_attempt_at - now()))::int as "waitSeconds"`,
});

export interface EraseCounts {
  verified: number;
  /** Tried, and to be tried again: the store failed, or a late writer may still be alive. */
  postponed: number;
}

/**
 * Removes the files of purged items and proves it: a receipt is verified once everything under its prefixes is gone, no
 * writer that had a lease at the purge can still be alive, and a read-back finds nothing. Works until nothing is due or
 * `signal` aborts, between two receipts. A failing store postpones its receipt, with the reason on it, and keeps nobody else waiting.
 */
export async function eraseFiles(ctx: Context, signal: AbortSignal): Promise<EraseCounts> {
  authorizeSystem(ctx);
  const store = blobStore();
  const counts: EraseCounts = { verified: 0, postponed: 0 };
  while (!signal.aborted) {
    const claimed = await query<ClaimedReceipt>(CLAIM, []);
    if (claimed.length === 0) break;
    const queue = claimed.values();
    const left: string[] = [];
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        for (const receipt of queue) {
          if (signal.aborted) left.push(receipt.id);
          else counts[(await eraseOne(store, receipt)) ? "verified" : "postponed"] += 1;
        }
      }),
    );
    if (left.length > 0) await leave(left);
  }
  return counts;
}

/** Gives back what was taken and not begun, for others to take at once. */
async function leave(ids: string[]): Promise<void> {
  await prisma().purgeReceipt.updateMany({
    where: { id: { in: ids }, verifiedAt: null },
    data: { nextAttemptAt: null, attempts: { decrement: 1 } },
  });
}

async function eraseOne(store: BlobStore, receipt: ClaimedReceipt): Promise<boolean> {
  const removed = { files: 0, bytes: 0 };
  let problem: string | null = null;
  try {
    for (const prefix of receipt.prefixes) {
      const gone = await store.removePrefix(prefix, { last: [`${prefix}manifest.json`] });
      removed.files += gone.files;
      removed.bytes += gone.bytes;
    }
    if (receipt.writersMayBeAlive) problem = null;
    else if (await isEmpty(store, receipt.prefixes)) {
      await query(VERIFIED, [receipt.id, removed.files, removed.bytes]);
      return true;
    } else problem = "A read-back still found files; removing them again.";
  } catch (error) {
    // Members read this; the log has the rest, paths and hosts included.
    problem = `The store did not remove the files (${(error as NodeJS.ErrnoException).code ?? (error as Error).name}). Trying again.`;
    log().warn(
      { err: error, receiptId: receipt.id, attempts: receipt.attempts },
      "the store did not remove the files; trying again later",
    );
  }
  const backoffSeconds = problem === null ? null : Math.min(2 ** receipt.attempts, BACKOFF_SECONDS_MAX);
  await transaction((tx) => postpone(tx, receipt.id, removed, problem, backoffSeconds));
  return false;
}

async function postpone(
  tx: Transaction,
  receiptId: string,
  removed: { files: number; bytes: number },
  problem: string | null,
  backoffSeconds: number | null,
): Promise<void> {
  const [row] = await tx.query<{ waitSeconds: number }>(LATER, [
    receiptId,
    removed.files,
    removed.bytes,
    problem,
    backoffSeconds,
  ]);
  if (row) await enqueue(tx, "erase-files", { startAfterSeconds: Math.max(row.waitSeconds, 1) });
}

async function isEmpty(store: BlobStore, prefixes: readonly string[]): Promise<boolean> {
  for (const prefix of prefixes) for await (const _found of store.list(prefix)) return false;
  return true;
}
