import { workspaceParams, projectParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const projectOperations = {
  getProject: defineOperation({
    id: "getProject",
    tag: "Projects",
    summary: "A project and its versions",
    method: "GET",
    path: "/{workspace}/{project}",
    caller: byKey("read projects"),
    params: projectParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.projectAnswer,
    refusals: ["not_found", "in_trash", "purged"],
  }),
  createProject: defineOperation({
    id: "createProject",
    tag: "Projects",
    summary: "Create a project",
    description:
      "Its slug is made from its name. Where a project has that slug, live, in Trash or purged, the answer is 409 with the next free one in `hint`: a second project is made only when it is asked for by another name.",
    method: "POST",
    path: "/{workspace}/projects",
    caller: byKey("create project"),
    params: workspaceParams,
    query: NOTHING,
    body: schemas.newProjectBody,
    answer: schemas.newProjectAnswer,
    refusals: [
      "invalid_request",
      "invalid_input",
      "not_found",
      "already_exists",
      "payload_too_large",
      "unsupported_media_type",
    ],
  }),
};
