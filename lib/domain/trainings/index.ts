export {
  chooseModel,
  countModelCalls,
  getLinkedModel,
  getModel,
  getModelForDownload,
  getServingModel,
  listModels,
  type ModelRef,
  type ModelView,
  type ServingModel,
} from "./models";
export {
  claimTraining,
  failTraining,
  finishTraining,
  getLeaseState,
  heartbeatTraining,
  leaseTraining,
  releaseTraining,
  TRAINING_LEASE_MS,
  type Epoch,
  type Heartbeat,
  type TrainingLease,
  type TrainingRun,
} from "./runs";
export {
  cancelTraining,
  EPOCHS_DEFAULT,
  EPOCHS_MAX,
  findUntrainable,
  getTraining,
  startTraining,
  stopTraining,
  type EndedTraining,
  type StartedTraining,
  type Untrainable,
} from "./trainings";
export { TRAINING_COLUMNS, viewTraining, type TrainingView } from "./view";
export { getModelsPage, type ModelsPage } from "./models-page";
export {
  beginWeights,
  forgetLeftWeights,
  keepWeights,
  listLeftWeights,
  listNamedWeights,
  WEIGHTS_LEASE_MS,
  weightsFile,
  weightsPath,
} from "./weights";
export { EMBEDDED_MODEL_TYPE, EMBEDDED_MODEL_TYPE_CLS } from "./model-types";
export { assertCanHandIn, beginHandIn, completeHandIn, explainLostHandIn, type HandIn } from "./hand-in";
