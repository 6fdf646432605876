import { transaction, type Transaction } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import type { FailureReason } from "@/lib/domain/generation-failure";
import { getVersionState, versionInTrash, type VersionRef } from "@/lib/domain/item-state";
import { takeLocks, versionLock, workspaceLock } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { giveBackImages } from "@/lib/domain/quota";
import {
  insertSources,
  lockForGeneration,
  planAndReserve,
  readSplits,
  type PlanVersion,
  type StoredSplits,
} from "./generation";

/* A generation that ends before it is done, and one that is begun once more. */

// ── Over before it was done ──────────────────────────────────────────────────────────────────────────────────────────

/**
 * Ends the generation of a version, if it is still going on, and gives back what it reserved: once, however often this
 * is called; null when it was over. What ends it is the caller's to record. With a lease only if that is the one it is being worked on under. The chunks that were made stay: a retry of
 * the same takes them over, and they go with the end of a later attempt, or with the purge. Leaves workspace and version locked.
 */
export async function endGeneration(
  tx: Transaction,
  input: { workspaceId: string; versionId: string; reason: FailureReason; detail?: string | null; leaseId?: string },
): Promise<{ name: string } | null> {
  const { workspaceId, versionId } = input;
  await takeLocks(tx, workspaceLock(workspaceId), versionLock(versionId, "write"));
  const version = await tx.version.findFirst({
    where: {
      id: versionId,
      workspaceId,
      status: "GENERATING",
      ...(input.leaseId === undefined ? {} : { generatorLeaseId: input.leaseId }),
    },
    select: { name: true, countedImages: true },
  });
  if (!version) return null;
  await tx.version.update({
    where: { id: versionId },
    data: {
      status: "FAILED",
      failureReason: input.reason,
      failureDetail: input.detail ?? null,
      countedImages: 0,
      generatorLeaseId: null,
      generatorUntil: null,
    },
  });
  await giveBackImages(tx, workspaceId, version.countedImages);
  await tx.generationSource.deleteMany({ where: { versionId } });
  return { name: version.name };
}

/** The same for a generation that nobody ended, which is recorded. */
export async function giveUpGeneration(
  tx: Transaction,
  ctx: Context,
  input: Parameters<typeof endGeneration>[1],
): Promise<void> {
  const ended = await endGeneration(tx, input);
  if (!ended) return;
  const { workspaceId, versionId, reason, detail } = input;
  await recordAudit(tx, ctx, [
    {
      workspaceId,
      action: "version.generation_failed",
      targetType: "version",
      targetId: versionId,
      targetName: ended.name,
      details: { reason, ...(detail ? { detail } : {}) },
    },
  ]);
}

export interface Cancelled {
  outcome: "cancelled" | "not_generating";
  id: string;
  name: string;
}

/**
 * Stops the generation of a live version, which is then failed and counts nothing. Repeating, or coming too late, is
 * `not_generating` and changes nothing. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`.
 */
export async function cancelVersionGeneration(ctx: Context, ref: VersionRef): Promise<Cancelled> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const { id, name, deletedAt, purgeAfter } = await getVersionState(workspaceId, ref);
  if (deletedAt) throw versionInTrash(ref.number, name, purgeAfter!);
  const cancelled = await transaction(async (tx) => {
    if (!(await endGeneration(tx, { workspaceId, versionId: id, reason: "cancelled" }))) return false;
    await recordAudit(tx, ctx, [
      { workspaceId, action: "version.generation_cancelled", targetType: "version", targetId: id, targetName: name },
    ]);
    return true;
  });
  return { outcome: cancelled ? "cancelled" : "not_generating", id, name };
}

// ── Once more ────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Retried {
  outcome: "retried" | "already_generating" | "already_ready";
  id: string;
  name: string;
}

/**
 * Generates a failed version after all: planned anew from today's images, under the same locks and quota as a new one,
 * with the number, name, seed and settings that it has. Repeating is `already_generating` and reserves nothing twice.
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `nothing_to_generate`, `quota_exceeded`.
 */
export async function retryVersionGeneration(ctx: Context, ref: VersionRef, plan: PlanVersion): Promise<Retried> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const { id, projectId, projectName } = await getVersionState(workspaceId, ref);
  const retried = await transaction(async (tx): Promise<Retried | null> => {
    await lockForGeneration(tx, workspaceId, { id: projectId, name: projectName });
    await takeLocks(tx, versionLock(id, "write"));
    const version = await tx.version.findUnique({
      where: { id },
      select: {
        status: true,
        deletedAt: true,
        purgeAfter: true,
        name: true,
        seed: true,
        preprocessing: true,
        augmentation: true,
        splitPercents: true,
        origin: true,
      },
    });
    if (!version) return null;
    if (version.origin !== null && version.status === "FAILED")
      throw new DomainError(
        "nothing_to_generate",
        `Version ${ref.number} was imported. Import its zip once more to have it under the same number.`,
        { reason: "imported" },
      );
    const { status, deletedAt, purgeAfter, name, seed, preprocessing, augmentation, splitPercents } = version;
    if (deletedAt) throw versionInTrash(ref.number, name, purgeAfter!);
    if (status !== "FAILED") return { outcome: status === "READY" ? "already_ready" : "already_generating", id, name };
    const { sources, images } = await planAndReserve(tx, workspaceId, projectId, plan, {
      seed,
      preprocessing: preprocessing as object,
      augmentation: augmentation as object,
      splits: readSplits(splitPercents as StoredSplits),
    });
    await tx.version.update({
      where: { id },
      data: {
        status: "GENERATING",
        failureReason: null,
        failureDetail: null,
        progress: 0,
        generatorAttempts: 0,
        countedImages: images,
      },
    });
    await insertSources(tx, id, sources);
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "version.generation_retried",
        targetType: "version",
        targetId: id,
        targetName: name,
        details: { images },
      },
    ]);
    await enqueue(tx, "generate-versions");
    return { outcome: "retried", id, name };
  });
  if (retried) return retried;
  await getVersionState(workspaceId, ref); // throws that it was purged meanwhile
  throw new DomainError("busy", "The version changed at this very moment. Try again.");
}
