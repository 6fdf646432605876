import type { WriteGrant } from "@/lib/platform/blob-store";
import { prisma, transaction, type Transaction } from "@/lib/platform/db";
import { Prisma } from "@/lib/platform/generated/client";
import { newId } from "@/lib/platform/id";
import type { Context } from "@/lib/domain/context";
import { holdGrant, takeGrant, type GrantedItem } from "@/lib/domain/grants";
import { lockLiveVersion, takeLocks, trainingLock } from "@/lib/domain/locks";
import type { FoundOnnx } from "./new-model";
import { workspaceOf, type TrainingLease } from "./runs";

/* What a run learned: stored under a grant at a place of its own, named by the run, then by its model, or left. */

/** How long a trainer may take between two renewals while it stores its weights. */
export const WEIGHTS_LEASE_MS = 60_000;

/** Where weights lie, relative to their training: each that were ever stored at a place of their own. */
export const weightsFile = (weightsId: string): string => `${weightsId}/weights.safetensors`;

/** Where a model's weights lie, relative to its version. Older models have them at their own id. */
export const weightsPath = (model: { trainingId: string; id: string; weightsId: string | null }): string =>
  `trainings/${model.trainingId}/${weightsFile(model.weightsId ?? model.id)}`;

/** Looked at under the locks of the version and the training. */
const findHeldRun = (tx: Transaction, { trainingId, leaseId }: TrainingLease) =>
  tx.training.findFirst({
    where: { id: trainingId, leaseId, status: "RUNNING", deletedAt: null },
    select: { workspaceId: true, versionId: true, version: { select: { projectId: true } } },
  });

/**
 * The right to store weights of a run, at a place that has the grant's id. null: the run is over for this trainer. The
 * folder of the training, which is made when it is started, is the grant's root.
 */
export async function beginWeights(
  ctx: Context,
  lease: TrainingLease & { versionId: string },
): Promise<WriteGrant | null> {
  workspaceOf(ctx, lease.workspaceSlug);
  return transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, lease.versionId, "share"))) return null;
    await takeLocks(tx, trainingLock(lease.trainingId));
    const run = await findHeldRun(tx, lease);
    if (!run || run.versionId !== lease.versionId) return null;
    const item = { ...run, projectId: run.version.projectId, trainingId: lease.trainingId };
    return takeGrant(tx, newId(), "WEIGHTS", item, WEIGHTS_LEASE_MS);
  });
}

/**
 * Makes weights that are stored the run's own, in the place of those before. False: the run is over for this trainer, or
 * what was stored was swept.
 */
export async function keepWeights(
  ctx: Context,
  lease: TrainingLease,
  weights: { id: string; sizeBytes: number; onnx?: FoundOnnx | null },
): Promise<boolean> {
  workspaceOf(ctx, lease.workspaceSlug);
  return transaction(async (tx) => {
    await takeLocks(tx, trainingLock(lease.trainingId));
    if (!(await findHeldRun(tx, lease)) || !(await holdGrant(tx, weights.id))) return false;
    await tx.training.update({
      where: { id: lease.trainingId },
      data: {
        weightsId: weights.id,
        weightsBytes: weights.sizeBytes,
        weightsOnnx: weights.onnx ? { ...weights.onnx } : Prisma.DbNull,
      },
    });
    return true;
  });
}

/** The places below a training's folder that rows name: its model's, and those of a run that is under way. For a sweep. */
export async function listNamedWeights(trainingId: string): Promise<Set<string>> {
  const training = await prisma().training.findUnique({
    where: { id: trainingId },
    select: { weightsId: true, models: { select: { id: true, weightsId: true } } },
  });
  const ids = [training?.weightsId, ...(training?.models ?? []).map((model) => model.weightsId ?? model.id)];
  return new Set(ids.filter((id) => typeof id === "string"));
}

/** Weights that a run left which ended without a model. */
export interface LeftWeights {
  item: GrantedItem & { versionId: string; trainingId: string };
  weightsId: string;
  sizeBytes: number;
}

/** Weights of runs that ended otherwise, or of one. They count until they are forgotten. */
export async function listLeftWeights({
  trainingId,
  limit,
}: {
  trainingId?: string;
  limit: number;
}): Promise<LeftWeights[]> {
  const trainings = await prisma().training.findMany({
    where: {
      weightsId: { not: null },
      endedAt: { not: null },
      ...(trainingId === undefined ? {} : { id: trainingId }),
    },
    orderBy: { id: "asc" },
    take: limit,
    select: {
      id: true,
      workspaceId: true,
      versionId: true,
      weightsId: true,
      weightsBytes: true,
      version: { select: { projectId: true } },
    },
  });
  return trainings.map(({ id, workspaceId, versionId, weightsId, weightsBytes, version }) => ({
    item: { workspaceId, projectId: version.projectId, versionId, trainingId: id },
    weightsId: weightsId!,
    sizeBytes: Number(weightsBytes),
  }));
}

/** Counts weights no more whose files are gone. Answers whether this call did. */
export async function forgetLeftWeights(tx: Transaction, { item, weightsId }: LeftWeights): Promise<boolean> {
  const forgotten = await tx.training.updateMany({
    where: { id: item.trainingId, weightsId, endedAt: { not: null } },
    data: { weightsId: null, weightsBytes: 0, weightsOnnx: Prisma.DbNull },
  });
  return forgotten.count > 0;
}
