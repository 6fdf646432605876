export { describeImagesAsTask, getTask, TASK_KEPT_DAYS, type Task, type TaskFailure, type TaskResult } from "./tasks";
export {
  beginZipUpload,
  claimZip,
  completeZipUpload,
  endZip,
  forgetOldTasks,
  forgetZipFile,
  forgetZipsOf,
  getAwaitedZip,
  holdZip,
  listNamedZips,
  listUsedZips,
  releaseZip,
  ZIP_LEASE_MS,
  zipKey,
  ZIPS_FOLDER,
  type ClaimedZip,
} from "./zips";
