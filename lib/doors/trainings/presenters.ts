import type { z } from "zod";
import { FORMATS_OF_TYPE, nameOfFormat } from "@/lib/domain/exports";
import { DomainError } from "@/lib/domain/errors";
import {
  EMBEDDED_MODEL_TYPE,
  type EndedTraining,
  EPOCHS_DEFAULT,
  EPOCHS_MAX,
  type StartedTraining,
  TRAINING_LEASE_MS,
  type TrainingRun,
  type TrainingView,
} from "@/lib/domain/trainings";
import { toEpochSeconds, type VersionPath } from "@/lib/doors/fields";
import { PROJECT_TYPES } from "@/lib/doors/projects/presenters";
import type * as schemas from "./schemas";

/** A loop of the client's users ends at "finished" or "failed": one that was stopped has finished, too. */
const STATUSES = {
  QUEUED: "queued",
  RUNNING: "running",
  FINISHED: "finished",
  STOPPED: "finished",
  FAILED: "failed",
  CANCELLED: "cancelled",
} as const satisfies Record<TrainingView["status"], string>;

const modelIds = ({ workspace }: VersionPath, { modelSlug }: TrainingView): string[] =>
  modelSlug === null ? [] : [`${workspace}/${modelSlug}`];

const fields = (path: VersionPath, training: TrainingView) => ({
  trainingId: training.id,
  number: training.number,
  status: STATUSES[training.status],
  ...(training.status === "STOPPED" ? { stopped: true as const } : {}),
  ...(training.statusReason === null ? {} : { statusReason: training.statusReason }),
  epoch: training.epoch,
  epochs: training.epochs,
  modelType: training.modelType,
  modelGroup: training.id,
  start: toEpochSeconds(training.createdAt),
  ...(training.endedAt === null ? {} : { end: toEpochSeconds(training.endedAt) }),
  modelIds: modelIds(path, training),
});

export function presentTrainings(
  path: VersionPath,
  trainings: readonly TrainingView[],
): z.input<typeof schemas.trainingsAnswer> {
  return { trainings: trainings.map((training) => fields(path, training)) };
}

export function presentTraining(path: VersionPath, training: TrainingView): z.input<typeof schemas.trainingAnswer> {
  const models = modelIds(path, training).map((modelId) => ({
    modelId,
    modelType: training.modelType,
    metrics: training.metrics,
  }));
  return { ...fields(path, training), jobType: "training", modelCount: models.length, models, curve: training.curve };
}

export function presentRecipe({
  modelType = EMBEDDED_MODEL_TYPE,
}: {
  modelType?: string | undefined;
}): z.input<typeof schemas.recipeAnswer> {
  return {
    modelType,
    schema: { hyperparameters: [{ key: "epochs", type: "int", min: 1, max: EPOCHS_MAX, default: EPOCHS_DEFAULT }] },
    template: { schema_version: 1, hyperparameters: { epochs: EPOCHS_DEFAULT } },
  };
}

type TrainBody = z.output<typeof schemas.trainBody>;

/** What a body asks for, in the domain's words. */
export const toTraining = ({
  modelType,
  epochs,
  trainRecipe,
}: TrainBody): { modelType?: string | undefined; epochs?: number | undefined } => ({
  modelType: modelType ?? undefined,
  epochs: trainRecipe?.hyperparameters?.epochs ?? epochs ?? undefined,
});

/** What a body asks for and nobody heeds, by name. */
function listIgnored({ trainRecipe, speed, checkpoint, businessContext }: TrainBody): string[] {
  const { schema_version: _, hyperparameters, ...recipe } = trainRecipe ?? {};
  const { epochs: _epochs, ...others } = hyperparameters ?? {};
  const given = (prefix: string, values: object): string[] =>
    Object.entries(values).flatMap(([name, value]) => (value === undefined || value === null ? [] : prefix + name));
  return [
    ...given("", { speed, checkpoint, businessContext }),
    ...given("trainRecipe.", recipe),
    ...given("trainRecipe.hyperparameters.", others),
  ];
}

export function presentStarted(
  { id, number }: StartedTraining,
  body: TrainBody,
): z.input<typeof schemas.startedAnswer> {
  const ignored = listIgnored(body);
  return {
    trainingId: id,
    jobId: id,
    number,
    status: "queued",
    modelType: body.modelType ?? EMBEDDED_MODEL_TYPE,
    ...(ignored.length === 0 ? {} : { ignored }),
  };
}

/** One that is over is 409, in words of which the client's command line makes a hint. */
export function presentCancelled({ outcome, id }: EndedTraining): z.input<typeof schemas.cancelledAnswer> {
  if (outcome === "already_over")
    throw new DomainError("not_running", "Cannot cancel: this training is over (it is in a non-running state).");
  return { trainingId: id, status: "cancelled" };
}

export function presentStopped({ outcome, id }: EndedTraining): z.input<typeof schemas.stoppedAnswer> {
  return { success: true, trainingId: id, outcome };
}

export function presentLease(workspace: string, run: TrainingRun | null): z.input<typeof schemas.leaseAnswer> {
  if (run === null) return { job: null };
  const formats = FORMATS_OF_TYPE[run.projectType].map(nameOfFormat);
  return {
    job: {
      trainingId: run.trainingId,
      leaseId: run.leaseId,
      leaseSeconds: TRAINING_LEASE_MS / 1000,
      project: run.projectSlug,
      type: PROJECT_TYPES[run.projectType],
      version: run.versionNumber,
      number: run.number,
      modelType: run.modelType,
      epochs: run.epochs,
      classes: run.classes,
      splits: run.splits,
      downloads: Object.fromEntries(
        formats.map((format) => [format, `/${workspace}/${run.projectSlug}/${run.versionNumber}/${format}`]),
      ),
    },
  };
}
