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
import { claimTask, endTask, type ClaimedTask } from "./leases";
import { TASK_KEPT_DAYS } from "./tasks";

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

/**
 * Begins the upload of a zip, whose images a worker adds to the project once it is sent. `unpack: false`: it waits for
 * UNUSED_DAYS at most, to become a version. Throws `not_found`, `in_trash`, `purged`, `invalid_input`. */
export async function beginZipUpload(
  ctx: Context,
  ref: SluggedProjectRef,
  wishes: { split: Split | null; tags: readonly string[]; batch?: string | undefined; unpack?: boolean | undefined },
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
      input: { split: wishes.split, tags, batch, ...(wishes.unpack === false ? { unpack: false } : {}) } as object,
      userId: personId(ctx.actor),
      createdAt: ctx.now,
    },
    select: { id: true },
  });
  return { taskId };
}

/** The project that a link's zip is for, while its task waits for it. Throws `not_found`, `in_trash`, `already_exists`. */
export async function getAwaitedZip(ctx: Context, taskId: string): Promise<ProjectState> {
  authorizeSystem(ctx);
  const task = await prisma().task.findFirst({
    where: { id: taskId, kind: { in: ["ZIP_UPLOAD", "VERSION_IMPORT"] } },
    select: { projectId: true, status: true, fileId: true },
  });
  const project =
    task &&
    (await prisma().project.findUnique({
      where: { id: task.projectId! },
      select: { id: true, slug: true, name: true, type: true, deletedAt: true, purgeAfter: true },
    }));
  if (!task || !project) throw new DomainError("not_found", "This upload is not there any more. Begin a new one.");
  if (task.status !== "WAITING" || task.fileId !== null) throw sentAlready();
  if (project.deletedAt)
    throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
  return project;
}

const sentAlready = (): DomainError =>
  new DomainError("already_exists", "The zip of this upload was sent already. Begin a new one for another.");

/**
 * Names the zip that was stored under a grant, and has it worked off, unless it is to wait. Throws `in_trash`, `already_exists` when another was
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
    const task = await tx.task.findUnique({ where: { id: zip.taskId }, select: { kind: true, input: true } });
    const waits = (task?.input as { unpack?: boolean } | undefined)?.unpack === false;
    const named = await tx.task.updateMany({
      where: { id: zip.taskId, status: "WAITING", fileId: null },
      data: { ...(waits ? {} : { status: "QUEUED" }), fileId: zip.fileId, fileBytes: zip.sizeBytes },
    });
    if (named.count === 0) throw sentAlready();
    if (!waits) await enqueue(tx, task?.kind === "VERSION_IMPORT" ? "import-versions" : "unpack-zips");
    return true;
  });
}

// ── Unpacking ────────────────────────────────────────────────────────────────────────────────────────────────────────

export type ClaimedZip = Omit<ClaimedTask<ZipWishes>, "input" | "versionId"> & ZipWishes;

/** The next zip to unpack, for a worker; null when there is none. One that broke several workers is given up. */
export async function claimZip(ctx: Context): Promise<ClaimedZip | null> {
  const claim = await claimTask<ZipWishes>(ctx, "ZIP_UPLOAD", {
    inTrash: true, // it fails, as uploads do
    giveUp: async (task, why) => void (await endTask(task, { problem: GIVEN_UP[why] })),
  });
  if (!claim) return null;
  const { input, ...task } = claim;
  return { ...task, ...input };
}

const GIVEN_UP = {
  lost: "The zip could not be unpacked: this server broke down at it several times. What was added stays.",
  purged: "The project was permanently deleted.",
};

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

/** How long a zip waits to be used that was not to be unpacked. */
const UNUSED_DAYS = 7;

/** The database's clock. */
const FAIL_UNUSED = statement({
  name: "fail-unused-zips",
  text: `
update tasks set status = 'FAILED', ended_at = date_trunc('milliseconds', now()), problem = 'The zip was not used within ${UNUSED_DAYS} days.'
where created_at < now() - interval '${UNUSED_DAYS} days' and status = 'WAITING' and file_id is not null`,
});

/** Forgets tasks that are too old to be told of, and gives up zips that nobody used. */
export async function forgetOldTasks(ctx: Context): Promise<void> {
  authorizeSystem(ctx);
  await query(FAIL_UNUSED, []);
  await query(FORGET_OLD, []);
}
