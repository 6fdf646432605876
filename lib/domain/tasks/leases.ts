import { prisma, query, statement, type Queries } from "@/lib/platform/db";
import type { ProjectType, TaskKind } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import type { Context } from "@/lib/domain/context";
import { authorizeSystem } from "@/lib/domain/permissions";
import type { TaskResult } from "./tasks";

/*
 * A worker's hold on a task. Every write of it is conditional on its lease: one that hits no row means that the task goes
 * on without this worker, or not at all.
 */

export const TASK_LEASE_MS = 60_000;
const ATTEMPTS_MAX = 3;

export interface TaskLease {
  taskId: string;
  leaseId: string;
}

/** A task on a file, as the worker gets it that has its lease. `Input` is what was asked for. */
export interface ClaimedTask<Input> extends TaskLease {
  userId: string;
  fileId: string;
  projectId: string;
  workspaceSlug: string;
  projectSlug: string;
  projectType: ProjectType;
  /** What it makes, where that has begun. */
  versionId: string | null;
  /** 1 for the first, and for the first after it got on. */
  attempt: number;
  input: Input;
}

/** Locks; the database's clock. $4: also of projects in Trash, $5: this one alone. */
const CLAIM = statement({
  name: "claim-task",
  text: `
with next as (
  select t.id from tasks t
  where t.kind = $3::"TaskKind" and t.status in ('QUEUED', 'RUNNING') and (t.lease_until is null or t.lease_until <= now())
    and ($4 or not exists (select 1 from projects p where p.id = t.project_id and p.deleted_at is not null))
    and ($5::text is null or t.id = $5)
  order by t.created_at, t.id limit 1 for update skip locked
)
update tasks t set status = 'RUNNING', lease_id = $1, lease_until = now() + $2 * interval '1 millisecond', attempts = attempts + 1
from next where t.id = next.id
returning t.id as "taskId", t.lease_id as "leaseId", t.user_id as "userId", t.file_id as "fileId", t.project_id as "projectId",
  t.version_id as "versionId", t.input, t.attempts as attempt`,
});

/** The database's clock. */
const HOLD = statement({
  name: "hold-task",
  text: `
update tasks set lease_until = now() + $3 * interval '1 millisecond', done = greatest(done, $4), total = greatest(total, $5, done, $4),
  attempts = case when $6 and $4 > done then 0 else attempts end
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** The database's clock. */
const END = statement({
  name: "end-task",
  text: `
update tasks set status = $3::"TaskStatus", result = $4::jsonb, problem = $5, ended_at = date_trunc('milliseconds', now()),
  done = case when $3 = 'COMPLETED' then coalesce(total, done) else done end, lease_id = null, lease_until = null
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** No attempt at it: its worker is stopped. */
const RELEASE = statement({
  name: "release-task",
  text: `
update tasks set status = 'QUEUED', lease_id = null, lease_until = null, attempts = greatest(attempts - 1, 0)
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** The database's clock. Its lease runs out a little later each time. */
const POSTPONE = statement({
  name: "postpone-task",
  text: `
update tasks set lease_until = now() + attempts * interval '15 seconds' where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/**
 * The next task of a kind, for a worker; null when there is none. One that is not to be worked off is given to `giveUp`, with why, and
 * the next one looked for: it broke several workers, or its project is gone. `inTrash`: also those whose project is in Trash.
 */
export async function claimTask<Input>(
  ctx: Context,
  kind: TaskKind,
  {
    inTrash,
    taskId = null,
    giveUp,
  }: {
    inTrash: boolean;
    taskId?: string | null;
    giveUp: (task: TaskLease & { versionId: string | null }, why: "lost" | "purged") => Promise<void>;
  },
): Promise<ClaimedTask<Input> | null> {
  authorizeSystem(ctx);
  for (;;) {
    const [claim] = await query<Omit<ClaimedTask<Input>, "workspaceSlug" | "projectSlug" | "projectType">>(CLAIM, [
      newId(),
      TASK_LEASE_MS,
      kind,
      inTrash,
      taskId,
    ]);
    if (!claim) return null;
    const project = await prisma().project.findUnique({
      where: { id: claim.projectId },
      select: { slug: true, type: true, workspace: { select: { slug: true } } },
    });
    if (project && claim.attempt <= ATTEMPTS_MAX)
      return {
        ...claim,
        projectSlug: project.slug,
        projectType: project.type,
        workspaceSlug: project.workspace.slug,
      };
    await giveUp(claim, project ? "lost" : "purged");
  }
}

/**
 * Renews the lease and writes down how far it is. `fresh`: getting on makes its attempts count anew. False: another has it, or it is over.
 */
export const holdTask = async (
  { taskId, leaseId }: TaskLease,
  { done, total, fresh = false }: { done: number; total: number | null; fresh?: boolean },
): Promise<boolean> => (await query(HOLD, [taskId, leaseId, TASK_LEASE_MS, done, total, fresh])).length > 0;

export type TaskEnd = { result: TaskResult } | { problem: string; result?: object };

/** Ends it, with what became of it or why it failed; where given, in a transaction. False: it was over, or another's. */
export async function endTask({ taskId, leaseId }: TaskLease, how: TaskEnd, tx: Queries = { query }): Promise<boolean> {
  const problem = "problem" in how ? how.problem : null;
  const result = how.result === undefined ? null : JSON.stringify(how.result);
  const status = problem === null ? "COMPLETED" : "FAILED";
  return (await tx.query(END, [taskId, leaseId, status, result, problem])).length > 0;
}

/** Gives it back: to be taken at once when a worker is stopped, after a while when it failed. */
export async function releaseTask({ taskId, leaseId }: TaskLease, { failed }: { failed: boolean }): Promise<void> {
  await query(failed ? POSTPONE : RELEASE, [taskId, leaseId]);
}
