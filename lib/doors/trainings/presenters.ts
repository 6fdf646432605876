import type { z } from "zod";
import { FORMATS_OF_TYPE, nameOfFormat } from "@/lib/domain/exports";
import { DomainError } from "@/lib/domain/errors";
import {
  EMBEDDED_MODEL_TYPE,
  EMBEDDED_MODEL_TYPE_CLS,
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

/** A model's type as the client reads what the model predicts from it. */
export const presentModelType = (modelType: string): string =>
  modelType === EMBEDDED_MODEL_TYPE ? EMBEDDED_MODEL_TYPE_CLS : modelType;

/** What a training that is queued waits for, where that is not a worker of this server. */
export const waitingFor = ({
  trainer,
  modelType,
}: Pick<TrainingView, "trainer" | "modelType">): { waitingFor?: string } =>
  trainer === "EXTERNAL" ? { waitingFor: `a trainer of yours that makes ${modelType}` } : {};

const modelIds = ({ workspace }: VersionPath, { modelSlug }: TrainingView): string[] =>
  modelSlug === null ? [] : [`${workspace}/${modelSlug}`];

const fields = (path: VersionPath, training: TrainingView) => ({
  trainingId: training.id,
  number: training.number,
  status: STATUSES[training.status],
  ...(training.status === "STOPPED" ? { stopped: true as const } : {}),
  ...(training.status === "QUEUED" ? waitingFor(training) : {}),
  ...(training.statusReason === null ? {} : { statusReason: training.statusReason }),
  epoch: training.epoch,
  epochs: training.epochs,
  modelType: presentModelType(training.modelType),
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
    modelType: presentModelType(training.modelType),
    metrics: training.metrics,
  }));
  return { ...fields(path, training), jobType: "training", modelCount: models.length, models, curve: training.curve };
}

/** The same as the client's command line shows it, which prints nothing but the status: that says what it waits for. */
export function presentResults(path: VersionPath, training: TrainingView): z.input<typeof schemas.resultsAnswer> {
  const presented = presentTraining(path, training);
  const { status, waitingFor: awaited } = presented;
  return { ...presented, status: awaited === undefined ? status : `${status}, waiting for ${awaited}` };
}

export function presentRecipe({
  modelType = EMBEDDED_MODEL_TYPE,
}: {
  modelType?: string | undefined;
}): z.input<typeof schemas.recipeAnswer> {
  return {
    modelType: presentModelType(modelType),
    schema: { hyperparameters: [{ key: "epochs", type: "int", min: 1, max: EPOCHS_MAX, default: EPOCHS_DEFAULT }] },
    template: { schema_version: 1, hyperparameters: { epochs: EPOCHS_DEFAULT } },
  };
}

type TrainBody = z.output<typeof schemas.trainBody>;

/**
 * What a body asks for, in the domain's words. Throws `invalid_input` for anything else that it asks for: a training that
 * began without it would be another than was meant.
 */
export function toTraining(body: TrainBody): { modelType?: string | undefined; epochs?: number | undefined } {
  const unheeded = listUnheeded(body).slice(0, 5); // enough to see what is meant
  if (unheeded.length > 0)
    throw new DomainError(
      "invalid_input",
      `This server cannot heed ${unheeded.map((name) => `"${name}"`).join(", ")}: a training begins anew, with a model type and a number of epochs. Leave the rest out.`,
      { field: unheeded[0]! },
    );
  const { modelType, epochs, trainRecipe } = body;
  return {
    modelType: modelType ?? undefined,
    epochs: trainRecipe?.hyperparameters?.epochs ?? epochs ?? undefined,
  };
}

/** What a body asks for beside model type and epochs, by name. */
function listUnheeded({ modelType: _, epochs: _epochs, trainRecipe, ...others }: TrainBody): string[] {
  const { schema_version: _version, hyperparameters, ...recipe } = trainRecipe ?? {};
  const { epochs: _recipeEpochs, ...hyper } = hyperparameters ?? {};
  const given = (prefix: string, values: object): string[] =>
    Object.entries(values).flatMap(([name, value]) => (asksForNothing(value) ? [] : prefix + name));
  return [...given("", others), ...given("trainRecipe.", recipe), ...given("trainRecipe.hyperparameters.", hyper)];
}

/** null, and lists and objects in which nothing stands. */
const asksForNothing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === "object" && Object.values(value).every(asksForNothing));

export function presentStarted({
  id,
  number,
  modelType,
  trainer,
}: StartedTraining): z.input<typeof schemas.startedAnswer> {
  return {
    trainingId: id,
    jobId: id,
    number,
    status: "queued",
    modelType: presentModelType(modelType),
    ...waitingFor({ trainer, modelType }),
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
