import { prisma, query, statement, transaction, type Transaction } from "@/lib/platform/db";
import type { Split } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { holdGrant, projectPrefix } from "@/lib/domain/grants";
import { parseDescription } from "@/lib/domain/images";
import { getLiveProject, type ProjectState, type SluggedProjectRef } from "@/lib/domain/item-state";
import { lockLiveProject } from "@/lib/domain/locks";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { TASK_KEPT_DAYS, type TaskResult } from "./tasks";

/*
 * Zips of images: begun by whoever may upload, sent once to a link, unpacked by a worker. A zip is a file of its project
 * until its task is over, and counts as such; each attempt at sending one has a place of its own.
 */

export const ZIPS_FOLDER = "zips/";

/** Where a zip lies until it is unpacked. */
export const zipKey = (projectId: string, fileId: string): string =>
  `${projectPrefix(projectId)}${ZIPS_FOLDER}${fileId}`;

/** How somebody wants the images of a zip. */
export interface ZipWishes {
  /** null: as the folders say, else by name. */
  split: Split | null;
  tags: readonly string[];
  batch: string | null;
}

/** Begins the upload of a zip. Throws `not_found`, `in_trash`, `purged`, `invalid_input`. */
export async function beginZipUpload(
  ctx: Context,
  ref: SluggedProjectRef,
  wishes: { split: Split | null; tags: readonly string[]; batch?: string | undefined },
): Promise<{ taskId: string }> {
  const { workspaceId } = authorize(ctx, "upload images", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const { tags, batch } = parseDescription(wishes);
  const { id: taskId } = await prisma().task.create({
    data: {
      id: newId(),
      workspaceId,
      projectId: project.id,
      kind: "ZIP_UPLOAD",
      status: "WAITING",
      input: { split: wishes.split, tags, batch } as object,
      userId: personId(ctx.actor),
      createdAt: ctx.now,
    },
    select: { id: true },
  });
  return { taskId };
}

const ZIP = {
  id: true,
  projectId: true,
  workspaceId: true,
} as const;

/** The project that a link's zip is for, while its task waits for it. Throws `not_found`, `in_trash`, `already_exists`. */
export async function getAwaitedZip(ctx: Context, taskId: string): Promise<ProjectState> {
  authorizeSystem(ctx);
  const task = await prisma().task.findFirst({
    where: { id: taskId, kind: "ZIP_UPLOAD" },
    select: { ...ZIP, status: true },
  });
  const project =
    task &&
    (await prisma().project.findUnique({
      where: { id: task.projectId! },
      select: { id: true, slug: true, name: true, type: true, deletedAt: true, purgeAfter: true },
    }));
  if (!task || !project) throw new DomainError("not_found", "This upload is not there any more. Begin a new one.");
  if (task.status !== "WAITING") throw sentAlready();
  if (project.deletedAt)
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
  return project;
}

const sentAlready = (): DomainError =>
  new DomainError("already_exists", "The zip of this upload was sent already. Begin a new one for another.");

/**
 * Names the zip that was stored under a grant, and has it unpacked. Throws `in_trash`, `already_exists` when another was
 * named first; then the file is the caller's to remove. False: it was swept.
 */
export async function completeZipUpload(
  ctx: Context,
  project: ProjectState,
  zip: { taskId: string; fileId: string; sizeBytes: number; grantId: string },
): Promise<boolean> {
  authorizeSystem(ctx);
  return transaction(async (tx) => {
    if (!(await lockLiveProject(tx, project.id, "share")))
      throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
    if (!(await holdGrant(tx, zip.grantId))) return false;
    const named = await tx.task.updateMany({
      where: { id: zip.taskId, status: "WAITING" },
      data: { status: "QUEUED", fileId: zip.fileId, fileBytes: zip.sizeBytes },
    });
    if (named.count === 0) throw sentAlready();
    await enqueue(tx, "unpack-zips");
    return true;
  });
}

// ── Unpacking ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const ZIP_LEASE_MS = 60_000;
const ATTEMPTS_MAX = 3;

export interface ClaimedZip extends ZipWishes {
  taskId: string;
  leaseId: string;
  userId: string;
  fileId: string;
  projectId: string;
  workspaceSlug: string;
  projectSlug: string;
  /** 1 for the first. */
  attempt: number;
}

/** Locks; the database's clock. */
const CLAIM = statement({
  name: "claim-zip",
  text: `
with next as (
  select id from tasks
  where kind = 'ZIP_UPLOAD' and status in ('QUEUED', 'RUNNING') and (lease_until is null or lease_until <= now())
  order by created_at, id limit 1 for update skip locked
)
update tasks t set status = 'RUNNING', lease_id = $1, lease_until = now() + $2 * interval '1 millisecond', attempts = attempts + 1
from next where t.id = next.id
returning t.id as "taskId", t.lease_id as "leaseId", t.user_id as "userId", t.file_id as "fileId", t.project_id as "projectId",
  t.input, t.attempts as attempt`,
});

/** The database's clock. */
const HOLD = statement({
  name: "hold-zip",
  text: `
update tasks set lease_until = now() + $3 * interval '1 millisecond', done = greatest(done, $4), total = greatest(total, $5, done, $4)
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** The database's clock. */
const END = statement({
  name: "end-zip",
  text: `
update tasks set status = $3::"TaskStatus", result = $4::jsonb, problem = $5, ended_at = date_trunc('milliseconds', now()),
  done = coalesce(total, done), lease_id = null, lease_until = null
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** No attempt at it: its worker is stopped. */
const RELEASE = statement({
  name: "release-zip",
  text: `
update tasks set status = 'QUEUED', lease_id = null, lease_until = null, attempts = attempts - 1
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** The database's clock. Its lease runs out a little later each time. */
const POSTPONE = statement({
  name: "postpone-zip",
  text: `
update tasks set lease_until = now() + attempts * interval '15 seconds' where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/** The next zip to unpack, for a worker; null when there is none. One that broke several workers is given up. */
export async function claimZip(ctx: Context): Promise<ClaimedZip | null> {
  authorizeSystem(ctx);
  for (;;) {
    const [row] = await query<
      Omit<ClaimedZip, keyof ZipWishes | "workspaceSlug" | "projectSlug"> & { input: ZipWishes }
    >(CLAIM, [newId(), ZIP_LEASE_MS]);
    if (!row) return null;
    const { input, ...claim } = row;
    const project = await prisma().project.findUnique({
      where: { id: claim.projectId },
      select: { slug: true, workspace: { select: { slug: true } } },
    });
    if (project && claim.attempt <= ATTEMPTS_MAX)
      return { ...claim, ...input, projectSlug: project.slug, workspaceSlug: project.workspace.slug };
    await endZip(claim, {
      problem: project
        ? "The zip could not be unpacked: this server broke down at it several times. What was added stays."
        : "The project was permanently deleted.",
    });
  }
}

type Lease = Pick<ClaimedZip, "taskId" | "leaseId">;

/** Renews the lease and writes down how far it is. False: another has it, or it is over. */
export const holdZip = async (
  { taskId, leaseId }: Lease,
  { done, total }: { done: number; total: number | null },
): Promise<boolean> => (await query(HOLD, [taskId, leaseId, ZIP_LEASE_MS, done, total])).length > 0;

/** Ends it, with what became of its files or why it failed. False: it was over, or another's. */
export async function endZip(
  { taskId, leaseId }: Lease,
  how: { result: TaskResult } | { problem: string },
): Promise<boolean> {
  const [status, result, problem] =
    "result" in how ? ["COMPLETED", JSON.stringify(how.result), null] : ["FAILED", null, how.problem];
  return (await query(END, [taskId, leaseId, status, result, problem])).length > 0;
}

/** Gives it back: to be taken at once when a worker is stopped, after a while when it failed. */
export async function releaseZip({ taskId, leaseId }: Lease, { failed }: { failed: boolean }): Promise<void> {
  await query(failed ? POSTPONE : RELEASE, [taskId, leaseId]);
}

// ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Of zips' files, those that a row names. For a sweep. */
export async function listNamedZips(fileIds: readonly string[]): Promise<Set<string>> {
  const rows = await prisma().task.findMany({ where: { fileId: { in: [...fileIds] } }, select: { fileId: true } });
  return new Set(rows.map(({ fileId }) => fileId!));
}

/** Zips whose tasks are over, to be removed from the store and then forgotten. */
export async function listUsedZips(limit: number): Promise<{ taskId: string; key: string }[]> {
  const rows = await prisma().task.findMany({
    where: { fileId: { not: null }, status: { in: ["COMPLETED", "FAILED"] } },
    take: limit,
    select: { id: true, projectId: true, fileId: true },
  });
  return rows.map(({ id, projectId, fileId }) => ({ taskId: id, key: zipKey(projectId!, fileId!) }));
}

export async function forgetZipFile(taskId: string): Promise<void> {
  await prisma().task.updateMany({
    where: { id: taskId, status: { in: ["COMPLETED", "FAILED"] } },
    data: { fileId: null, fileBytes: null },
  });
}

/** A set. */
const FORGET_OF_PROJECT = statement({
  name: "forget-zips-of-project",
  text: `
with kept as (select id, file_bytes from tasks where project_id = $1 and file_id is not null for update), gone as (
  update tasks t set file_id = null, file_bytes = null, lease_id = null, lease_until = null,
    status = case when t.ended_at is null then 'FAILED' else t.status end,
    problem = case when t.ended_at is null then 'The project was permanently deleted.' else t.problem end,
    ended_at = coalesce(t.ended_at, $2)
  from kept where t.id = kept.id returning kept.file_bytes as bytes
)
select count(*)::int as files, coalesce(sum(bytes), 0)::float8 as bytes from gone`,
});

/** Ends what is under way for a project that is purged, in that transaction. Answers which files of it go with the project's. */
export async function forgetZipsOf(
  tx: Transaction,
  ctx: Context,
  projectId: string,
): Promise<{ files: number; bytes: number }> {
  const [gone] = await tx.query<{ files: number; bytes: number }>(FORGET_OF_PROJECT, [projectId, ctx.now]);
  return gone!;
}

/** The database's clock. */
const FORGET_OLD = statement({
  name: "forget-old-tasks",
  text: `
delete from tasks where created_at < now() - interval '${TASK_KEPT_DAYS} days' and file_id is null and status not in ('QUEUED', 'RUNNING')`,
});

/** Forgets tasks that are too old to be told of. */
export async function forgetOldTasks(ctx: Context): Promise<void> {
  authorizeSystem(ctx);
  await query(FORGET_OLD, []);
}
