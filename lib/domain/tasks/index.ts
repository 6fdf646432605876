export { describeImagesAsTask, getTask, TASK_KEPT_DAYS, type Task, type TaskFailure, type TaskResult } from "./tasks";
