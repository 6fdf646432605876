import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import { projectParams, workspaceParams } from "@/lib/doors/fields";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const searchOperations = {
  searchProject: defineOperation({
    id: "searchProject",
    tag: "Images",
    summary: "Search a project's images",
    description: "Oldest first, so that what is uploaded meanwhile moves no page.",
    method: "POST",
    path: "/{workspace}/{project}/search",
    caller: byKey("read projects"),
    params: projectParams,
    query: NOTHING,
    body: schemas.searchBody,
    bodyOptional: true,
    answer: schemas.searchAnswer,
    refusals: [
      "invalid_request",
      "invalid_input",
      "not_found",
      "in_trash",
      "purged",
      "payload_too_large",
      "unsupported_media_type",
    ],
  }),
  searchWorkspace: defineOperation({
    id: "searchWorkspace",
    tag: "Images",
    summary: "Search the images of all projects",
    method: "POST",
    path: "/{workspace}/search/v1",
    caller: byKey("read projects"),
    params: workspaceParams,
    query: NOTHING,
    body: schemas.workspaceSearchBody,
    answer: schemas.workspaceSearchAnswer,
    refusals: ["invalid_request", "invalid_input", "not_found", "payload_too_large", "unsupported_media_type"],
  }),
  getImage: defineOperation({
    id: "getImage",
    tag: "Images",
    summary: "Look at one image",
    method: "GET",
    path: "/{workspace}/{project}/images/{image}",
    caller: byKey("read projects"),
    params: schemas.imageParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.imageAnswer,
    refusals: ["not_found", "in_trash", "purged", "not_configured"],
  }),
};
