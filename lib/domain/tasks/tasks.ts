import { prisma, type Transaction } from "@/lib/platform/db";
import type { TaskKind, TaskStatus } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { describeImages, type DescriptionChange, type NotDescribed } from "@/lib/domain/images";
import { METADATA_KEYS_MAX, TAGS_PER_IMAGE_MAX } from "@/lib/domain/limits";
import { authorize } from "@/lib/domain/permissions";

/*
 * What is asked for over the API and answered later. A task's row is the truth of how far it is; it stays for TASK_KEPT_DAYS
 * after it began.
 */

export const TASK_KEPT_DAYS = 30;

/** What a task did not do for one of the things it was for. */
export interface TaskFailure {
  /** An image's id, or a file's path. */
  item: string;
  /** A sentence. */
  error: string;
}

export interface TaskResult {
  succeeded: number;
  failed: number;
  /** The first of those that failed, with why. */
  failures: TaskFailure[];
  /** More, by kind: `duplicates`; `notes` of what was done, but not as it was asked for. */
  [count: string]: number | TaskFailure[];
}

export interface Task {
  id: string;
  kind: TaskKind;
  status: TaskStatus;
  done: number;
  /** null: not known yet. */
  total: number | null;
  /** Once it is over and did not fail. */
  result: TaskResult | null;
  problem: string | null;
  createdAt: Date;
}

const COLUMNS = {
  id: true,
  kind: true,
  status: true,
  done: true,
  total: true,
  result: true,
  problem: true,
  createdAt: true,
} as const;

/** How far a task is, of whatever kind or of one. Throws `not_found`. */
export async function getTask(
  ctx: Context,
  ref: { workspaceSlug: string; taskId: string; kind?: TaskKind },
): Promise<Task> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const row = await prisma().task.findFirst({
    where: { id: ref.taskId, workspaceId, ...(ref.kind ? { kind: ref.kind } : {}) },
    select: COLUMNS,
  });
  if (!row) throw new DomainError("not_found", `There is no such task. Tasks are told of for ${TASK_KEPT_DAYS} days.`);
  return { ...row, result: row.status === "COMPLETED" ? (row.result as unknown as TaskResult) : null };
}

const WHY: Record<NotDescribed, string> = {
  missing: "There is no such image in this workspace.",
  too_many: `An image has at most ${TAGS_PER_IMAGE_MAX} tags and ${METADATA_KEYS_MAX} keys of metadata.`,
};

/**
 * Changes tags and metadata of many images as a task that is over when this returns: a thousand rows are one statement,
 * and the task's row is written with them. Throws as describeImages does.
 */
export async function describeImagesAsTask(
  ctx: Context,
  workspaceSlug: string,
  changes: readonly DescriptionChange[],
): Promise<{ taskId: string }> {
  const id = newId();
  await describeImages(ctx, workspaceSlug, changes, async (tx: Transaction, { done, left }) => {
    const { workspaceId } = authorize(ctx, "upload images", workspaceSlug);
    await tx.task.create({
      data: {
        id,
        workspaceId,
        kind: "IMAGE_METADATA",
        status: "COMPLETED",
        done: changes.length,
        total: changes.length,
        result: {
          succeeded: done.length,
          failed: left.length,
          failures: left.map(({ imageId, reason }) => ({ item: imageId, error: WHY[reason] })),
        },
        userId: personId(ctx.actor),
        createdAt: ctx.now,
        endedAt: ctx.now,
      },
    });
  });
  return { taskId: id };
}
