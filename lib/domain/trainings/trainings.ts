import { prisma, query, transaction, type Statement } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { notifyTrainers } from "@/lib/platform/notify";
import type { ProjectType, TrainerKind } from "@/lib/platform/generated/enums";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, getTrainingState, type TrainingState, type VersionRef } from "@/lib/domain/item-state";
import { authorize } from "@/lib/domain/permissions";
import { TRAINING_COLUMNS, viewTraining, type TrainingView } from "./view";

/*
 * Trainings as people and programs start and end them; training-runs.ts has the trainer's side. What needs a live parent
 * locks the project, then the version, and looks at both afterwards.
 */

/** What our own trainer makes; everything else waits for a trainer elsewhere. */
export const EMBEDDED_MODEL_TYPE = "hog-mlp";
export const EPOCHS_MAX = 500;
export const EPOCHS_DEFAULT = 20;

const MODEL_TYPE = /^[a-z0-9][a-z0-9._-]{0,63}$/;

const SHARE_PROJECT: Statement = {
  name: "training-share-project",
  text: `select p.id, p.type, p.deleted_at as "deletedAt" from projects p where p.id = (select project_id from versions where id = $1) for share`,
};

const LOCK_VERSION: Statement = {
  name: "training-lock-version",
  text: `select id, deleted_at as "deletedAt", status, classes, train_images as "trainImages" from versions where id = $1 for no key update`,
};

const INSERT: Statement = {
  name: "training-insert",
  text: `with drawn as (
           update versions set next_training_number = next_training_number + 1 where id = $2 returning workspace_id, next_training_number - 1 as number
         )
         insert into trainings (id, workspace_id, version_id, number, model_type, epochs, created_by_id, created_at, trainer)
         select $1, workspace_id, $2, number, $3, $4, $5, $6, $7::"TrainerKind" from drawn
         returning number`,
};

export interface StartedTraining {
  id: string;
  number: number;
}

/**
 * Queues a training of a version. No training is ever queued on a version or in a project that is in Trash, whichever
 * of the two acts comes first. Numbers are never used twice.
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `not_ready`, `invalid_input`, and `not_trainable` when our own
 * trainer could learn nothing from it.
 */
export async function startTraining(
  ctx: Context,
  input: VersionRef & { modelType?: string | undefined; epochs?: number | undefined },
): Promise<StartedTraining> {
  const { workspaceId } = authorize(ctx, "run trainings", input.workspaceSlug);
  const modelType = input.modelType ?? EMBEDDED_MODEL_TYPE;
  const epochs = input.epochs ?? EPOCHS_DEFAULT;
  if (!MODEL_TYPE.test(modelType))
    throw new DomainError("invalid_input", "A model type has lower-case letters, digits, dots and dashes.", {
      field: "modelType",
    });
  if (!Number.isInteger(epochs) || epochs < 1 || epochs > EPOCHS_MAX)
    throw new DomainError("invalid_input", `Epochs are a whole number from 1 to ${EPOCHS_MAX}.`, { field: "epochs" });
  const trainer: TrainerKind = modelType === EMBEDDED_MODEL_TYPE ? "EMBEDDED" : "EXTERNAL";
  const version = await getLiveVersion(workspaceId, input);
  const started = await transaction(async (tx) => {
    const [project] = await tx.query<{ type: ProjectType; deletedAt: Date | null }>(SHARE_PROJECT, [version.id]);
    const [locked] = await tx.query<{
      deletedAt: Date | null;
      status: string;
      classes: Record<string, number>;
      trainImages: number;
    }>(LOCK_VERSION, [version.id]);
    if (!project || project.deletedAt || !locked || locked.deletedAt) return null;
    if (locked.status !== "READY")
      throw new DomainError(
        "not_ready",
        `Version ${input.number} is still being generated. Train it when it is ready.`,
      );
    if (trainer === "EMBEDDED") assertTrainable(project.type, Object.keys(locked.classes).length, locked.trainImages);
    const id = newId();
    const [training] = await tx.query<{ number: number }>(INSERT, [
      id,
      version.id,
      modelType,
      epochs,
      personId(ctx.actor),
      ctx.now,
      trainer,
    ]);
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "training.started",
        targetType: "training",
        targetId: id,
        targetName: `Training ${training!.number}`,
      },
    ]);
    if (trainer === "EMBEDDED") await enqueue(tx, "run-trainings");
    return { id, number: training!.number };
  });
  if (started) {
    if (trainer === "EMBEDDED") await notifyTrainers();
    return started;
  }
  await getLiveVersion(workspaceId, input); // throws why not
  throw new DomainError("busy", "The version changed at this very moment. Try again.");
}

/** Why our own trainer could learn nothing from a version: of its project's type, its classes, or its training images. */
export type Untrainable = "type" | "classes" | "images";

/** What our own trainer needs; null when it is all there. The page asks the same before it offers to train. */
export function findUntrainable(type: ProjectType, classes: number, trainImages: number): Untrainable | null {
  if (type !== "CLASSIFICATION") return "type";
  if (classes < 2) return "classes";
  return trainImages < 2 ? "images" : null;
}

const UNTRAINABLE: Record<Untrainable, string> = {
  type: "Our own trainer learns to classify images. For object detection, name the model type of a trainer of yours that leases runs over HTTP.",
  classes: "There is nothing to tell apart: label the images with at least two classes and generate a version of them.",
  images: "This version has no images to train on: generate one with images in the split train.",
};

function assertTrainable(type: ProjectType, classes: number, trainImages: number): void {
  const reason = findUntrainable(type, classes, trainImages);
  if (reason) throw new DomainError("not_trainable", UNTRAINABLE[reason], { reason });
}

const RUNS: Statement = {
  name: "training-runs-of-version",
  text: `select id, ended_at is null as open from trainings where version_id = $1 and deleted_at is null order by number desc`,
};

/** Which run a call is about: the one it names, else the one that is under way. */
export type WhichTraining = VersionRef & { trainingId?: string | undefined };

/**
 * The run that a caller means who may name none, as the official client's commands do. Without `trainingId` it is the
 * one that is queued or running; with `orLast`, for what does no harm to one that is over, else the last one.
 * Throws `not_running` when there is none, `several_runs` when more than one is under way, and as getTrainingState.
 */
async function findRun(
  workspaceId: string,
  ref: WhichTraining,
  { orLast }: { orLast: boolean },
): Promise<TrainingState> {
  if (ref.trainingId !== undefined) return getTrainingState(workspaceId, { ...ref, trainingId: ref.trainingId });
  const version = await getLiveVersion(workspaceId, ref);
  const runs = await query<{ id: string; open: boolean }>(RUNS, [version.id]);
  const open = runs.filter((run) => run.open);
  if (open.length > 1)
    throw new DomainError("several_runs", "Several trainings of this version are under way. Name one with trainingId.");
  const run = open[0] ?? (orLast ? runs[0] : undefined);
  if (!run) throw notRunning();
  return getTrainingState(workspaceId, { ...ref, trainingId: run.id });
}

// the official client's command line gives a good hint when it reads these words
const notRunning = (): DomainError =>
  new DomainError(
    "not_running",
    "Cannot cancel or stop: no training of this version is queued or running (it is in a non-running state).",
  );

/** The trainings of a live version that are not in Trash, oldest first. Throws as getLiveVersion. */
export async function listTrainings(ctx: Context, ref: VersionRef): Promise<TrainingView[]> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const { id } = await getLiveVersion(workspaceId, ref);
  const rows = await prisma().training.findMany({
    where: { versionId: id, deletedAt: null },
    orderBy: { number: "asc" },
    select: TRAINING_COLUMNS,
  });
  return rows.map(viewTraining);
}

/**
 * A training as it stands: the one that is named, else the only one of its version, or with `orLast` the newest.
 * Throws `not_found` when there is none, `several_runs`, `in_trash`, and as getLiveVersion and getTrainingState.
 */
export async function getTraining(
  ctx: Context,
  ref: WhichTraining,
  { orLast = false }: { orLast?: boolean } = {},
): Promise<TrainingView> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const trainings = await listTrainings(ctx, ref);
  const { trainingId } = ref;
  if (trainingId !== undefined) {
    const training = trainings.find(({ id }) => id === trainingId);
    if (training) return training;
    const { name, deletedAt, purgeAfter } = await getTrainingState(workspaceId, { ...ref, trainingId });
    if (!deletedAt) return getTraining(ctx, ref); // it came between the two reads
    throw new DomainError("in_trash", `${name} is in Trash. Restore it to use it.`, {
      restorableUntil: purgeAfter!.toISOString(),
    });
  }
  if (trainings.length > 1 && !orLast)
    throw new DomainError("several_runs", "This version has several trainings. Name one with trainingId.");
  const training = trainings.at(-1);
  if (!training) throw new DomainError("not_found", `Version ${ref.number} was never trained. Start a training first.`);
  return training;
}

const CANCEL: Statement = {
  name: "training-cancel",
  text: `update trainings set status = 'CANCELLED', status_reason = null, ended_at = $2, lease_id = null, lease_until = null
         where id = $1 and ended_at is null returning number`,
};

const ASK_STOP: Statement = {
  name: "training-ask-stop",
  text: `update trainings set stop_asked_at = coalesce(stop_asked_at, $2) where id = $1 and status = 'RUNNING' returning id`,
};

export interface EndedTraining {
  outcome: "cancelled" | "stopping" | "already_over";
  id: string;
}

/**
 * Ends a queued or running training and drops what it learned. Its trainer notices within a second. Repeating is
 * `already_over`. Throws `not_running` when none is named and none is under way, `several_runs`, and as getTrainingState.
 */
export async function cancelTraining(ctx: Context, ref: WhichTraining): Promise<EndedTraining> {
  const { workspaceId } = authorize(ctx, "run trainings", ref.workspaceSlug);
  const { id } = await findRun(workspaceId, ref, { orLast: false });
  return cancel(ctx, workspaceId, id);
}

async function cancel(ctx: Context, workspaceId: string, id: string): Promise<EndedTraining> {
  const cancelled = await transaction(async (tx) => {
    const [row] = await tx.query<{ number: number }>(CANCEL, [id, ctx.now]);
    if (row)
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "training.cancelled",
          targetType: "training",
          targetId: id,
          targetName: `Training ${row.number}`,
        },
      ]);
    return row !== undefined;
  });
  if (!cancelled) return { outcome: "already_over", id };
  await notifyTrainers();
  return { outcome: "cancelled", id };
}

/**
 * Asks a running training to end after its epoch and keep what it learned. One that waits in the queue, be it that its
 * trainer was just lost, has nothing to keep and is cancelled. Repeating changes nothing; when all runs are over it is
 * `already_over`. Throws as cancelTraining; `not_running` only where nothing was ever trained.
 */
export async function stopTraining(ctx: Context, ref: WhichTraining): Promise<EndedTraining> {
  const { workspaceId } = authorize(ctx, "run trainings", ref.workspaceSlug);
  const { id } = await findRun(workspaceId, ref, { orLast: true });
  const asked = await query(ASK_STOP, [id, ctx.now]);
  if (asked.length === 0) return cancel(ctx, workspaceId, id);
  await notifyTrainers();
  return { outcome: "stopping", id };
}
