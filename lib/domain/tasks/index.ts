export { describeImagesAsTask, getTask, TASK_KEPT_DAYS, type Task, type TaskFailure, type TaskResult } from "./tasks";
export {
  claimTask,
  endTask,
  holdTask,
  releaseTask,
  TASK_LEASE_MS,
  type ClaimedTask,
  type TaskEnd,
  type TaskLease,
} from "./leases";
export {
  beginZipUpload,
  claimZip,
  completeZipUpload,
  forgetOldTasks,
  forgetZipFile,
  forgetZipsOf,
  getAwaitedZip,
  listNamedZips,
  listUsedZips,
  zipKey,
  ZIPS_FOLDER,
  type ClaimedZip,
} from "./zips";
