import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import { workspaceParams } from "@/lib/doors/fields";
import * as schemas from "./schemas";

const { byKey } = CALLERS;
const BODY_BYTES_MAX = 4 * 1024 * 1024;

export const taskOperations = {
  describeImage: defineOperation({
    id: "describeImage",
    tag: "Images",
    summary: "Change an image's tags and metadata",
    description: "What is not named stays as it is. Versions that exist know nothing of it.",
    method: "POST",
    path: "/{workspace}/images/{image}/metadata",
    caller: byKey("upload images"),
    params: schemas.imageParams,
    query: NOTHING,
    body: schemas.describeBody,
    answer: schemas.describeAnswer,
    refusals: ["invalid_request", "invalid_input", "not_found", "payload_too_large", "unsupported_media_type"],
  }),
  describeImages: defineOperation({
    id: "describeImages",
    tag: "Images",
    summary: "Change tags and metadata of many images",
    description:
      "All is checked first: one change that cannot be understood refuses them all. Images that are not there are told in the task's result.",
    method: "POST",
    path: "/{workspace}/images/metadata",
    caller: byKey("upload images"),
    params: workspaceParams,
    query: NOTHING,
    body: schemas.describeManyBody,
    bodyBytesMax: BODY_BYTES_MAX,
    answer: schemas.taskBegun,
    accepted: schemas.taskBegun,
    refusals: ["invalid_request", "invalid_input", "not_found", "payload_too_large", "unsupported_media_type"],
  }),
  getTask: defineOperation({
    id: "getTask",
    tag: "Images",
    summary: "How far a task is",
    method: "GET",
    path: "/{workspace}/asynctasks/{task}",
    caller: byKey("read projects"),
    params: schemas.taskParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.taskAnswer,
    refusals: ["not_found"],
  }),
};
