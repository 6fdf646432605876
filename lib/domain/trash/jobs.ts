import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import type { TrashAct, TrashItemOutcome, TrashJobEnd } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { normalizeName, parseNote } from "@/lib/domain/names";
import { allows, authorize } from "@/lib/domain/permissions";
import { workOffNow, type Problem } from "./job-work";
import { compare, type NamedItem } from "./preview";
import { freezeTrash, getSelection, readSelected, type SeenItem } from "./selections";

/*
 * Acts by hand on several items at once, and every purge by hand: a job on a frozen selection. Small ones are worked off
 * before the answer; the others by a worker, whatever becomes of the browser that asked. A job stays to be found, with
 * what came of each item, for JOB_KEPT_DAYS after its end.
 */

/** Up to so many items are worked off at once, while the person waits. */
export const SMALL = 20;
/** What the person waits for at most; the rest is a worker's. */
const PATIENCE_MS = 20_000;
const RESULTS_SIZE = 50;
const LIST_SIZE = 30;

export interface TrashJob {
  id: string;
  act: TrashAct;
  /** Why, in the words of whoever asked. */
  note: string | null;
  items: number;
  /** Restored or purged. */
  done: number;
  /** Left as they are, each with its reason. */
  left: number;
  userName: string;
  createdAt: Date;
  /** When somebody asked that it stop before the next item. */
  cancelAskedAt: Date | null;
  cancelledByName: string | null;
  endedAt: Date | null;
  /** How it ended; null while it goes on. */
  end: TrashJobEnd | null;
  /** Why it was refused, if it was. */
  problem: Problem | null;
  /** Whether the reader may stop it. */
  mayCancel: boolean;
}

/** What came of an item; `receiptId` where it was purged. */
export interface JobResult extends NamedItem {
  outcome: TrashItemOutcome;
  problem: Problem | null;
  receiptId: string | null;
}

const COLUMNS = {
  id: true,
  act: true,
  note: true,
  items: true,
  done: true,
  left: true,
  userId: true,
  userName: true,
  createdAt: true,
  cancelAskedAt: true,
  cancelledByName: true,
  endedAt: true,
  end: true,
  problem: true,
} satisfies Prisma.TrashJobSelect;

function present(
  ctx: Context,
  workspaceSlug: string,
  { userId, ...row }: Prisma.TrashJobGetPayload<{ select: typeof COLUMNS }>,
): TrashJob {
  return {
    ...row,
    problem: row.problem as Problem | null,
    mayCancel: row.endedAt === null && mayCancel(ctx, workspaceSlug, { userId }),
  };
}

/** Whoever asked for it, and every owner. */
const mayCancel = (ctx: Context, workspaceSlug: string, { userId }: { userId: string }): boolean =>
  allows(ctx, "update version", workspaceSlug) &&
  (personId(ctx.actor) === userId || allows(ctx, "purge", workspaceSlug));

// ── Asking for one ───────────────────────────────────────────────────────────────────────────────────────────────────

/** A number as a person typed it: "12", also in the full-width digits of a Japanese keyboard. */
const confirmsCount = (typed: string, count: number): boolean => typed.normalize("NFKC").trim() === String(count);

/** The name of the one, as it was seen, or the number of the many. */
async function assertConfirmed(selection: { id: string; items: number }, typed: string): Promise<void> {
  const { id, items } = selection;
  if (items === 1) {
    for await (const [one] of readSelected(id, 1)) {
      if (normalizeName(typed) === normalizeName(one!.name)) return;
      const { name } = one!;
      throw new DomainError("name_mismatch", `This is not its name. Type "${name}" exactly to delete it permanently.`, {
        name,
      });
    }
  }
  if (confirmsCount(typed, items)) return;
  throw new DomainError("name_mismatch", `Type ${items}, the number of items, to delete them permanently.`, {
    items,
    field: "items",
  });
}

/**
 * Purges what a preview showed, for owners; by no API key, ever. `confirm` is what the person typed: of one item its name,
 * of several their number; else nothing happens: `name_mismatch`. Nothing happens either once anything of what was shown
 * is not so any more: `stale_selection`, with the number of changes. Asked twice, it is the same job.
 */
export async function startPurge(
  ctx: Context,
  input: { workspaceSlug: string; previewId: string; confirm: string; note?: string | undefined },
): Promise<TrashJob> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const note = parseNote(input.note);
  const selection = await getSelection(ctx, workspaceId, input.previewId);
  const begun = await findJobOf(selection.id);
  if (begun) return getTrashJob(ctx, { workspaceSlug: input.workspaceSlug, jobId: begun });
  await assertConfirmed(selection, input.confirm);
  const changes = await compare(selection.id);
  if (changes.count > 0)
    throw new DomainError(
      "stale_selection",
      "Trash has changed since you looked. Nothing was deleted; look at what changed and confirm again.",
      { reason: "changed", changes: changes.count },
    );
  return start(ctx, input.workspaceSlug, { act: "PURGE", selection, note });
}

/**
 * Restores chosen items, or a selection that was frozen before, projects first. What cannot be restored keeps no other,
 * and so does what is in Trash by another delete than the one seen. Throws `stale_selection`.
 */
export async function startRestore(
  ctx: Context,
  input: { workspaceSlug: string } & ({ items: readonly SeenItem[] } | { selectionId: string }),
): Promise<TrashJob> {
  const { workspaceSlug } = input;
  const { workspaceId } = authorize(ctx, "update version", workspaceSlug);
  authorize(ctx, "update project", workspaceSlug);
  const selection =
    "selectionId" in input
      ? await getSelection(ctx, workspaceId, input.selectionId)
      : await freezeTrash(ctx, { workspaceSlug, set: { items: input.items } });
  const begun = await findJobOf(selection.id);
  if (begun) return getTrashJob(ctx, { workspaceSlug, jobId: begun });
  return start(ctx, workspaceSlug, { act: "RESTORE", selection, note: null });
}

async function findJobOf(selectionId: string): Promise<string | null> {
  const job = await prisma().trashJob.findUnique({ where: { selectionId }, select: { id: true } });
  return job?.id ?? null;
}

async function start(
  ctx: Context,
  workspaceSlug: string,
  { act, selection, note }: { act: TrashAct; selection: { id: string; items: number }; note: string | null },
): Promise<TrashJob> {
  const { workspaceId } = authorize(ctx, "update version", workspaceSlug);
  const id = newId();
  const userName = ctx.actor.type === "SYSTEM" ? ctx.actor.job : ctx.actor.name;
  const { items } = selection;
  const large = items > SMALL;
  // A double click: the first one has it, and is at it.
  await refuseDuplicate("This is being done already. Look at the activity of Trash.", () =>
    transaction(async (tx) => {
      await tx.trashJob.create({
        data: {
          id,
          workspaceId,
          selectionId: selection.id,
          act,
          userId: personId(ctx.actor),
          userName,
          note,
          items,
          createdAt: ctx.now,
        },
      });
      if (!large) return;
      await recordAudit(tx, ctx, [jobEvent(workspaceId, "trash_job.started", { id, act, items, note })]);
      await enqueue(tx, "run-trash-jobs");
    }),
  );
  if (!large) await workOffNow(id, AbortSignal.timeout(PATIENCE_MS));
  return getTrashJob(ctx, { workspaceSlug, jobId: id });
}

const jobEvent = (
  workspaceId: string,
  action: "trash_job.started" | "trash_job.cancelled",
  { id, act, items, note }: { id: string; act: TrashAct; items: number; note: string | null },
) =>
  ({
    workspaceId,
    action,
    targetType: "trash_job",
    targetId: id,
    targetName: "",
    details: { act, items, ...(note === null ? {} : { note }) },
  }) as const;

/**
 * Asks a job to stop before its next item: what is done is done, the rest is untouched. For whoever asked for it, and for
 * owners. Of one that is over, or was asked before, nothing changes. Throws `not_found`.
 */
export async function cancelTrashJob(ctx: Context, ref: { workspaceSlug: string; jobId: string }): Promise<TrashJob> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const job = await findRow(workspaceId, ref.jobId);
  if (!mayCancel(ctx, ref.workspaceSlug, job))
    throw new DomainError("forbidden", "Only whoever began this, or an owner, can stop it.");
  await transaction(async (tx) => {
    const { count } = await tx.trashJob.updateMany({
      where: { id: job.id, endedAt: null, cancelAskedAt: null },
      data: { cancelAskedAt: ctx.now, cancelledByName: ctx.actor.type === "SYSTEM" ? ctx.actor.job : ctx.actor.name },
    });
    if (count === 1) await recordAudit(tx, ctx, [jobEvent(workspaceId, "trash_job.cancelled", job)]);
  });
  return getTrashJob(ctx, ref);
}

// ── Looking at them ──────────────────────────────────────────────────────────────────────────────────────────────────

async function findRow(workspaceId: string, id: string) {
  const row = await prisma().trashJob.findFirst({ where: { id, workspaceId }, select: COLUMNS });
  if (!row) throw new DomainError("not_found", "There is no such act on Trash. It may be too old to be kept.");
  return row;
}

/** How far a job is, for members. Throws `not_found`. */
export async function getTrashJob(ctx: Context, ref: { workspaceSlug: string; jobId: string }): Promise<TrashJob> {
  const { workspaceId } = authorize(ctx, "read trash", ref.workspaceSlug);
  return present(ctx, ref.workspaceSlug, await findRow(workspaceId, ref.jobId));
}

/** Newest first, by keyset: `before` is the last id of the page before, which are in the order of time. */
export async function listTrashJobs(
  ctx: Context,
  input: { workspaceSlug: string; before?: string | undefined },
): Promise<{ jobs: TrashJob[]; next: string | null }> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const before = input.before === undefined ? null : await findRow(workspaceId, input.before);
  const rows = await prisma().trashJob.findMany({
    where: {
      workspaceId,
      ...(before && {
        OR: [{ createdAt: { lt: before.createdAt } }, { createdAt: before.createdAt, id: { lt: before.id } }],
      }),
    },
    orderBy: [{ createdAt: "desc" }, { id: "desc" }],
    take: LIST_SIZE + 1,
    select: COLUMNS,
  });
  const jobs = rows.slice(0, LIST_SIZE).map((row) => present(ctx, input.workspaceSlug, row));
  return { jobs, next: rows.length > LIST_SIZE ? jobs.at(-1)!.id : null };
}

/** What is under way in a workspace, oldest first, for the page of Trash. */
export async function listOpenJobs(ctx: Context, workspaceSlug: string): Promise<TrashJob[]> {
  const { workspaceId } = authorize(ctx, "read trash", workspaceSlug);
  const rows = await prisma().trashJob.findMany({
    where: { workspaceId, endedAt: null },
    orderBy: [{ createdAt: "asc" }, { id: "asc" }],
    take: 10,
    select: COLUMNS,
  });
  return rows.map((row) => present(ctx, workspaceSlug, row));
}

/** A page of many thousands: the key is its order, those of one outcome have an index. */
const results = (only: TrashItemOutcome | null) =>
  statement({
    name: `job-results-${only?.toLowerCase() ?? "all"}`,
    text: `
select i.item_type as type, i.item_id as id, i.name, i.project_name as "projectName", i.version_number as number, i.training_number as "trainingNumber", i.images,
  i.outcome, i.problem, i.deleted_at as "seenAt", r.id as "receiptId"
from trash_jobs j join trash_selection_items i on i.selection_id = j.selection_id
left join purge_receipts r on j.act = 'PURGE' and r.item_type = i.item_type and r.item_id = i.item_id
where j.id = $1 and j.workspace_id = $2 and i.outcome ${only === null ? "is not null" : `= '${only}'`} and (i.item_type, i.deleted_at, i.item_id) > ($3::"ItemType", $4, $5)
order by i.item_type, i.deleted_at, i.item_id limit ${RESULTS_SIZE + 1}`,
  });

const RESULTS = { all: results(null), LEFT: results("LEFT") };

type ResultRow = JobResult & { seenAt: Date };

/** Before every item there can be: the first of the types, and of time. */
const BEGINNING = ["PROJECT", new Date(0), ""] as const;

const encode = ({ type, seenAt, id }: ResultRow): string => [type, seenAt.getTime(), id].join("_");

const CURSOR = new RegExp(`^(${ITEM_TYPES.join("|")})_(\\d{1,15})_([\\w-]{1,64})$`);

function decode(cursor: string): readonly [string, Date, string] {
  const [, type, at, id] = CURSOR.exec(cursor) ?? [];
  if (type === undefined || id === undefined)
    throw new DomainError("invalid_input", "This page does not exist. Start from the first one.", { field: "cursor" });
  return [type, new Date(Number(at)), id];
}

/** What came of the items so far, in the order in which they are worked off; with `left` only those that were left. */
export async function listJobResults(
  ctx: Context,
  input: { workspaceSlug: string; jobId: string; left?: boolean; cursor?: string | undefined },
): Promise<{ results: JobResult[]; next: string | null }> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const from = input.cursor === undefined ? BEGINNING : decode(input.cursor);
  const rows = await query<ResultRow>(RESULTS[input.left ? "LEFT" : "all"], [input.jobId, workspaceId, ...from]);
  const page = rows.slice(0, RESULTS_SIZE);
  return {
    results: page.map(({ seenAt: _seenAt, ...result }) => result),
    next: rows.length > RESULTS_SIZE ? encode(page.at(-1)!) : null,
  };
}
