import { prisma, query, sqlState, statement, transaction } from "@/lib/platform/db";
import type { TrashAct, TrashItemOutcome, TrashJobEnd } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { log } from "@/lib/platform/log";
import type { Context } from "@/lib/domain/context";
import { DomainError, isBusy, type ErrorCode, type ErrorDetails } from "@/lib/domain/errors";
import { personContext } from "@/lib/domain/people";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import type { Candidate } from "./due";
import { changedSince, groupNeighbours, purgeGroup, whyNotPurged } from "./purge";
import type { Claim } from "./purge-rows";
import { restoreItem, type TrashedRef } from "./restore";
import { forgetExpiredSelections, isAsSeen, readSelected, type SelectedItem } from "./selections";

/*
 * The working off of jobs. Whoever has a job's lease goes through its items in their order, some at a time, looks at each
 * again, and writes down what came of it. Every step may be repeated: an item that has its outcome is passed over, one
 * whose act was done and not written down is found done. So two that are at the same job, or two jobs at the same items,
 * harm nobody, and a process that dies leaves nothing but a lease that runs out. Leases are by the database's clock, since
 * they are about this process; the instant of an act is the database's too, anew for each step.
 */

const LEASE_MS = 30_000;
/** Items between two looks at whether to go on: at the lease, a cancel, the rights of whoever asked. */
const STEP = 25;
/** A job is kept for so long after its end. */
export const JOB_KEPT_DAYS = 90;
const FORGET_BATCH = 10;

/** A refusal as it is kept: what DomainError says. */
export interface Problem {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

interface ClaimedJob {
  id: string;
  workspaceSlug: string;
  workspaceId: string;
  selectionId: string;
  act: TrashAct;
  userId: string;
  note: string | null;
}

/** Locks; the database's clock. */
const CLAIM = statement({
  name: "claim-trash-job",
  text: `
with next as (
  select id from trash_jobs where ended_at is null and (lease_until is null or lease_until <= now()) and ($3::text is null or id = $3)
  order by created_at, id limit 1 for update skip locked
)
update trash_jobs j set lease_id = $1, lease_until = now() + $2 * interval '1 millisecond' from next, workspaces w
where j.id = next.id and w.id = j.workspace_id
returning j.id, j.workspace_id as "workspaceId", w.slug as "workspaceSlug", j.selection_id as "selectionId", j.act, j.user_id as "userId", j.note`,
});

/** The database's clock. */
const RENEW = statement({
  name: "renew-trash-job",
  text: `
update trash_jobs set lease_until = now() + $3 * interval '1 millisecond' where id = $1 and lease_id = $2 and ended_at is null
returning cancel_asked_at is not null as cancelled`,
});

const RELEASE = statement({
  name: "release-trash-job",
  text: `update trash_jobs set lease_id = null, lease_until = null where id = $1 and lease_id = $2 and ended_at is null returning id`,
});

/** The database's clock. */
const END = statement({
  name: "end-trash-job",
  text: `
update trash_jobs set ended_at = date_trunc('milliseconds', now()), "end" = $3::"TrashJobEnd", problem = $4::jsonb, lease_id = null, lease_until = null
where id = $1 and lease_id = $2 and ended_at is null`,
});

/** A set, by the whole key, with its figures on the job. An outcome is written once. Not named, as KEEP_HELD of selections.ts. */
const NOTE = statement({
  text: `
with written as (
  update trash_selection_items i set outcome = o.outcome, problem = o.problem
  from unnest($3::"ItemType"[], $4::timestamptz(3)[], $5::text[], $6::"TrashItemOutcome"[], $7::jsonb[]) o (type, seen_at, id, outcome, problem)
  where i.selection_id = $2 and i.item_type = o.type and i.deleted_at = o.seen_at and i.item_id = o.id and i.outcome is null
  returning i.outcome
)
update trash_jobs set done = done + (select count(*) from written where outcome = 'DONE'), "left" = "left" + (select count(*) from written where outcome = 'LEFT')
where id = $1`,
});

export interface JobCounts {
  /** Jobs that ended. */
  ended: number;
  /** Jobs that stopped half way: the database or this process gave way. They go on when their lease is over. */
  interrupted: number;
}

/**
 * Works off every job that nobody is at, oldest first, until there is none or `signal` aborts, between two steps; then
 * forgets jobs and selections that are too old.
 */
export async function runTrashJobs(ctx: Context, signal: AbortSignal): Promise<JobCounts> {
  authorizeSystem(ctx);
  const counts: JobCounts = { ended: 0, interrupted: 0 };
  while (!signal.aborted) {
    const leaseId = newId();
    const [job] = await query<ClaimedJob>(CLAIM, [leaseId, LEASE_MS, null]);
    if (!job) break;
    try {
      counts[(await workOff(job, leaseId, signal)) ? "ended" : "interrupted"] += 1;
    } catch (error) {
      counts.interrupted += 1;
      log().error({ err: error, jobId: job.id }, "a job on Trash was interrupted; it goes on when its lease is over");
    }
  }
  await forgetOldJobs(ctx, signal);
  await forgetExpiredSelections(ctx, signal);
  return counts;
}

/** Works off one job that was just asked for; what is left when `signal` aborts is a worker's. */
export async function workOffNow(jobId: string, signal: AbortSignal): Promise<void> {
  const leaseId = newId();
  const [job] = await query<ClaimedJob>(CLAIM, [leaseId, LEASE_MS, jobId]);
  if (job) await workOff(job, leaseId, signal);
}

/** Answers whether the job ended. One that stops before gives its lease back, and wakes a worker. */
async function workOff(job: ClaimedJob, leaseId: string, signal: AbortSignal): Promise<boolean> {
  const end = async (how: TrashJobEnd, problem: Problem | null = null): Promise<true> => {
    await query(END, [job.id, leaseId, how, problem && JSON.stringify(problem)]);
    return true;
  };
  for await (const page of readSelected(job.selectionId, STEP)) {
    const [lease] = await query<{ cancelled: boolean }>(RENEW, [job.id, leaseId, LEASE_MS]);
    if (!lease) return false; // another has it
    if (lease.cancelled) return end("CANCELLED");
    if (signal.aborted) {
      await transaction(async (tx) => {
        const [released] = await tx.query(RELEASE, [job.id, leaseId]);
        if (released) await enqueue(tx, "run-trash-jobs");
      });
      return false;
    }
    const waiting = page.filter(({ outcome }) => outcome === null);
    if (waiting.length === 0) continue;
    const ctx = await personContext(job.userId, job.id);
    const refusal = ctx ? refusalOf(ctx, job) : accountGone();
    if (!ctx || refusal) return end("REFUSED", refusal);
    await note(
      job,
      job.act === "PURGE" ? await purgeStep(ctx, job, waiting, signal) : await restoreStep(ctx, job, waiting),
    );
  }
  return end("FINISHED");
}

const accountGone = (): Problem =>
  toProblem(new DomainError("forbidden", "The account of whoever asked for this is gone."));

/** Why whoever asked for the job may not do it any more; null: they may. */
function refusalOf(ctx: Context, { act, workspaceSlug }: ClaimedJob): Problem | null {
  try {
    if (act === "PURGE") authorize(ctx, "purge", workspaceSlug);
    else {
      authorize(ctx, "update version", workspaceSlug);
      authorize(ctx, "update project", workspaceSlug);
    }
    return null;
  } catch (error) {
    if (error instanceof DomainError) return toProblem(error);
    throw error;
  }
}

const toProblem = ({ code, publicMessage, details }: DomainError): Problem => ({
  code,
  message: publicMessage,
  details,
});

interface Outcome {
  item: SelectedItem;
  outcome: TrashItemOutcome;
  problem: Problem | null;
}

const done = (item: SelectedItem): Outcome => ({ item, outcome: "DONE", problem: null });
const left = (item: SelectedItem, error: DomainError): Outcome => ({
  item,
  outcome: "LEFT",
  problem: toProblem(error),
});

async function note(job: ClaimedJob, outcomes: readonly Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  await query(NOTE, [
    job.id,
    job.selectionId,
    outcomes.map(({ item }) => item.type),
    outcomes.map(({ item }) => item.seenAt),
    outcomes.map(({ item }) => item.id),
    outcomes.map(({ outcome }) => outcome),
    outcomes.map(({ problem }) => problem && JSON.stringify(problem)),
  ]);
}

/** Somebody else held what it needs. */
const HELD_STATE = /^(55P03|40P01|40001|57014)$/;

/**
 * What keeps one item and no other, as a refusal. Throws what is the matter with the database itself: the job is
 * interrupted then, and no item is called left that was not looked at.
 */
function refusedItem(error: unknown, job: ClaimedJob, item: SelectedItem): DomainError {
  if (error instanceof DomainError) return error;
  if (HELD_STATE.test(sqlState(error) ?? ""))
    return new DomainError("busy", `Somebody else was at "${item.name}". It was left as it is; do it again.`);
  if (isBusy(error)) throw error;
  log().error({ err: error, jobId: job.id, type: item.type, itemId: item.id }, "an item of a job failed");
  return new DomainError(
    "internal",
    `"${item.name}" could not be dealt with because of an error of ours, which is in the log.`,
  );
}

// ── Restoring ────────────────────────────────────────────────────────────────────────────────────────────────────────

async function restoreStep(ctx: Context, job: ClaimedJob, items: readonly SelectedItem[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const item of items) {
    try {
      if (item.deletedAt && !isAsSeen(item)) throw changedSince(item.name);
      await restoreItem(ctx, { workspaceSlug: job.workspaceSlug, item: refOf(item) });
      outcomes.push(done(item));
    } catch (error) {
      outcomes.push(left(item, refusedItem(error, job, item)));
    }
  }
  return outcomes;
}

function refOf({ type, id, projectId, number }: SelectedItem): TrashedRef {
  switch (type) {
    case "PROJECT":
      return { type, projectId: id };
    case "VERSION":
      return { type, projectId, number: number! };
    case "TRAINING":
      return { type, trainingId: id };
    case "IMAGES":
      return { type, removalId: id };
  }
}

// ── Purging ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Neighbours go in one transaction; when that fails they go one by one, and only the one that fails is left. */
async function purgeStep(
  ctx: Context,
  job: ClaimedJob,
  items: readonly SelectedItem[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const gone = new Set<string>();
  const failed = new Map<string, DomainError>();
  const seen = new Map(items.map(({ id, seenAt }) => [id, seenAt]));
  const claim: Claim = { reason: "BY_HAND", now: ctx.now, seen, note: job.note };
  const candidates = items
    .filter(isAsSeen)
    .map(({ type, id }): Candidate => ({ type, id, workspaceId: job.workspaceId }));
  const itemOf = new Map(items.map((item) => [item.id, item]));
  async function attempt(group: readonly Candidate[]): Promise<void> {
    try {
      for (const id of await purgeGroup(ctx, group, claim, signal)) gone.add(id);
    } catch (error) {
      if (group.length > 1) for (const one of group) await attempt([one]);
      else failed.set(group[0]!.id, refusedItem(error, job, itemOf.get(group[0]!.id)!));
    }
  }
  for (const group of groupNeighbours(candidates)) await attempt(group);

  const outcomes: Outcome[] = [];
  for (const item of items) {
    const failure = failed.get(item.id);
    if (gone.has(item.id)) outcomes.push(done(item));
    else if (failure) outcomes.push(left(item, failure));
    else {
      const why = await whyNotPurged(job.workspaceId, { ...item, workspaceSlug: job.workspaceSlug }, item.seenAt);
      // a training that went with its version has no receipt of its own
      outcomes.push(why.code === "purged" || why.code === "not_found" ? done(item) : left(item, why));
    }
  }
  return outcomes;
}

// ── Forgetting ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Locks, passing over what another run is at; a set with what depends on it. */
const FORGET = statement({
  name: "forget-trash-jobs",
  text: `
with old as (
  select id, selection_id from trash_jobs where ended_at <= $1::timestamptz - interval '${JOB_KEPT_DAYS} days' order by ended_at limit ${FORGET_BATCH} for update skip locked
), jobs as (
  delete from trash_jobs where id in (select id from old) returning selection_id
)
select selection_id as id from jobs`,
});

/** Removes jobs, with what came of their items, that ended JOB_KEPT_DAYS ago or before: some at least, until `signal` aborts. */
async function forgetOldJobs(ctx: Context, signal: AbortSignal): Promise<number> {
  let forgotten = 0;
  for (;;) {
    const gone = await query<{ id: string }>(FORGET, [ctx.now]);
    // the selections of jobs that are gone expired long ago: should this be lost, they are forgotten as such
    await prisma().trashSelection.deleteMany({ where: { id: { in: gone.map(({ id }) => id) } } });
    forgotten += gone.length;
    if (gone.length < FORGET_BATCH || signal.aborted) return forgotten;
  }
}
