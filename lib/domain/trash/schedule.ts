import { query, statement } from "@/lib/platform/db";
import type { PurgeMode, RunBy } from "@/lib/platform/generated/enums";
import type { Prisma } from "@/lib/platform/generated/client";
import { PURGE_EVERY_MINUTES } from "@/lib/platform/job-queue";
import type { Context } from "@/lib/domain/context";
import { ITEM_TYPES, type ItemType } from "@/lib/domain/item-types";
import { authorize } from "@/lib/domain/permissions";
import { HELD_TOGETHER, SUMMARY_MAX } from "./holdings";
import { inTrash, ROW_OF, ROWS } from "./items";
import type { PurgeFailure } from "./purge-failure";
import { readFailures, type FailedItem } from "./runs";

/*
 * The scheduler, as the members of a workspace see it: when it ran and what it did there, when it comes again and what it
 * will take. What it did elsewhere is nobody's business.
 */

/** A run, and what it did in the workspace. */
export interface RunView {
  id: string;
  by: RunBy;
  mode: PurgeMode;
  startedAt: Date;
  /** null: it goes on, or was lost. */
  endedAt: Date | null;
  /** `failed`: it broke down, for `reason`; `lost`: it never came to its end, its process is gone. */
  state: "under_way" | "ended" | "failed" | "lost";
  reason: PurgeFailure | null;
  detail: string | null;
  purged: number;
  skipped: number;
  failed: number;
  /** What a run that only reports would have purged. */
  due: number;
  /** The first of those that failed. */
  failures: FailedItem[];
}

/** What is due by an instant; what counts in it twice is counted once. */
export interface ComingPurge {
  until: Date;
  items: number;
  projects: number;
  versions: number;
  trainings: number;
  /** Source images that were removed together are one. */
  imageItems: number;
  images: number;
  files: number;
  bytes: number;
  /** There is more than this: so many items are counted, and no more. */
  more: boolean;
}

export interface TrashSchedule {
  workspace: { slug: string; name: string };
  /** What the scheduler does, as its last run did. */
  mode: PurgeMode;
  /** The last run, whatever it did; null: there was none in 90 days. */
  lastRun: RunView | null;
  /** The last one that did something here. */
  lastRunHere: RunView | null;
  /** When the next one comes; null when nobody calls at regular times, as far as we see. */
  nextRunAt: Date | null;
  /** When the scheduler came last, if that is more than 26 hours ago: it may be dead. */
  silentSince: Date | null;
  /** What it would take within 24 hours. */
  coming: ComingPurge;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const COMING_MS = 24 * HOUR_MS;
const OVERDUE_MS = 26 * HOUR_MS;
/** A run that takes longer than this was lost; an administrator's may take an hour. */
const LOST_MS: Record<RunBy, number> = { CRON: 2 * MINUTE_MS, WORKER: 10 * MINUTE_MS, ADMIN: 70 * MINUTE_MS };

interface RunRow extends Omit<RunView, "state" | "failures"> {
  reason: PurgeFailure | null;
  failures: Prisma.JsonValue | null;
  which: RunBy | "HERE";
}

const RUN = `r.id, r.started_by as by, r.mode, r.started_at as "startedAt", r.ended_at as "endedAt", r.reason, r.detail,
  coalesce(h.purged, 0) as purged, coalesce(h.skipped, 0) as skipped, coalesce(h.failed, 0) as failed, coalesce(h.due, 0) as due, h.failures`;
const HERE = `scheduled_run_workspaces h on h.run_id = r.id and h.workspace_id = $1`;

/** The last run of each kind, and the last that did something here; each the end of an index. */
const RUNS = statement({
  name: "last-scheduled-runs",
  text: [
    ...["CRON", "WORKER", "ADMIN"].map(
      (by) => `(select '${by}' as which, ${RUN} from scheduled_runs r left join ${HERE}
      where r.started_by = '${by}' order by r.started_at desc limit 1)`,
    ),
    `(select 'HERE' as which, ${RUN} from scheduled_runs r join ${HERE}
      where h.purged + h.failed + h.due > 0 order by h.run_id desc limit 1)`,
  ].join(" union all "),
});

const dueBy = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(select '${type}' as type, ${row}.id, ${row}.purge_after from ${ROWS[type]}
    where ${row}.workspace_id = $1 and ${row}.purge_after <= $2 and ${inTrash(type)} order by ${row}.purge_after, ${row}.id limit ${SUMMARY_MAX + 1})`;
};

const FIGURES = {
  PROJECT: "projects",
  VERSION: "versions",
  TRAINING: "trainings",
  IMAGES: "imageItems",
} as const satisfies Record<ItemType, keyof ComingPurge>;

/** hot: for every page of Trash; over the indexes of the types, bounded. */
const COMING = statement({
  name: "coming-purge",
  text: `
with item as materialized (
  select * from (${ITEM_TYPES.map(dueBy).join(" union all ")}) every order by purge_after, id limit ${SUMMARY_MAX + 1}
), held as (${HELD_TOGETHER})
select ${ITEM_TYPES.map((type) => `(select count(*)::int from item where type = '${type}') as "${FIGURES[type]}"`).join(", ")},
  coalesce(sum(images), 0)::int as images, coalesce(sum(files), 0)::int as files, coalesce(sum(bytes), 0)::float8 as bytes
from held`,
});

async function readComing(workspaceId: string, until: Date): Promise<ComingPurge> {
  const [row] = await query<Omit<ComingPurge, "until" | "items" | "more">>(COMING, [workspaceId, until]);
  const items = ITEM_TYPES.reduce((sum, type) => sum + row![FIGURES[type]], 0);
  return { until, items: Math.min(items, SUMMARY_MAX), ...row!, more: items > SUMMARY_MAX };
}

/** The next of the instants at which it is called. */
function nextOf(by: "CRON" | "WORKER", now: Date): Date {
  const everyMs = PURGE_EVERY_MINUTES[by] * MINUTE_MS;
  return new Date((Math.floor(now.getTime() / everyMs) + 1) * everyMs);
}

/** Whether it has come lately enough to be expected again at its time: whoever misses one keeps other times than ours. */
const isRegular = (by: "CRON" | "WORKER", last: RunView | undefined, now: Date): boolean =>
  last !== undefined && now.getTime() - last.startedAt.getTime() <= 2 * PURGE_EVERY_MINUTES[by] * MINUTE_MS;

function view({ failures, which: _which, ...run }: RunRow, now: Date): RunView {
  const lost = now.getTime() - run.startedAt.getTime() > LOST_MS[run.by];
  const state = run.endedAt === null ? (lost ? "lost" : "under_way") : run.reason === null ? "ended" : "failed";
  return { ...run, state, failures: readFailures(failures ?? []) };
}

/**
 * When the scheduler ran last and what it did in this workspace, what failed and why, when it comes again, and what it
 * would take within 24 hours. For every member, and keys that read Trash.
 */
export async function getTrashSchedule(ctx: Context, input: { workspaceSlug: string }): Promise<TrashSchedule> {
  const { workspaceId, slug, name } = authorize(ctx, "read trash", input.workspaceSlug);
  const [rows, coming] = await Promise.all([
    query<RunRow>(RUNS, [workspaceId]),
    readComing(workspaceId, new Date(ctx.now.getTime() + COMING_MS)),
  ]);
  const runs = new Map(rows.map((row) => [row.which, view(row, ctx.now)]));
  const latest = (...kinds: RunBy[]): RunView | null =>
    kinds
      .flatMap((kind) => runs.get(kind) ?? [])
      .reduce<RunView | null>((last, run) => (last && last.startedAt > run.startedAt ? last : run), null);
  const scheduled = latest("CRON", "WORKER");
  const next = (["CRON", "WORKER"] as const)
    .filter((by) => isRegular(by, runs.get(by), ctx.now))
    .map((by) => nextOf(by, ctx.now).getTime());
  return {
    workspace: { slug, name },
    mode: scheduled?.mode ?? "ON",
    lastRun: latest("CRON", "WORKER", "ADMIN"),
    lastRunHere: runs.get("HERE") ?? null,
    nextRunAt: next.length === 0 ? null : new Date(Math.min(...next)),
    silentSince:
      scheduled && ctx.now.getTime() - scheduled.startedAt.getTime() > OVERDUE_MS ? scheduled.startedAt : null,
    coming,
  };
}
