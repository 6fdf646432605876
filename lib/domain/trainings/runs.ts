import { query, statement, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { notifyTrainers } from "@/lib/platform/notify";
import { Prisma } from "@/lib/platform/generated/client";
import type { ProjectType, TrainerKind } from "@/lib/platform/generated/enums";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { LIVE_VERSION, projectLockOfVersion, takeLocks, versionLock, versionLockOfTraining } from "@/lib/domain/locks";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { trainingEvent, type NamedTraining } from "./event";
import { addModel, type FoundOnnx } from "./new-model";

/*
 * A run as its trainer sees it: taken under a lease, kept alive by heartbeats, ended once. Every write is conditional on
 * the lease and on status = 'RUNNING'; one that hits no row means that the run is over for this trainer, and that it
 * must stop and publish nothing. What needs a live parent locks the project, then the version, and looks at both
 * afterwards: the locks of a foreign key do not conflict with a trash.
 */

/** How long a run outlives its trainer's last heartbeat before another may take it. */
export const TRAINING_LEASE_MS = 30_000;

/** A run that so many trainers began and none ended has failed. */
const ATTEMPTS_MAX = 3;

/** A trainer's hold on a run. Every later write names it. */
export interface TrainingLease {
  workspaceSlug: string;
  trainingId: string;
  leaseId: string;
}

/** What a trainer is to do. */
export interface TrainingRun extends TrainingLease {
  projectSlug: string;
  projectType: ProjectType;
  versionId: string;
  versionNumber: number;
  /** The training's own. */
  number: number;
  modelType: string;
  epochs: number;
  /** sha256 of the version's manifest.json, hex. */
  manifestHash: string;
  /** Images of each class. */
  classes: Record<string, number>;
  splits: { train: number; valid: number; test: number };
}

/** Our own workers work for every workspace, a trainer elsewhere for those whose key or member it has. */
export function workspaceOf(ctx: Context, workspaceSlug: string): string | null {
  return ctx.actor.type === "SYSTEM" ? null : authorize(ctx, "work on trainings", workspaceSlug).workspaceId;
}

/** Queued, or left by a trainer that fell silent; the oldest first. The database's clock. */
const CANDIDATE = statement({
  text: `select t.id, t.version_id as "versionId" from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
         where t.ended_at is null and t.trainer = $1::"TrainerKind" and ($2::text is null or t.workspace_id = $2) and ($3::text is null or t.id = $3)
           and ${LIVE_VERSION} and (t.status = 'QUEUED' or t.lease_until < now())
         order by t.created_at, t.id limit 1`,
});

/** The database's clock; the fence, in one conditional statement. */
const CLAIM = statement({
  name: "training-run-claim",
  text: `update trainings t set status = 'RUNNING', started_at = coalesce(t.started_at, now()), lease_id = $2, lease_until = now() + $3 * interval '1 millisecond',
           attempts = t.attempts + 1, epoch = 0, curve = '[]'
         from versions v join projects p on p.id = v.project_id join workspaces w on w.id = v.workspace_id
         where t.id = $1 and (t.status = 'QUEUED' or t.lease_until < now()) and t.ended_at is null and t.attempts < $4
           and v.id = t.version_id and ${LIVE_VERSION}
         returning t.id as "trainingId", t.lease_id as "leaseId", w.slug as "workspaceSlug", p.slug as "projectSlug", p.type as "projectType", v.id as "versionId", v.number as "versionNumber",
           t.number, t.model_type as "modelType", t.epochs, v.manifest_hash as "manifestHash", v.classes,
           jsonb_build_object('train', v.train_images, 'valid', v.valid_images, 'test', v.test_images) as splits`,
});

/**
 * What an earlier trainer of the run stored and did not hand in is nobody's: a grant that is over tells the sweep. A set with
 * what it says.
 */
const DROP_WEIGHTS = statement({
  name: "training-run-drop-weights",
  text: `
with dropped as (
  update trainings t set weights_id = null, weights_bytes = 0, weights_onnx = null where t.id = $1 and t.weights_id is not null
  returning t.id, t.version_id, t.workspace_id
)
insert into grants (id, holder, workspace_id, project_id, version_id, training_id, until)
select $2, 'WEIGHTS', d.workspace_id, v.project_id, v.id, d.id, now() from dropped d join versions v on v.id = d.version_id`,
});

const WORKER_LOST = "worker lost";

/** Whoever asks for a run may be the one who finds that another is lost: that is nobody's doing. */
const ofOurs = (ctx: Context): Context => ({ ...ctx, actor: { type: "SYSTEM", job: "train", memberships: [] } });

/** The database's clock. */
const GIVE_UP = statement({
  name: "training-run-give-up",
  text: `update trainings set status = 'FAILED', status_reason = '${WORKER_LOST}', ended_at = now(), lease_id = null, lease_until = null
         where id = $1 and ended_at is null and (status = 'QUEUED' or lease_until < now()) and attempts >= $2
         returning id, workspace_id as "workspaceId", version_id as "versionId", number`,
});

/** Takes the oldest run that waits for a trainer of this kind; one whose trainers keep falling silent fails instead. */
async function takeRun(
  ctx: Context,
  trainer: TrainerKind,
  workspaceId: string | null,
  trainingId: string | null,
): Promise<TrainingRun | null> {
  for (;;) {
    const [candidate] = await query<{ id: string; versionId: string }>(CANDIDATE, [trainer, workspaceId, trainingId]);
    if (!candidate) return null;
    const taken = await transaction(async (tx) => {
      await takeLocks(tx, projectLockOfVersion(candidate.versionId), versionLock(candidate.versionId, "write"));
      const [run] = await tx.query<TrainingRun>(CLAIM, [candidate.id, newId(), TRAINING_LEASE_MS, ATTEMPTS_MAX]);
      if (run) {
        await tx.query(DROP_WEIGHTS, [candidate.id, newId()]);
        return run;
      }
      const [lost] = await tx.query<NamedTraining>(GIVE_UP, [candidate.id, ATTEMPTS_MAX]);
      if (lost) await recordAudit(tx, ofOurs(ctx), [trainingEvent("training.failed", lost, { reason: WORKER_LOST })]);
      return null;
    });
    if (taken) return taken;
  }
}

/**
 * Takes the oldest waiting run for a worker of ours, for TRAINING_LEASE_MS: one that is queued, or whose trainer fell
 * silent; that begins anew. One that three trainers began and none ended fails as "worker lost" instead. With
 * `trainingId` only that one. null: there is none.
 */
export async function claimTraining(ctx: Context, only: { trainingId?: string } = {}): Promise<TrainingRun | null> {
  authorizeSystem(ctx);
  return takeRun(ctx, "EMBEDDED", null, only.trainingId ?? null);
}

/** The same for a trainer elsewhere, which works for one workspace and on what our own trainer does not make. */
export async function leaseTraining(ctx: Context, workspaceSlug: string): Promise<TrainingRun | null> {
  const { workspaceId } = authorize(ctx, "work on trainings", workspaceSlug);
  return takeRun(ctx, "EXTERNAL", workspaceId, null);
}

/** One finished epoch: from 1; loss and accuracy (0 to 1) on the training images, and on those of valid where there are some. */
export interface Epoch {
  epoch: number;
  loss: number;
  accuracy: number;
  validLoss: number | null;
  validAccuracy: number | null;
}

/** An epoch that was reported before is passed over, so that a report may be sent again. hot: twice a second for each run; the database's clock. */
const HEARTBEAT = statement({
  name: "training-run-heartbeat",
  text: `update trainings t set lease_until = now() + $3 * interval '1 millisecond', epoch = greatest(t.epoch, $4),
           curve = t.curve || coalesce((select jsonb_agg(e order by (e->>'epoch')::int) from jsonb_array_elements($5::jsonb) e where (e->>'epoch')::int > t.epoch), '[]')
         from versions v join projects p on p.id = v.project_id
         where t.id = $1 and t.lease_id = $2 and t.status = 'RUNNING' and ($6::text is null or t.workspace_id = $6)
           and v.id = t.version_id and ${LIVE_VERSION}
         returning t.stop_asked_at is not null as "stopAsked"`,
});

export type Heartbeat = "go on" | "stop" | "cancel";

/**
 * Reports the epochs finished since the last one and renews the lease. "cancel": the run is over for this trainer; end at
 * once and publish nothing. "stop": end after the running epoch and hand in what there is.
 */
export async function heartbeatTraining(
  ctx: Context,
  lease: TrainingLease,
  epochs: readonly Epoch[] = [],
): Promise<Heartbeat> {
  const workspaceId = workspaceOf(ctx, lease.workspaceSlug);
  const last = Math.max(0, ...epochs.map(({ epoch }) => epoch));
  const [row] = await query<{ stopAsked: boolean }>(HEARTBEAT, [
    lease.trainingId,
    lease.leaseId,
    TRAINING_LEASE_MS,
    last,
    JSON.stringify(epochs),
    workspaceId,
  ]);
  if (!row) return "cancel";
  return row.stopAsked ? "stop" : "go on";
}

/** One snapshot of run, version and project. */
const LEASE_STATE = statement({
  name: "training-run-lease-state",
  text: `select t.version_id as "versionId", t.status = 'RUNNING' and t.lease_id is not distinct from $2 and ${LIVE_VERSION} as held,
           t.weights_id is not null as "hasWeights", (select m.slug from models m where m.id = $2 and m.training_id = t.id) as "modelSlug"
         from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
         where t.id = $1 and t.workspace_id = $3`,
});

export interface LeaseState {
  versionId: string;
  /** The run is still this trainer's. Once it is not, it never is again. */
  held: boolean;
  /** It has stored weights. */
  hasWeights: boolean;
  /** What it handed in. */
  modelSlug: string | null;
}

/** How it stands with a lease that a trainer elsewhere names. Throws `not_found` when the workspace has no such training. */
export async function getLeaseState(ctx: Context, lease: TrainingLease): Promise<LeaseState> {
  const { workspaceId } = authorize(ctx, "work on trainings", lease.workspaceSlug);
  const [state] = await query<LeaseState>(LEASE_STATE, [lease.trainingId, lease.leaseId, workspaceId]);
  if (!state) throw new DomainError("not_found", "There is no such training.");
  return state;
}

/** The fence, in one conditional statement. */
const FINISH = statement({
  name: "training-run-finish",
  text: `
update trainings t set ended_at = $3, lease_id = null, lease_until = null,
  status = (case when t.stop_asked_at is not null and t.epoch < t.epochs then 'STOPPED' else 'FINISHED' end)::"TrainingStatus"
from versions v join projects p on p.id = v.project_id
where t.id = $1 and t.lease_id = $2 and t.status = 'RUNNING' and t.weights_id is not null and ($4::text is null or t.workspace_id = $4)
  and v.id = t.version_id and ${LIVE_VERSION}
returning t.number, t.status, t.trainer, t.model_type as "modelType", t.weights_id as "weightsId", t.weights_bytes as "weightsBytes",
  t.weights_onnx as "weightsOnnx",
  v.id as "versionId", v.number as "versionNumber", v.workspace_id as "workspaceId", p.id as "projectId", p.slug as "projectSlug"`,
});

interface EndedRun {
  number: number;
  weightsId: string;
  /** As a string. */
  weightsBytes: string;
  weightsOnnx: FoundOnnx | null;
  status: "FINISHED" | "STOPPED";
  trainer: TrainerKind;
  modelType: string;
  versionId: string;
  versionNumber: number;
  workspaceId: string;
  projectId: string;
  projectSlug: string;
}

/**
 * Ends a run with a model of the weights that were kept: FINISHED, or STOPPED when it was asked to stop and did so early.
 * The conditional write on the training is the fence: once a trash or a cancel has ended the run, no model row can follow.
 * The version is locked before it, in the order that a trash takes. The model gets the lease's id, so that repeating finds
 * it. null: the run was over, or has no weights.
 */
export async function finishTraining(
  ctx: Context,
  lease: TrainingLease,
  { metrics }: { metrics: object },
): Promise<{ modelSlug: string } | null> {
  const workspaceId = workspaceOf(ctx, lease.workspaceSlug);
  return transaction(async (tx) => {
    await takeLocks(tx, versionLockOfTraining(lease.trainingId));
    const [run] = await tx.query<EndedRun>(FINISH, [lease.trainingId, lease.leaseId, ctx.now, workspaceId]);
    if (!run) return null;
    const { versionId, modelType, weightsId, weightsOnnx: onnx } = run;
    await tx.training.update({
      where: { id: lease.trainingId },
      data: { weightsId: null, weightsBytes: 0, weightsOnnx: Prisma.DbNull },
    });
    const slug = await addModel(tx, ctx, {
      id: lease.leaseId,
      workspaceId: run.workspaceId,
      project: { id: run.projectId, slug: run.projectSlug },
      version: { id: versionId, number: run.versionNumber },
      training: { id: lease.trainingId, number: run.number },
      modelType,
      servable: onnx !== null || run.trainer === "EMBEDDED",
      metrics,
      weights: {
        id: weightsId,
        sizeBytes: Number(run.weightsBytes),
        onnx,
        fileType: onnx === null ? null : onnx.entry === null ? "onnx" : "zip",
      },
    });
    const action = run.status === "STOPPED" ? "training.stopped" : "training.finished";
    await recordAudit(tx, ctx, [trainingEvent(action, { ...run, id: lease.trainingId }, { model: slug })]);
    return { modelSlug: slug };
  });
}

/** Ends a run without a model. `reason` is shown to people: a word that the pages know, or a sentence. False: it was over already. */
export async function failTraining(ctx: Context, lease: TrainingLease, reason: string): Promise<boolean> {
  const workspaceId = workspaceOf(ctx, lease.workspaceSlug);
  return transaction(async (tx) => {
    const [failed] = await tx.training.updateManyAndReturn({
      where: {
        id: lease.trainingId,
        leaseId: lease.leaseId,
        status: "RUNNING",
        ...(workspaceId === null ? {} : { workspaceId }),
      },
      data: { status: "FAILED", statusReason: reason, endedAt: ctx.now, leaseId: null, leaseUntil: null },
      select: { id: true, workspaceId: true, versionId: true, number: true },
    });
    if (failed) await recordAudit(tx, ctx, [trainingEvent("training.failed", failed, { reason })]);
    return failed !== undefined;
  });
}

/** Puts a run of ours back into the queue, as if it had not begun, and wakes others to take it: its worker is being shut down. */
export async function releaseTraining(ctx: Context, lease: TrainingLease): Promise<void> {
  authorizeSystem(ctx);
  await transaction(async (tx) => {
    const released = await tx.training.updateManyAndReturn({
      where: { id: lease.trainingId, leaseId: lease.leaseId, status: "RUNNING" },
      data: { status: "QUEUED", leaseId: null, leaseUntil: null, attempts: { decrement: 1 }, epoch: 0, curve: [] },
      select: { id: true },
    });
    if (released.length > 0) await enqueue(tx, "run-trainings");
  });
  await notifyTrainers();
}
