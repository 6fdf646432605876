import { blobStore, type BlobStore } from "@/lib/platform/blob-store";
import { preparedTransaction, prisma, query, statement, transaction } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import { enqueue } from "@/lib/platform/job-queue";
import { log } from "@/lib/platform/log";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { sourceImageKey, thumbnailKey } from "@/lib/domain/images";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { appendEntry } from "./receipt-chain";
import { sentenceOfStoreFailure, STILL_THERE } from "./store-failure";

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
/** How long a proof may wait for those of slower neighbours, to be marked with them. */
const MARK_MS = 1_000;

/** How long after it was verified a receipt is looked at once more. */
const SECOND_LOOK = "1 day";

const RECEIPT = `id, workspace_id as "workspaceId", item_type as "itemType", item_id as "itemId", item_name as "itemName", project_id as "projectId", prefixes,
  counted_at is not null as counted, emptied_at is not null as emptied, attempts`;

/**
 * Takes receipts that are due, by the database's clock. A project's waits until those of its versions are verified, and
 * those of images that were purged from it before: their files lie in its folder, and are counted once.
 * Nothing is locked while the files go: if the process dies, the claim runs out. $1: how long a write that began in time may
 * be on its way. Not named: a plan kept from when the table was small looked through all of it for each row, for minutes,
 * after a purge of 100,000 versions.
 */
const CLAIM = statement({
  text: `
update purge_receipts set next_attempt_at = now() + ${CLAIM_SECONDS} * interval '1 second', attempts = attempts + 1
where id in (
  select r.id from purge_receipts r
  where r.verified_at is null and r.rows_removed_at is not null and (r.next_attempt_at is null or r.next_attempt_at <= now())
    and (r.item_type <> 'PROJECT' or not exists (select 1 from purge_receipts c where c.parent_receipt_id = r.id and c.verified_at is null)
      and not exists (select 1 from purge_receipts c where c.project_id = r.project_id and c.item_type = 'IMAGES' and c.verified_at is null))
  order by r.next_attempt_at nulls first, r.id limit ${CLAIM_SIZE} for update skip locked)
returning ${RECEIPT}, coalesce(writers_until + $1 * interval '1 millisecond' > now(), false) as "writersMayBeAlive"`,
});

/**
 * The same for a second look; $1 for receipts that a person asks for, verified however lately. Nobody takes one that is
 * being looked at: what is found would be counted twice.
 */
const CLAIM_AGAIN = statement({
  text: `
update purge_receipts set next_attempt_at = now() + ${CLAIM_SECONDS} * interval '1 second'
where id in (
  select r.id from purge_receipts r
  where r.verified_at is not null and (r.next_attempt_at is null or r.next_attempt_at <= now()) and case when $1::text[] is null
    then r.looked_again_at is null and r.verified_at <= now() - interval '${SECOND_LOOK}' else r.id = any($1) end
  order by r.verified_at, r.id limit ${CLAIM_SIZE} for update skip locked)
returning ${RECEIPT}, false as "writersMayBeAlive"`,
});

interface ClaimedReceipt {
  id: string;
  workspaceId: string;
  itemType: ItemType;
  itemId: string;
  itemName: string;
  projectId: string;
  /** Everything under them was the item's; of images none, but their own files. */
  prefixes: string[];
  /** Its files were counted, before the first was removed. */
  counted: boolean;
  /** The store was seen empty: what is found now is late. */
  emptied: boolean;
  writersMayBeAlive: boolean;
  attempts: number;
}

/** Once, whoever is killed meanwhile: before the first file goes. The database's clock. */
const COUNTED = statement({
  name: "count-receipt",
  text: `
update purge_receipts set counted_at = now(), removed_files = removed_files + $2, removed_bytes = removed_bytes + $3
where id = $1 and counted_at is null`,
});

/** A set; locks, in the order of ids; the database's clock. Not named, as CLAIM. */
const VERIFIED = statement({
  text: `
update purge_receipts set verified_at = now(), counted_at = coalesce(counted_at, now()), emptied_at = coalesce(emptied_at, now()), last_error = null,
  next_attempt_at = null
where id in (select id from purge_receipts where id = any($1::text[]) and verified_at is null order by id for update)
returning id, workspace_id as "workspaceId"`,
});

/** The database's clock. */
const LATER = statement({
  name: "postpone-receipt",
  text: `
update purge_receipts set last_error = $2, emptied_at = case when $5::boolean then coalesce(emptied_at, now()) else emptied_at end,
  next_attempt_at = case when $3::int is null then greatest(writers_until + $4 * interval '1 millisecond', now()) else now() + $3::int * interval '1 second' end
where id = $1 and verified_at is null
returning ceil(extract(epoch from next_attempt_at - now()))::int as "waitSeconds"`,
});

/** The database's clock. */
const LOOKED_AGAIN = statement({
  name: "look-again-at-receipt",
  text: `update purge_receipts set looked_again_at = now(), next_attempt_at = null where id = $1 and verified_at is not null`,
});

/** The database's clock. */
const LATE = statement({
  name: "note-late-files",
  text: `update purge_receipts set late_files = late_files + $2, late_bytes = late_bytes + $3, late_at = now() where id = $1`,
});

export interface EraseCounts {
  verified: number;
  /** Tried, and to be tried again: the store failed, or a late writer may still be alive. */
  postponed: number;
}

/**
 * Removes the files of purged items and proves it: a receipt is verified once everything under its prefixes, or that it names, is gone, every
 * grant that there was at the purge is over, and a read-back finds nothing. Works until nothing is due or `signal` aborts,
 * between two receipts. A failing store postpones its receipt, with the reason on it, and keeps nobody else waiting.
 */
export async function eraseFiles(ctx: Context, signal: AbortSignal): Promise<EraseCounts> {
  authorizeSystem(ctx);
  const store = blobStore();
  const counts: EraseCounts = { verified: 0, postponed: 0 };
  while (!signal.aborted) {
    const claimed = await query<ClaimedReceipt>(CLAIM, [store.lateWritesMs]);
    if (claimed.length === 0) break;
    const proofs = new Proofs();
    const left = await eachReceipt(claimed, signal, async (receipt) => {
      if (await eraseOne(ctx, store, receipt)) proofs.add(receipt.id);
      else counts.postponed += 1;
    });
    counts.verified += await proofs.end();
    if (left.length > 0) await leave(left);
  }
  return counts;
}

/**
 * Receipts whose files are proved gone, marked as verified together: what is there after MARK_MS, and the rest at the end. Of
 * what is not marked when the process dies nothing is lost: it is looked at again once its claim has run out.
 */
class Proofs {
  #waiting: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #marking: Promise<number> = Promise.resolve(0);

  add(receiptId: string): void {
    this.#waiting.push(receiptId);
    this.#timer ??= setTimeout(() => this.#mark(), MARK_MS);
  }

  #mark(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const ids = this.#waiting.splice(0);
    this.#marking = this.#marking.then(async (before) => before + (await markVerified(ids)));
    this.#marking.catch(() => {}); // told by `end`
  }

  /** Marks the rest. Answers how many were marked in all; throws when some could not be. */
  async end(): Promise<number> {
    this.#mark();
    return this.#marking;
  }
}

/** One transaction, with one entry in the chain of each workspace. Answers how many were not verified before. */
async function markVerified(ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return 0;
  return preparedTransaction(async (tx) => {
    const marked = await tx.query<{ id: string; workspaceId: string }>(VERIFIED, [ids]);
    for (const workspaceId of [...new Set(marked.map((one) => one.workspaceId))].sort())
      await appendEntry(
        tx,
        workspaceId,
        "VERIFIED",
        marked.flatMap((one) => (one.workspaceId === workspaceId ? one.id : [])),
      );
    return marked.length;
  });
}

/** Some at once. Answers those that were not begun when `signal` aborted. */
async function eachReceipt(
  receipts: readonly ClaimedReceipt[],
  signal: AbortSignal,
  run: (receipt: ClaimedReceipt) => Promise<void>,
): Promise<string[]> {
  const queue = receipts.values();
  const left: string[] = [];
  await Promise.all(
    Array.from({ length: CONCURRENCY }, async () => {
      for (const receipt of queue) {
        if (signal.aborted) left.push(receipt.id);
        else await run(receipt);
      }
    }),
  );
  return left;
}

/** Gives back what was taken and not begun, for others to take at once. */
async function leave(ids: string[]): Promise<void> {
  await prisma().purgeReceipt.updateMany({
    where: { id: { in: ids }, verifiedAt: null },
    data: { nextAttemptAt: null, attempts: { decrement: 1 } },
  });
}

/** Answers whether its files are proved gone; else it is to be tried again. */
async function eraseOne(ctx: Context, store: BlobStore, receipt: ClaimedReceipt): Promise<boolean> {
  let problem: string | null = null;
  let empty = false;
  try {
    ({ empty } = await removeAll(ctx, store, receipt));
    if (empty && !receipt.writersMayBeAlive) return true;
    if (!empty) problem = STILL_THERE;
  } catch (error) {
    problem = sentenceOfStoreFailure(error);
    log().warn(
      { err: error, receiptId: receipt.id, attempts: receipt.attempts },
      "the store did not remove the files; trying again later",
    );
  }
  const backoffSeconds = problem === null ? null : Math.min(2 ** receipt.attempts, BACKOFF_SECONDS_MAX);
  await transaction(async (tx) => {
    const values = [receipt.id, problem, backoffSeconds, store.lateWritesMs, empty];
    const [row] = await tx.query<{ waitSeconds: number }>(LATER, values);
    if (row) await enqueue(tx, "erase-files", { startAfterSeconds: Math.max(row.waitSeconds, 1) });
  });
  return false;
}

/**
 * Takes what is under a receipt's prefixes, or the files that it names, out of everybody's reach, counts it and writes that down before the first file
 * goes, removes it, and reads back. What is found after the store had been empty is late, and said on the receipt.
 */
async function removeAll(
  ctx: Context,
  store: BlobStore,
  receipt: ClaimedReceipt,
): Promise<{ empty: boolean; late: FoundFiles }> {
  const sealed =
    receipt.itemType === "IMAGES"
      ? await store.sealFiles(receipt.id, await listPurgedFiles(receipt))
      : await store.seal(receipt.id, receipt.prefixes);
  let late: FoundFiles = { files: 0, bytes: 0 };
  if (receipt.emptied || !receipt.counted) {
    const found = await sealed.count();
    if (receipt.emptied) await noteLate(ctx, receipt, (late = found));
    else if (found.files > 0) await query(COUNTED, [receipt.id, found.files, found.bytes]);
  }
  await sealed.remove();
  return { empty: await sealed.isGone(), late };
}

/** Both files of each of the images that a receipt is for. */
async function listPurgedFiles({ id, projectId }: ClaimedReceipt): Promise<string[]> {
  const images = await prisma().purgedImage.findMany({ where: { receiptId: id }, select: { imageId: true } });
  return images.flatMap(({ imageId }) => [sourceImageKey(projectId, imageId), thumbnailKey(projectId, imageId)]);
}

interface FoundFiles {
  files: number;
  bytes: number;
}

async function noteLate(ctx: Context, receipt: ClaimedReceipt, late: FoundFiles): Promise<void> {
  if (late.files === 0) return;
  const { id, workspaceId, itemType, itemId, itemName, projectId } = receipt;
  log().warn({ receiptId: id, ...late }, "late files under a purged item");
  await transaction(async (tx) => {
    await tx.query(LATE, [id, late.files, late.bytes]);
    const target =
      itemType === "IMAGES"
        ? { targetType: "project" as const, targetId: projectId, targetName: itemName }
        : { targetType: itemType.toLowerCase() as "version", targetId: itemId, targetName: itemName };
    await recordAudit(tx, ctx, [
      { workspaceId, action: "files.swept", ...target, details: { ...late, receiptId: id } },
    ]);
    await appendEntry(tx, workspaceId, "LATE", [id]);
  });
}

// ── The second look ──────────────────────────────────────────────────────────────────────────────────────────────────

export interface SecondLook {
  /** Receipts that were looked at, to the end. */
  receipts: number;
  /** Those whose files could not be read or removed: they are looked at once more. */
  failed: number;
  /** What was found this time, and removed. */
  lateFiles: number;
  lateBytes: number;
}

/**
 * Reads back once more what was verified a day ago, until nothing is due or `signal` aborts. What is found is removed, and
 * said on the receipt. One that fails has its turn again once its claim has run out.
 */
export async function lookAgain(ctx: Context, signal: AbortSignal): Promise<SecondLook> {
  authorizeSystem(ctx);
  const look: SecondLook = { receipts: 0, failed: 0, lateFiles: 0, lateBytes: 0 };
  while (!signal.aborted) {
    const claimed = await query<ClaimedReceipt>(CLAIM_AGAIN, [null]);
    if (claimed.length === 0) break;
    await giveBack(await eachReceipt(claimed, signal, async (receipt) => void (await lookAgainAt(ctx, receipt, look))));
  }
  return look;
}

/**
 * The same now, for owners, for one receipt and, where it is a project's, those of its versions. Answers what was found
 * this time. Throws `not_found`; `busy` when one is not verified yet, is being looked at, or cannot be read at this moment.
 */
export async function lookAgainAtReceipt(
  ctx: Context,
  input: { workspaceSlug: string; receiptId: string },
): Promise<SecondLook> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const receipts = await prisma().purgeReceipt.findMany({
    where: { workspaceId, OR: [{ id: input.receiptId }, { parentReceiptId: input.receiptId }] },
    select: { id: true },
  });
  if (receipts.length === 0) throw new DomainError("not_found", "There is no such receipt.");
  const look: SecondLook = { receipts: 0, failed: 0, lateFiles: 0, lateBytes: 0 };
  const never = new AbortController().signal;
  for (let start = 0; start < receipts.length; start += CLAIM_SIZE) {
    const ids = receipts.slice(start, start + CLAIM_SIZE).map(({ id }) => id);
    const claimed = await query<ClaimedReceipt>(CLAIM_AGAIN, [ids]);
    const failed: string[] = [];
    await eachReceipt(claimed, never, async (receipt) => {
      if (!(await lookAgainAt(ctx, receipt, look))) failed.push(receipt.id);
    });
    await giveBack(failed); // whoever asked may ask again at once
  }
  if (look.receipts === receipts.length) return look;
  throw new DomainError("busy", "The store could not be read back just now. Try again in a moment.", {
    reason: "second_look",
  });
}

/** Adds to `look` what came of it. Answers whether the store was seen empty. */
async function lookAgainAt(ctx: Context, receipt: ClaimedReceipt, look: SecondLook): Promise<boolean> {
  try {
    const { empty, late } = await removeAll(ctx, blobStore(), { ...receipt, emptied: true });
    look.lateFiles += late.files;
    look.lateBytes += late.bytes;
    if (empty) await query(LOOKED_AGAIN, [receipt.id]);
    look[empty ? "receipts" : "failed"] += 1;
    return empty;
  } catch (error) {
    log().warn({ err: error, receiptId: receipt.id }, "a verified receipt could not be looked at again");
    look.failed += 1;
    return false;
  }
}

/** Ends the claims of a second look. */
async function giveBack(ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await prisma().purgeReceipt.updateMany({
    where: { id: { in: ids }, verifiedAt: { not: null } },
    data: { nextAttemptAt: null },
  });
}
