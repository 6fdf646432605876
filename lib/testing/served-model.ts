import { weightsPath } from "@/lib/domain/trainings";
import { versionPrefix } from "@/lib/domain/grants";
import { derive } from "@/lib/engine/random";
import type { Preprocessing } from "@/lib/engine/settings";
import { FEATURE_COUNT, FEATURES } from "@/lib/engine/trainer/features";
import { encodeWeights } from "@/lib/engine/trainer/weights";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildTraining, buildVersion, type World } from "./builders";
import { storeFile } from "./store-file";

/** Weights that learned nothing, but tell any image's "cat" from "dog" somehow. Other seeds tell otherwise. */
export function drawWeights(seed = 1): Buffer {
  const random = derive(seed, "weights");
  const draw = (length: number) => Float32Array.from({ length }, () => random.unit() - 0.5);
  const hidden = 4;
  return encodeWeights({
    features: FEATURES,
    classes: ["cat", "dog"],
    inputMean: draw(FEATURE_COUNT),
    inputScale: new Float32Array(FEATURE_COUNT).fill(1),
    hiddenWeight: draw(FEATURE_COUNT * hidden).map((value) => value / 8),
    hiddenBias: draw(hidden),
    outputWeight: draw(hidden * 2),
    outputBias: draw(2),
  });
}

/** A model that serves, weights and all, of a training of its own; the default one of its version, when that is its first. */
export async function storeModel(world: World, version: { id: string }, weights: Uint8Array = drawWeights()) {
  const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }), {
    sizeBytes: weights.length,
  });
  await storeFile(`${versionPrefix(version.id)}${weightsPath(model)}`, weights);
  await prisma().version.updateMany({
    where: { id: version.id, defaultModelId: null },
    data: { defaultModelId: model.id },
  });
  const { projectId } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
  const { id: modelId, slug, trainingId } = model;
  await prisma().modelSlug.create({
    data: { workspaceId: world.workspace.id, slug, modelId, trainingId, versionId: version.id, projectId },
  });
  return model;
}

/** A version with such a model, which sees every image through these settings. */
export async function storeServingVersion(
  world: World,
  project: { id: string },
  { preprocessing = {}, weights }: { preprocessing?: Preprocessing; weights?: Uint8Array } = {},
) {
  const { id, number } = await buildVersion(world, project);
  await prisma().version.update({ where: { id }, data: { preprocessing } });
  return { id, number, model: await storeModel(world, { id }, weights) };
}
