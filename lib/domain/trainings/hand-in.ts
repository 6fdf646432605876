import type { WriteGrant } from "@/lib/platform/blob-store";
import { transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { personId, type Context } from "@/lib/domain/context";
import { recordAudit } from "@/lib/domain/audit";
import { DomainError } from "@/lib/domain/errors";
import { holdGrant, takeGrant, trainingPrefix, versionPrefix, withRoot } from "@/lib/domain/grants";
import { getLiveVersion, type VersionRef } from "@/lib/domain/item-state";
import { lockLiveVersion } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { trainingEvent } from "./event";
import { assertModelType, EMBEDDED_MODEL_TYPE } from "./model-types";
import { addModel, type FileType, type FoundOnnx } from "./new-model";
import { WEIGHTS_LEASE_MS } from "./weights";

/*
 * A model that was made elsewhere comes to a version as a training that was over before: with it, the model goes to Trash and
 * comes back, falls silent and is purged by the rules of all others. Until its file is stored and looked at there is no row,
 * only the grant: what a broken upload leaves is swept.
 */

/** The right to store the weights of a model for a version. */
export interface HandIn {
  grant: WriteGrant;
  trainingId: string;
  versionId: string;
  workspaceId: string;
  /** The root of what it may write, empty until then; taken away when nothing comes of it. */
  root: string;
}

/**
 * Whether a model could be handed in now: for who gives out a link to send it to. Throws as beginHandIn.
 */
export async function assertCanHandIn(ctx: Context, ref: VersionRef, modelType: string | undefined): Promise<void> {
  await findVersion(ctx, ref, modelType);
}

async function findVersion(ctx: Context, ref: VersionRef, modelType: string | undefined) {
  const { workspaceId } = authorize(ctx, "hand in models", ref.workspaceSlug);
  if (modelType !== undefined) assertModelType(modelType);
  if (modelType === EMBEDDED_MODEL_TYPE)
    throw new DomainError("invalid_input", `Models of the type ${modelType} are trained here and not handed in.`, {
      field: "modelType",
    });
  const version = await getLiveVersion(workspaceId, ref);
  if (version.status !== "READY")
    throw new DomainError(
      "not_ready",
      `Version ${version.number} is still being generated. Hand the model in when it is ready.`,
    );
  return { workspaceId, version };
}

/**
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `not_ready`, and `invalid_input` for a model type that none
 * made elsewhere has.
 */
export async function beginHandIn(
  ctx: Context,
  ref: VersionRef,
  { modelType }: { modelType: string | undefined },
): Promise<HandIn> {
  const { workspaceId, version } = await findVersion(ctx, ref, modelType);
  const trainingId = newId();
  const root = trainingPrefix(version.id, trainingId);
  const take = () =>
    transaction(async (tx) => {
      if (!(await lockLiveVersion(tx, version.id, "share")))
        throw new DomainError("busy", "The version changed at this very moment. Try again.");
      const item = { workspaceId, projectId: version.projectId, versionId: version.id, trainingId };
      return takeGrant(tx, newId(), "WEIGHTS", item, WEIGHTS_LEASE_MS);
    });
  try {
    const grant = await withRoot(root, take, versionPrefix(version.id));
    return { grant, trainingId, versionId: version.id, workspaceId, root };
  } catch (error) {
    await getLiveVersion(workspaceId, ref); // throws why not, if that is why
    throw error;
  }
}

/**
 * Makes a training and its model of weights that are stored under the grant. null: the version or its project went to
 * Trash meanwhile, or what was stored was swept; then nothing is made.
 */
export async function completeHandIn(
  ctx: Context,
  { grant, trainingId, versionId, workspaceId }: HandIn,
  { modelType, ...stored }: { modelType: string; sizeBytes: number; onnx: FoundOnnx | null; fileType: FileType | null },
): Promise<{ modelSlug: string; trainingNumber: number } | null> {
  return transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, versionId, "write")) || !(await holdGrant(tx, grant.id))) return null;
    const version = await tx.version.update({
      where: { id: versionId },
      data: { nextTrainingNumber: { increment: 1 } },
      select: { number: true, nextTrainingNumber: true, project: { select: { id: true, slug: true } } },
    });
    const number = version.nextTrainingNumber - 1;
    await tx.training.create({
      data: {
        id: trainingId,
        workspaceId,
        versionId,
        number,
        status: "FINISHED",
        modelType,
        epochs: 0,
        trainer: "HANDED_IN",
        createdById: personId(ctx.actor),
        createdAt: ctx.now,
        endedAt: ctx.now,
      },
    });
    const modelSlug = await addModel(tx, ctx, {
      id: newId(),
      workspaceId,
      project: version.project,
      version: { id: versionId, number: version.number },
      training: { id: trainingId, number },
      modelType,
      servable: stored.onnx !== null,
      metrics: {},
      weights: { id: grant.id, ...stored },
    });
    await recordAudit(tx, ctx, [
      trainingEvent("training.handed_in", { id: trainingId, workspaceId, versionId, number }, { model: modelSlug }),
    ]);
    return { modelSlug, trainingNumber: number };
  });
}

/** Why a hand-in could not be completed. Throws as getLiveVersion when the version is the matter. */
export async function explainLostHandIn(ctx: Context, ref: VersionRef): Promise<DomainError> {
  const { workspaceId } = authorize(ctx, "hand in models", ref.workspaceSlug);
  await getLiveVersion(workspaceId, ref);
  return new DomainError("busy", "The upload was interrupted for too long. Send the model again.");
}
