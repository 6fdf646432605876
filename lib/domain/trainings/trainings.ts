import { prisma, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { notifyTrainers } from "@/lib/platform/notify";
import type { ProjectType, TrainerKind } from "@/lib/platform/generated/enums";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { trainingPrefix, versionPrefix, withRoot } from "@/lib/domain/grants";
import { getLiveVersion, getTrainingState, type TrainingState, type VersionRef } from "@/lib/domain/item-state";
import { lockLiveVersion, takeLocks, trainingLock } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { trainingEvent } from "./event";
import { assertModelType, EMBEDDED_MODEL_TYPE, EMBEDDED_MODEL_TYPE_CLS } from "./model-types";
import { TRAINING_COLUMNS, viewTraining, type TrainingView } from "./view";

/*
 * Trainings as people and programs start and end them; runs.ts has the trainer's side. What needs a live parent
 * locks the project, then the version, and looks at both afterwards.
 */

export const EPOCHS_MAX = 500;
export const EPOCHS_DEFAULT = 20;

export interface StartedTraining {
  id: string;
  number: number;
  modelType: string;
  trainer: TrainerKind;
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
  const { modelType: asked = EMBEDDED_MODEL_TYPE } = input;
  const modelType = asked === EMBEDDED_MODEL_TYPE_CLS ? EMBEDDED_MODEL_TYPE : asked;
  const epochs = input.epochs ?? EPOCHS_DEFAULT;
  assertModelType(modelType);
  if (!Number.isInteger(epochs) || epochs < 1 || epochs > EPOCHS_MAX)
    throw new DomainError("invalid_input", `Epochs are a whole number from 1 to ${EPOCHS_MAX}.`, { field: "epochs" });
  const trainer: TrainerKind = modelType === EMBEDDED_MODEL_TYPE ? "EMBEDDED" : "EXTERNAL";
  const version = await getLiveVersion(workspaceId, input);
  const training: NewTraining = { id: newId(), workspaceId, version, modelType, epochs, trainer };
  const root = trainingPrefix(version.id, training.id);
  try {
    const number = await withRoot(root, () => insertTraining(ctx, training), versionPrefix(version.id));
    if (trainer === "EMBEDDED") await notifyTrainers();
    return { id: training.id, number, modelType, trainer };
  } catch (error) {
    await getLiveVersion(workspaceId, input); // throws why not, if that is why
    throw error;
  }
}

interface NewTraining {
  id: string;
  workspaceId: string;
  version: { id: string; number: number };
  modelType: string;
  epochs: number;
  trainer: TrainerKind;
}

/** Answers its number. */
async function insertTraining(ctx: Context, training: NewTraining): Promise<number> {
  const { id, workspaceId, version, modelType, epochs, trainer } = training;
  return transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, version.id, "write")))
      throw new DomainError("busy", "The version changed at this very moment. Try again.");
    const locked = await tx.version.findUniqueOrThrow({
      where: { id: version.id },
      select: { status: true, classes: true, trainImages: true, project: { select: { type: true } } },
    });
    if (locked.status !== "READY")
      throw new DomainError(
        "not_ready",
        `Version ${version.number} is still being generated. Train it when it is ready.`,
      );
    if (trainer === "EMBEDDED")
      assertTrainable(locked.project.type, Object.keys(locked.classes as object).length, locked.trainImages);
    const { nextTrainingNumber } = await tx.version.update({
      where: { id: version.id },
      data: { nextTrainingNumber: { increment: 1 } },
      select: { nextTrainingNumber: true },
    });
    const number = nextTrainingNumber - 1;
    await tx.training.create({
      data: {
        id,
        workspaceId,
        versionId: version.id,
        number,
        modelType,
        epochs,
        trainer,
        createdById: personId(ctx.actor),
        createdAt: ctx.now,
      },
    });
    await recordAudit(tx, ctx, [trainingEvent("training.started", { id, workspaceId, versionId: version.id, number })]);
    if (trainer === "EMBEDDED") await enqueue(tx, "run-trainings");
    return number;
  });
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
  const runs = await prisma().training.findMany({
    where: { versionId: version.id, deletedAt: null },
    orderBy: { number: "desc" },
    select: { id: true, number: true, status: true, stopAskedAt: true, endedAt: true },
  });
  const open = runs.filter((run) => run.endedAt === null);
  if (open.length > 1)
    throw severalRuns(
      "Several trainings of this version are under way",
      open.map((run) => ({ ...run, stopAsked: run.stopAskedAt !== null })),
    );
  const run = open[0] ?? (orLast ? runs[0] : undefined);
  if (!run) throw notRunning();
  return getTrainingState(workspaceId, { ...ref, trainingId: run.id });
}

const RUNS_NAMED_MAX = 5;

/** Says which, newest first, and how one is named: the official client's command line has no way to, its SDK has. */
function severalRuns(
  sentence: string,
  runs: readonly Pick<TrainingView, "id" | "number" | "status" | "stopAsked">[],
): DomainError {
  const named = runs
    .slice(0, RUNS_NAMED_MAX)
    .map(
      (run) =>
        `number ${run.number} ${run.id} (${run.stopAsked && run.status === "RUNNING" ? "stopping" : run.status.toLowerCase()})`,
    );
  const more = runs.length > RUNS_NAMED_MAX ? ` and ${runs.length - RUNS_NAMED_MAX} more` : "";
  return new DomainError(
    "several_runs",
    `${sentence}: ${named.join(", ")}${more}. Name one: in the SDK, take it from version.trainings() by its training_id and call it there; over HTTP, send its trainingId.`,
    { trainingIds: runs.map(({ id }) => id).join(" ") },
  );
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
  if (trainings.length > 1 && !orLast) throw severalRuns("This version has several trainings", trainings.toReversed());
  const training = trainings.at(-1);
  if (!training) throw new DomainError("not_found", `Version ${ref.number} was never trained. Start a training first.`);
  return training;
}

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
  return cancel(ctx, id);
}

async function cancel(ctx: Context, id: string): Promise<EndedTraining> {
  const cancelled = await transaction(async (tx) => {
    const [row] = await tx.training.updateManyAndReturn({
      where: { id, endedAt: null },
      data: { status: "CANCELLED", statusReason: null, endedAt: ctx.now, leaseId: null, leaseUntil: null },
      select: { id: true, workspaceId: true, versionId: true, number: true },
    });
    if (row) await recordAudit(tx, ctx, [trainingEvent("training.cancelled", row)]);
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
  const asked = await transaction(async (tx) => {
    await takeLocks(tx, trainingLock(id)); // or a trainer could take it between the look and the write
    const run = await tx.training.findFirst({
      where: { id, status: "RUNNING" },
      select: { id: true, workspaceId: true, versionId: true, number: true, stopAskedAt: true },
    });
    if (run?.stopAskedAt === null) {
      await tx.training.update({ where: { id }, data: { stopAskedAt: ctx.now } });
      await recordAudit(tx, ctx, [trainingEvent("training.stop_requested", run)]);
    }
    return run !== null;
  });
  if (!asked) return cancel(ctx, id);
  await notifyTrainers();
  return { outcome: "stopping", id };
}
