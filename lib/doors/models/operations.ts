import { projectParams } from "@/lib/doors/fields";
import { CALLERS, defineOperation, NO_BODY, NOTHING } from "@/lib/doors/operation";
import * as schemas from "./schemas";

const { byKey } = CALLERS;

export const modelOperations = {
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
