import { query, transaction, type Statement } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "./audit";
import { personId, type Context } from "./context";
import { DomainError } from "./errors";
import { getLiveVersion, type VersionRef } from "./item-state";
import { authorize, authorizeSystem } from "./permissions";

/*
 * Trainings tell the truth from the database: every write of a worker is conditional on its own lease and on
 * status = 'RUNNING'. A write that hits no row means that the run is over for this worker, and that it must stop.
 * What needs a live parent locks the project, then the version, and looks at both afterwards: the locks of a foreign
 * key do not conflict with a trash.
 */

const SHARE_PROJECT: Statement = {
  name: "training-share-project",
  text: `select p.id, p.deleted_at as "deletedAt" from projects p where p.id = (select project_id from versions where id = $1) for share`,
};

const LOCK_VERSION: Statement = {
  name: "training-lock-version",
  text: `select id, deleted_at as "deletedAt", status from versions where id = $1 for no key update`,
};

const INSERT: Statement = {
  name: "training-insert",
  text: `with drawn as (
           update versions set next_training_number = next_training_number + 1 where id = $2 returning workspace_id, next_training_number - 1 as number
         )
         insert into trainings (id, workspace_id, version_id, number, model_type, epochs, created_by_id, created_at)
         select $1, workspace_id, $2, number, $3, $4, $5, $6 from drawn
         returning number`,
};

export interface StartedTraining {
  id: string;
  number: number;
}

/**
 * Queues a training of a version. No training is ever queued on a version or in a project that is in Trash, whichever
 * of the two acts comes first. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `not_ready`.
 */
export async function startTraining(ctx: Context, input: VersionRef & { modelType: string; epochs: number }): Promise<StartedTraining> {
  const { workspaceId } = authorize(ctx, "run trainings", input.workspaceSlug);
  const version = await getLiveVersion(workspaceId, input);
  const started = await transaction(async (tx) => {
    const [project] = await tx.query<{ deletedAt: Date | null }>(SHARE_PROJECT, [version.id]);
    const [locked] = await tx.query<{ deletedAt: Date | null; status: string }>(LOCK_VERSION, [version.id]);
    if (!project || project.deletedAt || !locked || locked.deletedAt) return null;
    if (locked.status !== "READY") throw new DomainError("not_ready", `Version ${input.number} is still being generated. Train it when it is ready.`);
    const id = newId();
    const [training] = await tx.query<{ number: number }>(INSERT, [id, version.id, input.modelType, input.epochs, personId(ctx.actor), ctx.now]);
    await recordAudit(tx, ctx, [{ workspaceId, action: "training.started", targetType: "training", targetId: id, targetName: `Training ${training!.number}` }]);
    return { id, number: training!.number };
  });
  if (started) return started;
  await getLiveVersion(workspaceId, input); // throws why not
  throw new DomainError("busy", "The version changed at this very moment. Try again.");
}

/** A worker's hold on a run. Every later write names it. */
export interface TrainingLease {
  trainingId: string;
  leaseId: string;
}

/** How long a run outlives its worker's last heartbeat before another may take it. */
export const TRAINING_LEASE_MS = 30_000;

const CANDIDATE: Statement = {
  name: "training-candidate",
  text: `select id, version_id as "versionId" from trainings where id = $1 and status = 'QUEUED'`,
};

const CLAIM: Statement = {
  name: "training-claim",
  text: `update trainings t set status = 'RUNNING', started_at = coalesce(t.started_at, now()), lease_id = $2, lease_until = now() + $3 * interval '1 millisecond'
         from versions v join projects p on p.id = v.project_id
         where t.id = $1 and t.status = 'QUEUED' and v.id = t.version_id and v.deleted_at is null and p.deleted_at is null
         returning t.id`,
};

/** Takes a queued training to run it. null: it is not queued any more, or its version or project went to Trash. */
export async function claimTraining(ctx: Context, trainingId: string): Promise<TrainingLease | null> {
  authorizeSystem(ctx);
  const [candidate] = await query<{ versionId: string }>(CANDIDATE, [trainingId]);
  if (!candidate) return null;
  const leaseId = newId();
  return transaction(async (tx) => {
    await tx.query(SHARE_PROJECT, [candidate.versionId]);
    await tx.query(LOCK_VERSION, [candidate.versionId]);
    const claimed = await tx.query(CLAIM, [trainingId, leaseId, TRAINING_LEASE_MS]);
    return claimed.length > 0 ? { trainingId, leaseId } : null;
  });
}

const HEARTBEAT: Statement = {
  name: "training-heartbeat",
  text: `update trainings set epoch = $3, lease_until = now() + $4 * interval '1 millisecond'
         where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
};

/** Reports progress and renews the lease. False: the run was cancelled or taken over; stop at once, publish nothing. */
export async function heartbeatTraining(ctx: Context, lease: TrainingLease, epoch: number): Promise<boolean> {
  authorizeSystem(ctx);
  return (await query(HEARTBEAT, [lease.trainingId, lease.leaseId, epoch, TRAINING_LEASE_MS])).length > 0;
}

const FINISH: Statement = {
  name: "training-finish",
  text: `update trainings t set status = 'FINISHED', ended_at = $3, epoch = epochs, lease_id = null, lease_until = null
         where t.id = $1 and t.lease_id = $2 and t.status = 'RUNNING'
         returning t.id, t.number, t.model_type as "modelType", t.version_id as "versionId", t.workspace_id as "workspaceId"`,
};

const INSERT_MODEL: Statement = {
  name: "training-insert-model",
  text: `insert into models (id, workspace_id, version_id, training_id, slug, model_type, metrics, files, size_bytes, created_at)
         select $1, v.workspace_id, v.id, $2, p.slug || '-' || v.number || '-' || $3::int, $4, $5, $6, $7, $8
         from versions v join projects p on p.id = v.project_id where v.id = $9
         returning slug`,
};

/**
 * Ends a run with its model, whose weights are already published under the training's prefix.
 * The conditional write on the training comes first and is the fence: once a trash has cancelled the run, no model row
 * can follow. null: the run was cancelled or taken over; take the weights away again.
 */
export async function finishTraining(ctx: Context, lease: TrainingLease, model: { metrics: object; files: number; sizeBytes: number }): Promise<{ modelSlug: string } | null> {
  authorizeSystem(ctx);
  return transaction(async (tx) => {
    const [run] = await tx.query<{ number: number; modelType: string; versionId: string; workspaceId: string }>(FINISH, [lease.trainingId, lease.leaseId, ctx.now]);
    if (!run) return null;
    const [made] = await tx.query<{ slug: string }>(INSERT_MODEL, [newId(), lease.trainingId, run.number, run.modelType, JSON.stringify(model.metrics), model.files, model.sizeBytes, ctx.now, run.versionId]);
    await recordAudit(tx, ctx, [{ workspaceId: run.workspaceId, action: "training.finished", targetType: "training", targetId: lease.trainingId, targetName: `Training ${run.number}`, details: { model: made!.slug } }]);
    return { modelSlug: made!.slug };
  });
}
