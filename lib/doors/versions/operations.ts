import { projectParams, versionParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const versionOperations = {
  generateVersion: defineOperation({
    id: "generateVersion",
    tag: "Versions",
    summary: "Generate a version",
    description:
      "Begins a version of the project's images as they are now, and counts its images against the quota at once; a worker makes them. Look at the version until `generating` is false. The same images, settings and seed give the same bytes. Without a seed it is the project's, so that images which `splits` deals anew stay in the splits that they had in earlier versions, as far as the shares allow.",
    method: "POST",
    path: "/{workspace}/{project}/generate",
    caller: byKey("create version"),
    params: projectParams,
    query: NOTHING,
    body: schemas.generateBody,
    answer: schemas.generateAnswer,
    refusals: [
      "invalid_request",
      "invalid_input",
      "not_found",
      "in_trash",
      "purged",
      "nothing_to_generate",
      "quota_exceeded",
      "payload_too_large",
      "unsupported_media_type",
    ],
  }),
  getVersion: defineOperation({
    id: "getVersion",
    tag: "Versions",
    summary: "A version",
    description: "While it is being generated, `generating` is true and `images` is 0.",
    method: "GET",
    path: "/{workspace}/{project}/{version}",
    caller: byKey("read versions"),
    params: versionParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.versionAnswer,
    refusals: ["not_found", "in_trash", "project_in_trash", "purged", "generation_failed"],
  }),
};
