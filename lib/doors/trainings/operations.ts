import { BYTES_BODY, CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import { versionParams, workspaceParams } from "@/lib/doors/fields";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

const VERSION_REFUSALS = ["not_found", "in_trash", "project_in_trash", "purged", "generation_failed"] as const;
const BODY_REFUSALS = ["invalid_request", "payload_too_large", "unsupported_media_type"] as const;

/** Starts a training: in the client's new words and in its old ones. */
const start = (id: string, path: `/${string}`) =>
  defineOperation({
    id,
    tag: "Trainings",
    summary: "Start a training",
    description:
      "Queues it. Classification projects are trained by this server, unless another `modelType` is named: that waits for a trainer of yours, and the answer says so in `waitingFor`. 422 names what is asked for and could not be heeded.",
    method: "POST",
    path,
    caller: byKey("run trainings"),
    params: versionParams,
    query: NOTHING,
    body: schemas.trainBody,
    bodyOptional: true,
    answer: schemas.startedAnswer,
    refusals: [...BODY_REFUSALS, "invalid_input", ...VERSION_REFUSALS, "not_ready", "not_trainable"],
  });

const cancel = (id: string, path: `/${string}`) =>
  defineOperation({
    id,
    tag: "Trainings",
    summary: "Cancel a training",
    description:
      "Drops what it has learned; its trainer ends within seconds. 409 when it is over, and when several are under way and none is named: it says which.",
    method: "POST",
    path,
    caller: byKey("run trainings"),
    params: versionParams,
    query: NOTHING,
    body: schemas.cancelBody,
    bodyOptional: true,
    answer: schemas.cancelledAnswer,
    refusals: [...BODY_REFUSALS, ...VERSION_REFUSALS, "not_running", "several_runs"],
  });

const stop = (id: string, path: `/${string}`) =>
  defineOperation({
    id,
    tag: "Trainings",
    summary: "Stop a training and keep what it has learned",
    description:
      "It ends after its epoch and leaves a model. One that still waits has nothing to keep and is cancelled. Repeating changes nothing.",
    method: "POST",
    path,
    caller: byKey("run trainings"),
    params: versionParams,
    query: NOTHING,
    body: schemas.stopBody,
    bodyOptional: true,
    answer: schemas.stoppedAnswer,
    refusals: [...BODY_REFUSALS, ...VERSION_REFUSALS, "not_running", "several_runs"],
  });

/** What the REST API knows of trainings: people and programs that start them, and trainers elsewhere that make them. */
export const trainingOperations = {
  listTrainings: defineOperation({
    id: "listTrainings",
    tag: "Trainings",
    summary: "The trainings of a version",
    method: "GET",
    path: "/{workspace}/{project}/{version}/v2/trainings",
    caller: byKey("read versions"),
    params: versionParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.trainingsAnswer,
    refusals: VERSION_REFUSALS,
  }),
  startTraining: start("startTraining", "/{workspace}/{project}/{version}/v2/trainings"),
  getTraining: defineOperation({
    id: "getTraining",
    tag: "Trainings",
    summary: "A training, its curve and its models",
    method: "GET",
    path: "/{workspace}/{project}/{version}/v2/trainings/get",
    caller: byKey("read versions"),
    params: versionParams,
    query: schemas.trainingQuery,
    body: NO_BODY,
    answer: schemas.trainingAnswer,
    refusals: [...VERSION_REFUSALS, "invalid_input", "several_runs"],
  }),
  getTrainRecipe: defineOperation({
    id: "getTrainRecipe",
    tag: "Trainings",
    summary: "What can be set for a training",
    method: "GET",
    path: "/{workspace}/{project}/{version}/v2/trainings/recipe",
    caller: byKey("read versions"),
    params: versionParams,
    query: schemas.recipeQuery,
    body: NO_BODY,
    answer: schemas.recipeAnswer,
    refusals: [...VERSION_REFUSALS, "invalid_input"],
  }),
  cancelTraining: cancel("cancelTraining", "/{workspace}/{project}/{version}/v2/trainings/cancel"),
  stopTraining: stop("stopTraining", "/{workspace}/{project}/{version}/v2/trainings/stop"),
  train: start("train", "/{workspace}/{project}/{version}/train"),
  cancelTrain: cancel("cancelTrain", "/{workspace}/{project}/{version}/train/cancel"),
  stopTrain: stop("stopTrain", "/{workspace}/{project}/{version}/train/stop"),
  getTrainingResults: defineOperation({
    id: "getTrainingResults",
    tag: "Trainings",
    summary: "The newest training of a version",
    method: "GET",
    path: "/{workspace}/{project}/{version}/training/results",
    caller: byKey("read versions"),
    params: versionParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.resultsAnswer,
    refusals: VERSION_REFUSALS,
  }),
  leaseTraining: defineOperation({
    id: "leaseTraining",
    tag: "Trainers elsewhere",
    summary: "Lease the oldest training that waits for a trainer of yours",
    description:
      "One whose model type this server does not train itself. Two trainers never get the same one. One that three trainers began and none ended has failed.",
    method: "POST",
    path: "/{workspace}/training-jobs/lease",
    caller: byKey("work on trainings"),
    params: workspaceParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.leaseAnswer,
    refusals: ["not_found"],
  }),
  reportEpochs: defineOperation({
    id: "reportEpochs",
    tag: "Trainers elsewhere",
    summary: "Say that you are at work, and ask whether to go on",
    method: "POST",
    path: "/{workspace}/training-jobs/{job}/heartbeat",
    caller: byKey("work on trainings"),
    params: schemas.jobParams,
    query: NOTHING,
    body: schemas.heartbeatBody,
    bodyBytesMax: 256 * 1024,
    answer: schemas.heartbeatAnswer,
    refusals: [...BODY_REFUSALS, "not_found"],
  }),
  storeWeights: defineOperation({
    id: "storeWeights",
    tag: "Trainers elsewhere",
    summary: "Upload the weights of a run",
    description:
      "Any file, as the body. Whole or not at all; a second one takes its place. The lease is kept while it is sent. An ONNX file, or a zip with one in it, is looked at: the model will be served, or 422 says why it cannot be.",
    method: "PUT",
    path: "/{workspace}/training-jobs/{job}/weights",
    caller: byKey("work on trainings"),
    params: schemas.jobParams,
    query: schemas.leaseQuery,
    body: BYTES_BODY,
    answer: schemas.weightsStored,
    refusals: ["not_found", "invalid_input", "invalid_request", "payload_too_large", "not_running"],
  }),
  finishTraining: defineOperation({
    id: "finishTraining",
    tag: "Trainers elsewhere",
    summary: "End a run with a model of its weights",
    description:
      "409 when the run is over for you: then its weights are taken away. Repeating answers the same model. It can be downloaded, and asked when its weights are an ONNX file.",
    method: "POST",
    path: "/{workspace}/training-jobs/{job}/finish",
    caller: byKey("work on trainings"),
    params: schemas.jobParams,
    query: NOTHING,
    body: schemas.finishBody,
    answer: schemas.finishAnswer,
    refusals: [...BODY_REFUSALS, "not_found", "not_running"],
  }),
  failTraining: defineOperation({
    id: "failTraining",
    tag: "Trainers elsewhere",
    summary: "End a run without a model",
    method: "POST",
    path: "/{workspace}/training-jobs/{job}/fail",
    caller: byKey("work on trainings"),
    params: schemas.jobParams,
    query: NOTHING,
    body: schemas.failBody,
    answer: schemas.failAnswer,
    refusals: [...BODY_REFUSALS, "not_found", "not_running"],
  }),
};
