import { CALLERS, defineOperation, IMAGE_BODY } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const inferenceOperations = {
  predict: defineOperation({
    id: "predict",
    tag: "Models",
    summary: "Ask a model what an image shows",
    description:
      "`project/3` asks the default model of a version: the first one made of it, unless another was chosen. While the model is in Trash it is 404 with `code: model_in_trash` and `restorableUntil`; after a restore the same image gets the same digits. A detector answers boxes, a classifier its classes. Other query parameters, which say how to draw, are passed over.",
    method: "POST",
    path: "/infer/{owner}/{model}",
    caller: byKey("predict"),
    params: schemas.inferenceParams,
    query: schemas.inferenceQuery,
    body: IMAGE_BODY,
    answer: schemas.inferenceAnswer,
    refusals: [
      "invalid_request",
      "invalid_input",
      "not_found",
      "in_trash",
      "project_in_trash",
      "model_in_trash",
      "purged",
      "generation_failed",
      "not_servable",
      "payload_too_large",
      "unsupported_media_type",
      "unreadable_image",
    ],
  }),
};
