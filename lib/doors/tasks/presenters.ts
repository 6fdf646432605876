import type { z } from "zod";
import type { DescriptionChange } from "@/lib/domain/images";
import type { Task } from "@/lib/domain/tasks";
import { apiUrl } from "@/lib/doors/public-url";
import type * as schemas from "./schemas";

type Change = Omit<z.output<typeof schemas.describeManyBody>["updates"][number], "imageId">;

/** The client writes null, or nothing, for what is to stay. */
export const toChange = (imageId: string, change: Change): DescriptionChange => ({
  imageId,
  metadata: change.metadata ?? undefined,
  removeMetadata: change.removeMetadata ?? undefined,
  addTags: change.addTags ?? undefined,
  removeTags: change.removeTags ?? undefined,
});

/** Where to ask how far a task is. */
export const presentBegun = (workspace: string, taskId: string): z.input<typeof schemas.taskBegun> => ({
  taskId,
  url: `${apiUrl()}/${workspace}/asynctasks/${taskId}`,
});

const STATUS = {
  WAITING: "queued",
  QUEUED: "queued",
  RUNNING: "running",
  COMPLETED: "completed",
  FAILED: "failed",
} as const satisfies Record<Task["status"], string>;

export const statusOf = ({ status }: Pick<Task, "status">) => STATUS[status];

export const progressOf = ({ done, total }: Task) => ({ current: done, ...(total === null ? {} : { total }) });

export function presentTask(task: Task): z.input<typeof schemas.taskAnswer> {
  const { id, result, problem } = task;
  return {
    taskId: id,
    status: statusOf(task),
    progress: progressOf(task),
    ...(result === null
      ? {}
      : {
          result: {
            succeeded: result.succeeded,
            failed: result.failed,
            failedItems: result.failures.map(({ item, error }) => ({ imageId: item, error })),
          },
        }),
    ...(problem === null ? {} : { error: problem }),
  };
}

export function presentZip(task: Task): z.input<typeof schemas.zipAnswer> {
  const { id, result, problem } = task;
  const number = (name: string): number => {
    const value = result?.[name];
    return typeof value === "number" ? value : 0;
  };
  const notes = result?.["notes"];
  return {
    taskId: id,
    status: statusOf(task),
    progress: progressOf(task),
    ...(result === null
      ? {}
      : {
          result: {
            added: number("added"),
            duplicates: number("duplicates"),
            annotated: number("annotated"),
            failed: result.failed,
            failures: result.failures.map(({ item, error }) => ({ file: item, error })),
            notes: Array.isArray(notes) ? notes.map(({ item, error }) => ({ file: item, note: error })) : [],
          },
        }),
    ...(problem === null ? {} : { error: problem }),
  };
}
