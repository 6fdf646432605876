import { projectParams, versionParams } from "@/lib/doors/fields";
import { BYTES_BODY, CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byEverybody, byKey } = CALLERS;

const HAND_IN_REFUSALS = [
  "invalid_input",
  "invalid_request",
  "not_found",
  "in_trash",
  "project_in_trash",
  "purged",
  "generation_failed",
  "not_ready",
] as const;

const ONNX =
  "An ONNX file of a head that this server knows (YOLOv5 to v12, YOLO26, RT-DETR, RF-DETR, DETR, torchvision's detectors, classifiers) is served at once, by itself or in a zip, with a `model.json` beside it for what the file does not say: `classes`, `width` and `height`, `resize` (letterbox, stretch, crop), `mean` and `std`, `head`, `scores` (sigmoid, softmax).";

export const modelOperations = {
  uploadModel: defineOperation({
    id: "uploadModel",
    tag: "Models",
    summary: "Hand in a model that was made elsewhere",
    description: `The file, as the body. ${ONNX} A zip without an ONNX file is kept for download and cannot be asked. The model belongs to the version, as a training that was over before: it falls silent and comes back with it.`,
    method: "PUT",
    path: "/{workspace}/{project}/{version}/models",
    caller: byKey("hand in models"),
    params: versionParams,
    query: schemas.uploadQuery,
    body: BYTES_BODY,
    answer: schemas.handedInAnswer,
    refusals: [...HAND_IN_REFUSALS, "payload_too_large"],
  }),
  beginModelUpload: defineOperation({
    id: "beginModelUpload",
    tag: "Models",
    summary: "Ask where to send a model",
    description:
      "For the official client's `version.deploy`: PUT the file to the URL within an hour, without a key. Any file is kept.",
    method: "GET",
    path: "/{workspace}/{project}/{version}/uploadModel",
    caller: byKey("hand in models"),
    params: versionParams,
    query: schemas.beginUploadQuery,
    body: NO_BODY,
    answer: schemas.uploadLinkAnswer,
    refusals: [...HAND_IN_REFUSALS, "not_configured"],
  }),
  sendModel: defineOperation({
    id: "sendModel",
    tag: "Models",
    summary: "Send the model",
    description: `To the link that beginModelUpload answered: it is the permission. ${ONNX} What else it is is kept for download.`,
    method: "PUT",
    path: "/upload/model/{token}",
    caller: byEverybody,
    params: schemas.uploadLinkParams,
    query: NOTHING,
    body: BYTES_BODY,
    answer: schemas.handedInAnswer,
    refusals: [...HAND_IN_REFUSALS, "forbidden", "payload_too_large", "not_configured"],
  }),
  listModels: defineOperation({
    id: "listModels",
    tag: "Models",
    summary: "The models of a project",
    description: "Those that serve, newest first. Those in Trash are not listed.",
    method: "GET",
    path: "/{workspace}/{project}/models",
    caller: byKey("read versions"),
    params: projectParams,
    query: schemas.modelsQuery,
    body: NO_BODY,
    answer: schemas.modelsAnswer,
    refusals: ["not_found", "invalid_input", "in_trash", "purged"],
  }),
  getModel: defineOperation({
    id: "getModel",
    tag: "Models",
    summary: "A model",
    method: "GET",
    path: "/models/{workspace}/{model}",
    caller: byKey("read versions"),
    params: schemas.modelParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.modelAnswer,
    refusals: ["not_found", "model_in_trash", "purged"],
  }),
  getWeights: defineOperation({
    id: "getWeights",
    tag: "Models",
    summary: "Download a model's weights",
    description: "Answers a link to them.",
    method: "GET",
    path: "/{workspace}/{project}/{version}/ptFile",
    caller: byKey("read versions"),
    params: schemas.weightsParams,
    query: NOTHING,
    body: NO_BODY,
    answer: schemas.weightsAnswer,
    refusals: [
      "not_found",
      "in_trash",
      "project_in_trash",
      "model_in_trash",
      "purged",
      "generation_failed",
      "not_configured",
    ],
  }),
};
