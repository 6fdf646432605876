import type { z } from "zod";
import type { ModelsPage, ModelView } from "@/lib/domain/trainings";
import { toEpochSeconds } from "@/lib/doors/fields";
import { presentModelType } from "@/lib/doors/trainings/presenters";
import type { HandedIn } from "@/lib/work/models/hand-in";
import type * as schemas from "./schemas";

export function presentModel(workspace: string, model: ModelView): z.input<typeof schemas.modelAnswer> {
  return {
    url: `${workspace}/${model.slug}`,
    modelType: presentModelType(model.modelType),
    metrics: model.metrics,
    recommended: model.isDefault,
    version: `${workspace}/${model.projectSlug}/${model.versionNumber}`,
    group: model.trainingId,
    servable: model.servable,
    sizeBytes: model.sizeBytes,
    created: toEpochSeconds(model.createdAt),
  };
}

/** Those of a project, or of the training that the client calls a group. */
export function presentModels(
  { workspace, models }: ModelsPage,
  { group }: { group?: string | undefined },
): z.input<typeof schemas.modelsAnswer> {
  return models
    .filter(({ trainingId }) => group === undefined || group === trainingId)
    .map((model) => presentModel(workspace.slug, model));
}

export function presentHandedIn(workspace: string, model: HandedIn): z.input<typeof schemas.handedInAnswer> {
  const { modelSlug, modelType, servable, sizeBytes } = model;
  return { model: `${workspace}/${modelSlug}`, modelType, servable, sizeBytes };
}
