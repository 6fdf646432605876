import type { Transaction } from "@/lib/platform/db";
import { Prisma } from "@/lib/platform/generated/client";
import type { Context } from "@/lib/domain/context";

/** What was found in weights that can be served: for whoever serves them, by whoever stored them. */
export interface FoundOnnx {
  /** Its path in the zip that is stored; null: it is what is stored. */
  entry: string | null;
}

/** What stored weights are, for the name of a download; null: nobody knows. */
export type FileType = "onnx" | "zip";

export interface NewModel {
  id: string;
  workspaceId: string;
  project: { id: string; slug: string };
  version: { id: string; number: number };
  training: { id: string; number: number };
  modelType: string;
  /** It can be asked here. */
  servable: boolean;
  metrics: object;
  /** Stored, and named by nothing else. */
  weights: { id: string; sizeBytes: number; onnx: FoundOnnx | null; fileType: FileType | null };
}

/**
 * The model of a training that is over, in its transaction, which holds the version's lock. Answers its slug, which is
 * given to no other, ever: where another had it, a number is added. The first of a version becomes its default; one that
 * cannot be asked, and so never answered, leaves that to the first that can.
 */
export async function addModel(tx: Transaction, ctx: Context, model: NewModel): Promise<string> {
  const { id, workspaceId, project, version, training, modelType, servable, metrics, weights } = model;
  const outlived = { workspaceId, modelId: id, trainingId: training.id, versionId: version.id, projectId: project.id };
  const take = async (slug: string) =>
    (await tx.modelSlug.createMany({ data: { ...outlived, slug }, skipDuplicates: true })).count > 0;
  const wanted = `${project.slug}-${version.number}-${training.number}`;
  let slug = wanted;
  for (let n = 2; !(await take(slug)); n++) slug = `${wanted}-${n}`;
  await tx.model.create({
    data: {
      id,
      workspaceId,
      versionId: version.id,
      trainingId: training.id,
      slug,
      modelType,
      weightsId: weights.id,
      metrics,
      onnx: weights.onnx ? { ...weights.onnx } : Prisma.DbNull,
      fileType: weights.fileType,
      files: 1,
      sizeBytes: weights.sizeBytes,
      createdAt: ctx.now,
    },
  });
  const kept = servable
    ? await tx.model.findMany({
        where: { versionId: version.id, onnx: { equals: Prisma.DbNull }, training: { trainer: { not: "EMBEDDED" } } },
        select: { id: true },
      })
    : [];
  await tx.version.updateMany({
    where: {
      id: version.id,
      OR: [{ defaultModelId: null }, { defaultModelId: { in: kept.map((one) => one.id) } }],
    },
    data: { defaultModelId: id },
  });
  return slug;
}
