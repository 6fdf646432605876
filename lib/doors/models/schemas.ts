import { z } from "zod";
import {
  count,
  epochSeconds,
  modelSlug,
  modelUrl,
  projectParams,
  versionId,
  versionNumber,
  workspaceParams,
} from "@/lib/doors/fields";

export const modelParams = workspaceParams.extend({
  model: modelSlug.meta({ description: "The model's slug.", examples: ["hard-hats-3-1"] }),
});

export const modelsQuery = z.object({
  group: z
    .string()
    .max(200, "is too long")
    .optional()
    .meta({ description: "Only the models of this training: its `modelGroup`." }),
});

/** `version` is a number, and then the version's default model, or a model's slug. */
export const weightsParams = projectParams.extend({
  version: z.union([versionNumber, modelSlug]).meta({
    description: "The version's number, for its default model, or a model's slug.",
    examples: ["3", "hard-hats-3-1"],
  }),
});

const modelType = z
  .string()
  .max(64, "is too long")
  .meta({ description: "What the model is, as you call it.", examples: ["yolov8n"] });

export const uploadQuery = z.object({ modelType: modelType.optional() });
export const beginUploadQuery = z.object({ modelType });
export const uploadLinkParams = z.object({ token: z.string().max(4096) });
export const uploadLinkAnswer = z.strictObject({ url: z.url() });

export const handedInAnswer = z.strictObject({
  model: modelUrl,
  modelType: z.string(),
  servable: z.boolean().meta({ description: "It can be asked here; else it is kept for download." }),
  sizeBytes: count,
});

export const modelAnswer = z.strictObject({
  url: modelUrl,
  modelType: z.string(),
  metrics: z.record(z.string(), z.unknown()).meta({ description: "As its trainer measured them." }),
  recommended: z.boolean().meta({ description: "It is what `project/version` serves." }),
  version: versionId,
  group: z.string().meta({ description: "The id of the training that made it." }),
  servable: z.boolean().meta({ description: "It can be asked here; else it is kept for download." }),
  sizeBytes: count,
  created: epochSeconds,
});

export const modelsAnswer = z.array(modelAnswer);

export const weightsAnswer = z.strictObject({
  weightsUrl: z.url().meta({ description: "The weights; works without a key, for 15 minutes." }),
});
