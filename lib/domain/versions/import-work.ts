import type { WriteGrant } from "@/lib/platform/blob-store";
import { prisma, query, statement, transaction, type Queries } from "@/lib/platform/db";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { describeFailure, type FailureReason } from "@/lib/domain/generation-failure";
import { holdGrant, toGrant, versionPrefix, withRoot, type Term } from "@/lib/domain/grants";
import { LIVE_VERSION, takeLocks, versionLock, workspaceLock } from "@/lib/domain/locks";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { giveBackImages, reserveImages } from "@/lib/domain/quota";
import { claimTask, endTask, type ClaimedTask, type TaskLease, type TaskResult } from "@/lib/domain/tasks";
import { lockForGeneration } from "./generation";
import { giveUpGeneration } from "./generation-end";
import { GENERATOR_LEASE_MS, HELD, type GeneratedFacts, type GeneratorLease } from "./generation-work";
import {
  CANCELLED,
  findFailedImport,
  isNumberGiven,
  numberTaken,
  type ImportProblem,
  type ImportWishes,
  type VersionOrigin,
} from "./imports";

/*
 * A worker's side of an import. The lease of its task is also that of the version's generation and of its grant, so that
 * whatever stops a generation (a cancel, Trash, a purge, another worker) stops an import by the same rows.
 */

export type ClaimedImport = ClaimedTask<ImportWishes>;

/** The next import, or one of them, for a worker; null when there is none. Those of projects in Trash wait for a restore. */
export async function claimImport(ctx: Context, only: { taskId?: string } = {}): Promise<ClaimedImport | null> {
  return claimTask<ImportWishes>(ctx, "VERSION_IMPORT", {
    inTrash: false,
    taskId: only.taskId ?? null,
    giveUp: (task, why) => giveUpImport(ctx, task, { reason: why === "lost" ? "worker_lost" : "internal" }),
  });
}

/** What is known of a version before its first file is there. */
export interface ImportPlan {
  /** At most so many images: what it counts until it is ready. */
  images: number;
  /** The number that it had; another is taken where that was given here already. */
  number: number | null;
  name: string;
  createdAt: Date | null;
  origin: VersionOrigin;
}

/** Locks. */
const LOCK_TASK = statement({
  name: "import-lock-task",
  text: `select version_id as "versionId" from tasks where id = $1 and lease_id = $2 and status = 'RUNNING' for update`,
});

/**
 * Makes the version of an import, still without images, and reserves what it may count, all or nothing; a failed
 * import of the same number is begun once more. Answers the version's id, also when that was done before; null: the import is over, or another's.
 * Throws `in_trash`, `quota_exceeded`, `already_exists` for a number that somebody insists on.
 */
export async function beginImportedVersion(
  ctx: Context,
  task: ClaimedImport,
  plan: ImportPlan,
): Promise<string | null> {
  const { workspaceId } = authorize(ctx, "create version", task.workspaceSlug);
  const { projectId } = task;
  const wished = task.input.number ?? plan.number;
  const again = wished === null ? null : await findFailedImport(prisma(), projectId, wished);
  const id = newId();
  const begin = () =>
    transaction(async (tx): Promise<string | null> => {
      await lockForGeneration(tx, workspaceId, { id: projectId, name: task.projectSlug });
      const [held] = await tx.query<{ versionId: string | null }>(LOCK_TASK, [task.taskId, task.leaseId]);
      if (!held) return null;
      if (held.versionId !== null) return held.versionId;
      const { nextVersionNumber } = await tx.project.findUniqueOrThrow({
        where: { id: projectId },
        select: { nextVersionNumber: true },
      });
      const given = wished !== null && (await isNumberGiven(tx, projectId, wished));
      if (given && task.input.number !== null) throw numberTaken(wished, nextVersionNumber);
      const number = wished === null || given ? nextVersionNumber : wished;
      await tx.project.update({
        where: { id: projectId },
        data: { nextVersionNumber: Math.max(nextVersionNumber, number + 1), updatedAt: ctx.now },
      });
      await reserveImages(tx, workspaceId, plan.images);
      const facts = {
        name: plan.name,
        status: "GENERATING" as const,
        failureReason: null,
        failureDetail: null,
        progress: 0,
        seed: 0,
        preprocessing: {},
        augmentation: {},
        origin: { ...plan.origin } as object,
        countedImages: plan.images,
        createdById: personId(ctx.actor),
        createdAt: plan.createdAt ?? ctx.now,
      };
      const reused = number === wished ? await findFailedImport(tx, projectId, number) : null;
      if (reused !== again) throw new DomainError("busy", "The version changed at this very moment. Try again.");
      if (reused === null) await tx.version.create({ data: { id, workspaceId, projectId, number, ...facts } });
      else {
        await takeLocks(tx, versionLock(reused, "write"));
        await tx.version.update({ where: { id: reused }, data: facts });
      }
      const versionId = reused ?? id;
      await tx.task.update({ where: { id: task.taskId }, data: { versionId } });
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "version.imported",
          targetType: "version",
          targetId: versionId,
          targetName: plan.name,
          details: { images: plan.images, file: plan.origin.file },
        },
      ]);
      return versionId;
    });
  return again === null ? withRoot(versionPrefix(id), begin) : begin();
}

/** The database's clock. The grant is taken under the version's lock. */
const TAKE = statement({
  name: "import-take",
  text: `
with claimed as (
  update versions v set generator_lease_id = $2, generator_until = now() + $3 * interval '1 millisecond'
  from projects p where v.id = $1 and v.status = 'GENERATING' and p.id = v.project_id and ${LIVE_VERSION}
  returning v.id, v.workspace_id, v.project_id, v.number, v.name, v.counted_images, v.origin, p.type
), granted as (
  insert into grants (id, holder, workspace_id, project_id, version_id, until)
  select $2, 'GENERATION', workspace_id, project_id, id, now() + $3 * interval '1 millisecond' from claimed
  returning until
)
select id, workspace_id as "workspaceId", project_id as "projectId", number, name, type, origin, counted_images as images, now() as from, until
from claimed, granted`,
});

/** A version that is being imported, for the worker that has its task. */
export interface ImportedVersion {
  lease: GeneratorLease;
  /** To write files of the version. */
  grant: WriteGrant;
  number: number;
  name: string;
  type: ProjectType;
  /** Images that it may have, as reserved. */
  images: number;
  origin: VersionOrigin;
}

type Taken = Omit<ImportedVersion, "lease" | "grant"> & Term & { id: string; workspaceId: string; projectId: string };

/** Takes a version that was begun, under the lease of its task. null: it is over, or it or its project is in Trash. */
export async function takeImportedVersion(
  ctx: Context,
  { leaseId }: TaskLease,
  versionId: string,
): Promise<ImportedVersion | null> {
  authorizeSystem(ctx);
  const [taken] = await query<Taken>(TAKE, [versionId, leaseId, GENERATOR_LEASE_MS]);
  if (!taken) return null;
  const { id, workspaceId, projectId, from, until, ...version } = taken;
  return {
    ...version,
    lease: { workspaceId, versionId: id, leaseId },
    grant: toGrant(leaseId, "GENERATION", { workspaceId, projectId, versionId: id }, { from, until }),
  };
}

/** The fence, in one conditional statement: as the end of a generation, but for images that turned out to be none. */
const COMPLETE = statement({
  name: "import-complete",
  text: `
with ready as (
  update versions v set status = 'READY', progress = 1, manifest_hash = $3, files = $4, size_bytes = $5,
    train_images = $6::int, valid_images = $7::int, test_images = $8::int, counted_images = $6::int + $7::int + $8::int,
    classes = $9::jsonb, origin = $10::jsonb, generator_lease_id = null, generator_until = null
  from projects p where ${HELD} returning v.id
), no_chunks as (
  delete from generation_chunks where version_id in (select id from ready)
)
select id from ready`,
});

/**
 * Makes an imported version ready once all its files are published, gives back what was reserved for images that could not be
 * taken, and ends its task, all or nothing. False: it is not this worker's any more.
 */
export async function completeImport(
  ctx: Context,
  task: TaskLease,
  { workspaceId, versionId, leaseId }: GeneratorLease,
  facts: GeneratedFacts & { origin: VersionOrigin },
  result: TaskResult,
): Promise<boolean> {
  authorizeSystem(ctx);
  return transaction(async (tx) => {
    await takeLocks(tx, workspaceLock(workspaceId), versionLock(versionId, "write"));
    if (!(await holdGrant(tx, leaseId))) return false;
    const { countedImages } = await tx.version.findUniqueOrThrow({
      where: { id: versionId },
      select: { countedImages: true },
    });
    const values = [
      versionId,
      leaseId,
      facts.manifestHash,
      facts.files,
      facts.sizeBytes,
      facts.trainImages,
      facts.validImages,
      facts.testImages,
      JSON.stringify(facts.classes),
      JSON.stringify(facts.origin),
    ];
    if ((await tx.query(COMPLETE, values)).length === 0) return false;
    const images = facts.trainImages + facts.validImages + facts.testImages;
    await giveBackImages(tx, workspaceId, countedImages - images);
    await endTask(task, { result }, tx);
    return true;
  });
}

/** Ends an import that can come to nothing, before it is a version. */
export const refuseImport = (task: TaskLease, problem: ImportProblem, tx?: Queries): Promise<boolean> =>
  endTask(task, { problem: problem.message, result: { problem } }, tx);

type Failure = { reason: FailureReason; detail?: string | null };

/**
 * The same once it may be one: its generation fails, and gives back what it reserved. Does nothing for who has not the task's
 * lease any more.
 */
export async function giveUpImport(
  ctx: Context,
  task: TaskLease & { versionId: string | null },
  failure: Failure,
): Promise<void> {
  authorizeSystem(ctx);
  const { versionId } = task;
  const version =
    versionId === null
      ? null
      : await prisma().version.findUnique({ where: { id: versionId }, select: { workspaceId: true } });
  await transaction(async (tx) => {
    if (version) await takeLocks(tx, workspaceLock(version.workspaceId));
    if (!(await refuseImport(task, problemOf(failure), tx))) return;
    if (version && versionId !== null)
      await giveUpGeneration(tx, ctx, { workspaceId: version.workspaceId, versionId, ...failure });
  });
}

function problemOf({ reason, detail = null }: Failure): ImportProblem {
  if (reason === "cancelled") return CANCELLED;
  return {
    code: "generation_failed",
    message: `The version could not be imported: ${describeFailure(reason, detail)}.`,
    details: { reason },
  };
}

/** Why a worker lost an import. */
export type ImportState = "over" | "paused" | "elsewhere";

/**
 * What became of an import that its worker holds no more: over (and its task is now, too), paused by a project that is in Trash, or
 * another worker's.
 */
export async function settleLostImport(ctx: Context, task: TaskLease, versionId: string): Promise<ImportState> {
  authorizeSystem(ctx);
  const version = await prisma().version.findUnique({
    where: { id: versionId },
    select: { status: true, failureReason: true, failureDetail: true, project: { select: { deletedAt: true } } },
  });
  if (version?.status === "GENERATING") return version.project.deletedAt ? "paused" : "elsewhere";
  const failure = { reason: (version?.failureReason ?? "internal") as FailureReason, detail: version?.failureDetail };
  if (version?.status !== "READY") await refuseImport(task, problemOf({ ...failure, detail: failure.detail ?? null }));
  return "over";
}
