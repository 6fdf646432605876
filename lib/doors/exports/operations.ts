import { CALLERS, defineOperation, FILE_ANSWER, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey, byEverybody } = CALLERS;

export const exportOperations = {
  exportVersion: defineOperation({
    id: "exportVersion",
    tag: "Versions",
    summary: "Download a version",
    description:
      "The first call has the zip made; ask again until the answer is 200 with a link. One that could not be made is 409 for a minute; then the next call tries again. A classification project has `folder` and `multiclass`, an object detection project all but `folder`.",
    method: "GET",
    path: "/{workspace}/{project}/{version}/{format}",
    caller: byKey("read versions"),
    params: schemas.exportParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.exportAnswer,
    accepted: schemas.exportProgress,
    refusals: [
      "not_found",
      "in_trash",
      "project_in_trash",
      "purged",
      "generation_failed",
      "not_ready",
      "invalid_input",
      "export_failed",
      "not_configured",
    ],
  }),
  followLink: defineOperation({
    id: "followLink",
    tag: "Versions",
    summary: "The file of a download link",
    description:
      "Needs no key: the link itself is the permission, for 15 minutes, and only while the version is neither in Trash nor purged. A download that broke off goes on with `Range` (206; 416 beyond the end), also under a fresh link: every link to a file has the same `ETag`, and `If-Range` makes sure of it. Several ranges at once are answered with the whole file.",
    method: "GET",
    path: "/downloads/{token}",
    caller: byEverybody,
    params: schemas.linkParams,
    query: NOTHING,
    body: NO_BODY,
    answer: FILE_ANSWER,
    refusals: ["not_found", "in_trash", "project_in_trash", "model_in_trash", "not_ready", "not_configured"],
  }),
};
