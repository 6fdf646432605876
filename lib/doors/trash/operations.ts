import { workspaceParams, projectParams, versionParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import { trainingParams } from "@/lib/doors/trainings/schemas";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

/** What goes to Trash, what waits there, and what comes back. */
export const trashOperations = {
  trashProject: defineOperation({
    id: "trashProject",
    tag: "Projects",
    summary: "Move a project to Trash",
    description:
      "For 30 × 24 h, with everything in it. Cancels its queued and running trainings. A second call is 404 and moves no date.",
    method: "DELETE",
    path: "/{workspace}/{project}",
    caller: byKey("update project"),
    params: projectParams,
    query: schemas.reasonQuery,
    body: NO_BODY,
    answer: schemas.trashedProjectAnswer,
    refusals: ["invalid_input", "not_found", "in_trash", "purged"],
  }),
  trashVersion: defineOperation({
    id: "trashVersion",
    tag: "Versions",
    summary: "Move a version to Trash",
    description:
      "For 30 × 24 h. Cancels its queued and running trainings; its models stop serving. A second call is 404 and moves no date.",
    method: "DELETE",
    path: "/{workspace}/{project}/{version}",
    caller: byKey("update version"),
    params: versionParams,
    query: schemas.reasonQuery,
    body: NO_BODY,
    answer: schemas.trashedVersionAnswer,
    refusals: ["invalid_input", "not_found", "in_trash", "project_in_trash", "purged"],
  }),
  trashTraining: defineOperation({
    id: "trashTraining",
    tag: "Trainings",
    summary: "Move a training to Trash",
    description: "For 30 × 24 h, once it is over. Its model stops serving. A second call is 404 and moves no date.",
    method: "DELETE",
    path: "/{workspace}/{project}/{version}/v2/trainings/{training}",
    caller: byKey("update version"),
    params: trainingParams,
    query: schemas.reasonQuery,
    body: NO_BODY,
    answer: schemas.trashedTrainingAnswer,
    refusals: ["invalid_input", "not_found", "in_trash", "project_in_trash", "purged", "training_active"],
  }),
  listTrash: defineOperation({
    id: "listTrash",
    tag: "Trash",
    summary: "What waits in Trash",
    description: "Newest first. `items` holds every object of the sections.",
    method: "GET",
    path: "/{workspace}/trash",
    caller: byKey("read trash"),
    params: workspaceParams,
    query: schemas.trashQuery,
    body: NO_BODY,
    answer: schemas.trashAnswer,
    refusals: ["not_found", "invalid_input"],
  }),
  getTrashSchedule: defineOperation({
    id: "getTrashSchedule",
    tag: "Trash",
    summary: "When the scheduled purge ran, what it did here, and what it will take",
    description:
      "What it did in this workspace, and nobody else's. `nextRunAt` is null when nobody calls at regular times; `overdue` says that the scheduler has not come for 26 hours.",
    method: "GET",
    path: "/{workspace}/trash/schedule",
    caller: byKey("read trash"),
    params: workspaceParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.scheduleAnswer,
    refusals: ["not_found"],
  }),
  restoreItem: defineOperation({
    id: "restoreItem",
    tag: "Trash",
    summary: "Restore from Trash",
    description:
      "Gives a project, version, training or removed images back exactly as they were. While the parent is in Trash: 409. Takes `project:update` for a project, `image:delete` for images, else `version:update`.",
    method: "POST",
    path: "/{workspace}/trash/restore",
    caller: byKey("update version", "update project", "remove images"),
    params: workspaceParams,
    query: NOTHING,
    body: schemas.restoreBody,
    answer: schemas.restoreAnswer,
    refusals: [
      "invalid_request",
      "not_found",
      "not_in_trash",
      "purged",
      "parent_in_trash",
      "payload_too_large",
      "unsupported_media_type",
    ],
  }),
};
