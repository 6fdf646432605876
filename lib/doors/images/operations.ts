import { CALLERS, defineOperation, FORM_BODY } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const imageOperations = {
  uploadImage: defineOperation({
    id: "uploadImage",
    tag: "Images",
    summary: "Upload an image",
    description: "To a project of the key's workspace. The same bytes a second time add nothing. JPEG, PNG or WebP.",
    method: "POST",
    path: "/dataset/{project}/upload",
    caller: byKey("upload images"),
    params: schemas.datasetParams,
    query: schemas.uploadQuery,
    body: FORM_BODY,
    answer: schemas.uploadAnswer,
    errors: "object",
    refusals: [
      "invalid_request",
      "not_found",
      "in_trash",
      "purged",
      "payload_too_large",
      "unsupported_media_type",
      "unreadable_image",
    ],
  }),
  annotateImage: defineOperation({
    id: "annotateImage",
    tag: "Images",
    summary: "Annotate an image",
    description: "With boxes, or in a classification project with a class.",
    method: "POST",
    path: "/dataset/{project}/annotate/{image}",
    caller: byKey("upload images"),
    params: schemas.imageParams,
    query: schemas.annotationQuery,
    body: schemas.annotationBody,
    bodyBytesMax: 8 * 1024 * 1024,
    answer: schemas.annotationAnswer,
    refusals: [
      "invalid_request",
      "invalid_input",
      "not_found",
      "in_trash",
      "purged",
      "already_exists",
      "payload_too_large",
      "unsupported_media_type",
    ],
  }),
};
