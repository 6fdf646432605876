import { prisma, query, statement, transaction, type Transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import type { PurgeMode, RunBy } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { log } from "@/lib/platform/log";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { authorizeSystem } from "@/lib/domain/permissions";
import { nameItems, type Candidate, type ItemName } from "./due";
import type { EraseCounts } from "./erase";
import { explainFailure, type FailureReason } from "./purge-failure";

/*
 * The record of scheduled runs: that there was one, what it did, and why not. A row is there from the run's beginning, so
 * that one whose process was killed is seen too.
 */

/** Failures kept of each run in each workspace. */
const FAILURES_MAX = 20;

export interface PurgeCounts {
  /** Items purged: a project counts once, the versions in it do not count again. */
  purged: number;
  /** Due when read, but restored, purged or held by somebody else when locked; also what lies in a workspace that is held. */
  skipped: number;
  /** Could not be purged because of an error, which is in the log. */
  failed: number;
  /** Still due at the end of the run, projects whose purge has begun among them; counted up to 10,000. */
  remaining: number;
}

/** What a run did in one workspace. */
export interface WorkspaceTally {
  purged: number;
  skipped: number;
  failed: number;
  /** What a run that only reports would have purged. */
  due: number;
  /** The first of those that failed. */
  failures: (Pick<Candidate, "type" | "id"> & FailureReason)[];
}

/** A run under way, filled by whoever does its work. */
export interface OpenRun {
  readonly mode: PurgeMode;
  readonly workspaces: Map<string, WorkspaceTally>;
  counts: PurgeCounts | null;
  /** null: the run left the files to others. */
  files: EraseCounts | null;
}

export const openRun = (mode: PurgeMode): OpenRun => ({ mode, workspaces: new Map(), counts: null, files: null });

export function tallyOf({ workspaces }: OpenRun, workspaceId: string): WorkspaceTally {
  const tally = workspaces.get(workspaceId) ?? { purged: 0, skipped: 0, failed: 0, due: 0, failures: [] };
  workspaces.set(workspaceId, tally);
  return tally;
}

/** Notes an item that failed, among the first ones of its workspace. */
export function noteFailure(run: OpenRun, { type, id, workspaceId }: Candidate, error: unknown): void {
  const { failures } = tallyOf(run, workspaceId);
  if (failures.length < FAILURES_MAX) failures.push({ type, id, ...explainFailure(error) });
}

/** How many items a run that only reports would have purged. */
export const dueIn = ({ workspaces }: OpenRun): number =>
  [...workspaces.values()].reduce((sum, { due }) => sum + due, 0);

/** How long a run's record is kept. */
const KEPT_DAYS = 90;
const FORGET_BATCH = 1_000;

/** An item that a run failed to purge, as its record keeps it. */
export type FailedItem = WorkspaceTally["failures"][number] & Partial<ItemName>;

/** The database's clock, whatever instant the run is for. $4: how long ago it began, in milliseconds. */
const RECORD = statement({
  name: "record-scheduled-run",
  text: `
insert into scheduled_runs (id, started_by, mode, started_at, ended_at, purged, skipped, failed, remaining, due, verified, postponed, reason, detail)
values ($1, $2::"RunBy", $3::"PurgeMode", now() - $4::float8 * interval '1 millisecond', case when $5::boolean then now() end,
  $6::int, $7::int, $8::int, $9::int, $10::int, $11::int, $12::int, $13::text, $14::text)
on conflict (id) do update set ended_at = excluded.ended_at, purged = excluded.purged, skipped = excluded.skipped, failed = excluded.failed,
  remaining = excluded.remaining, due = excluded.due, verified = excluded.verified, postponed = excluded.postponed,
  reason = excluded.reason, detail = excluded.detail`,
});

/** The database's clock. */
const FORGET = statement({
  name: "forget-scheduled-runs",
  text: `delete from scheduled_runs where id in (
    select id from scheduled_runs where started_at < now() - interval '${KEPT_DAYS} days' order by started_at limit ${FORGET_BATCH})`,
});

/**
 * Records a scheduled run: when it began and ended, by whom, what it did in all and in each workspace, and why it failed,
 * also when it throws. Where items of a workspace failed that did not fail in its run before, its audit log says so.
 * Forgets what is older than 90 days. A record that cannot be written is in the log and keeps no run from its work.
 */
export async function recordRun<T>(
  ctx: Context,
  { by, mode }: { by: RunBy; mode: PurgeMode },
  work: (run: OpenRun) => Promise<T>,
): Promise<T> {
  authorizeSystem(ctx);
  const run = openRun(mode);
  const id = newId();
  const began = performance.now();
  const record = (over: boolean, failure: FailureReason | null) => {
    const { purged, skipped, failed, remaining } = run.counts ?? sumOf(run);
    const { verified, postponed } = run.files ?? { verified: null, postponed: null };
    const { reason, detail } = failure ?? { reason: null, detail: null };
    const counted = [purged, skipped, failed, remaining, dueIn(run), verified, postponed];
    return [id, by, mode, performance.now() - began, over, ...counted, reason, detail];
  };
  const noted = async (write: () => Promise<unknown>): Promise<void> => {
    await write().catch((error: unknown) =>
      log().error({ err: error, runId: id, requestId: ctx.requestId }, "a scheduled run could not be recorded"),
    );
  };
  const end = (failure: FailureReason | null) =>
    noted(() =>
      transaction(async (tx) => {
        await tx.query(RECORD, record(true, failure));
        await recordWorkspaces(tx, ctx, id, run);
        await tx.query(FORGET, []);
      }),
    );

  await noted(() => query(RECORD, record(false, null)));
  try {
    const result = await work(run);
    await end(null);
    return result;
  } catch (error) {
    await end(explainFailure(error));
    throw error;
  }
}

/** Of a run that broke down on its way: what it had done by then. */
function sumOf({ workspaces }: OpenRun): PurgeCounts {
  const counts = { purged: 0, skipped: 0, failed: 0, remaining: 0 };
  for (const { purged, skipped, failed } of workspaces.values()) {
    counts.purged += purged;
    counts.skipped += skipped;
    counts.failed += failed;
  }
  return counts;
}

async function recordWorkspaces(tx: Transaction, ctx: Context, runId: string, run: OpenRun): Promise<void> {
  const names = await nameItems(
    ctx,
    [...run.workspaces.values()].flatMap(({ failures }) => failures),
    tx.query,
  );
  for (const [workspaceId, { failures, ...counts }] of run.workspaces) {
    const named = failures.map((failure): FailedItem => ({ ...failure, ...names.get(failure.id) }));
    if (counts.failed > 0) await tellFailures(tx, ctx, { workspaceId, runId, failed: counts.failed, failures: named });
    await tx.scheduledRunWorkspace.create({
      data: { runId, workspaceId, ...counts, failures: named as unknown as Prisma.InputJsonArray },
    });
  }
}

/** Once for each spell: what failed in the run before has been told. */
async function tellFailures(
  tx: Transaction,
  ctx: Context,
  {
    workspaceId,
    runId,
    failed,
    failures,
  }: { workspaceId: string; runId: string; failed: number; failures: readonly FailedItem[] },
): Promise<void> {
  const before = await tx.scheduledRunWorkspace.findFirst({
    where: { workspaceId },
    orderBy: { runId: "desc" },
    select: { failures: true },
  });
  const told = new Set(readFailures(before?.failures ?? []).map(({ id }) => id));
  if (failures.every(({ id }) => told.has(id))) return;
  const workspace = await tx.workspace.findUnique({ where: { id: workspaceId }, select: { name: true } });
  await recordAudit(tx, ctx, [
    {
      workspaceId,
      action: "workspace.purge_failed",
      targetType: "workspace",
      targetId: workspaceId,
      targetName: workspace?.name ?? workspaceId,
      details: {
        runId,
        failed,
        items: failures.map(({ type, id, name, reason, detail }) => ({ type, id, name, reason, detail })),
      },
    },
  ]);
}

/** A run in all, every workspace's together: for whoever runs the server. */
export interface RunRecord extends PurgeCounts, EraseCountsOrNull {
  startedBy: RunBy;
  mode: PurgeMode;
  startedAt: Date;
  endedAt: Date | null;
  due: number;
  reason: string | null;
  detail: string | null;
}
type EraseCountsOrNull = { [Count in keyof EraseCounts]: number | null };

/** The last runs, newest first. */
export async function listRuns(ctx: Context, { limit }: { limit: number }): Promise<RunRecord[]> {
  authorizeSystem(ctx);
  return prisma().scheduledRun.findMany({
    orderBy: [{ startedAt: "desc" }, { id: "desc" }],
    take: limit,
    omit: { id: true },
  });
}

/** As recordWorkspaces wrote them. */
export const readFailures = (failures: Prisma.JsonValue): FailedItem[] => failures as unknown as FailedItem[];
