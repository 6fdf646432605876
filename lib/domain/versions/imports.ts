import { prisma, transaction, type Transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import type { TaskStatus } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError, type ErrorCode, type ErrorDetails } from "@/lib/domain/errors";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { lockLiveProject, takeLocks, workspaceLock } from "@/lib/domain/locks";
import { parseName, toFileName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";
import { endGeneration } from "./generation-end";

/*
 * Versions that were made elsewhere, brought in as they are. Somebody asks for one with a zip, which is a file of the project
 * as one of images is; a task is the truth of it until a worker has looked into the zip, and knows how many images
 * there are to reserve and which number the version had. From then on it is a version that is being made like any other: its
 * generation is the import (import-work.ts), so that Trash, quota, grants and sweeps know nothing of imports.
 */

/** The counter of the project moves past an imported number: a far one would use up those between. */
export const IMPORT_NUMBER_MAX = 1_000_000;

/** How somebody wants a version to be; what is null is as the zip says. */
export interface ImportWishes {
  /** What the zip is called. */
  fileName: string;
  /** This number and no other. */
  number: number | null;
  name: string | null;
  /** When it was made, as an ISO instant. */
  createdAt: string | null;
  /** Asked for at the server's shell: by nobody whose rights could change. */
  system?: true;
}

/** The same as a caller gives it. */
export interface ImportInput {
  fileName?: string | undefined;
  number?: number | undefined;
  name?: string | undefined;
  createdAt?: Date | undefined;
}

/** A file that was not taken, or not whole, and why: a word that pages know. */
export interface LeftOutFile {
  file: string;
  code: string;
  /** How often, of what an annotation file says. */
  count: number;
  /** Of the first time. */
  details?: Record<string, string | number>;
}

/** Where a version came from that was not generated here. */
export interface VersionOrigin {
  /** The zip. */
  file: string;
  format: ImportFormat;
  /** ISO. */
  importedAt: string;
  /** Which version of which project it was, as far as the zip says. */
  workspace: string | null;
  project: string | null;
  number: number | null;
  /** What the zip held beside; null while it is imported. The first of it, with why. */
  left: { count: number; files: LeftOutFile[] } | null;
}

export const IMPORT_FORMATS = ["folder", "yolo", "coco", "voc"] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Why an import came to nothing. */
export interface ImportProblem {
  code: ErrorCode;
  message: string;
  details: ErrorDetails;
}

export interface VersionImport {
  taskId: string;
  fileName: string;
  status: TaskStatus;
  /** Images that were looked at. */
  done: number;
  /** null: not known yet. */
  total: number | null;
  createdAt: Date;
  /** The version, once there is one. */
  version: { number: number; name: string } | null;
  /** Once it is a version. */
  origin: VersionOrigin | null;
  /** null unless it failed. */
  problem: ImportProblem | null;
}

/** Whether a number was ever a version's of that project: in a row, or in the receipt of what was purged. */
export async function isNumberGiven(
  client: Pick<Transaction, "version" | "purgeReceipt">,
  projectId: string,
  number: number,
): Promise<boolean> {
  const row = await client.version.findUnique({ where: { projectId_number: { projectId, number } }, select: IN_ROW });
  if (row) return !mayBeginAgain(row);
  const receipt = await client.purgeReceipt.findFirst({
    where: { projectId, versionNumber: number },
    select: { id: true },
  });
  return receipt !== null;
}

const IN_ROW = { id: true, status: true, deletedAt: true, origin: true } as const;

/** An import that came to nothing can be begun once more: it is the same version. */
const mayBeginAgain = (row: { status: string; deletedAt: Date | null; origin: unknown }): boolean =>
  row.status === "FAILED" && row.origin !== null && row.deletedAt === null;

/** The failed import that has this number, to be begun once more. */
export async function findFailedImport(
  client: Pick<Transaction, "version">,
  projectId: string,
  number: number,
): Promise<string | null> {
  const row = await client.version.findUnique({ where: { projectId_number: { projectId, number } }, select: IN_ROW });
  return row && mayBeginAgain(row) ? row.id : null;
}

/** The refusal of a number that somebody insists on. */
export function numberTaken(number: number, next: number): DomainError {
  return new DomainError(
    "already_exists",
    `Version ${number} was given in this project already, and a number is never used twice. Leave the number out to get ${next}.`,
    { field: "number", number, next },
  );
}

async function parseWishes(
  ctx: Context,
  projectId: string,
  { fileName = "", number, name, createdAt }: ImportInput,
): Promise<ImportWishes> {
  if (number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= IMPORT_NUMBER_MAX))
    throw new DomainError("invalid_input", `A number is a whole one from 1 to ${IMPORT_NUMBER_MAX}.`, {
      field: "number",
      max: IMPORT_NUMBER_MAX,
    });
  if (createdAt !== undefined && !(createdAt.getTime() >= 0 && createdAt <= ctx.now))
    throw new DomainError("invalid_input", "The date of a version lies in the past. Leave it out for today's.", {
      field: "created",
    });
  if (number !== undefined && (await isNumberGiven(prisma(), projectId, number))) {
    const { nextVersionNumber } = await prisma().project.findUniqueOrThrow({
      where: { id: projectId },
      select: { nextVersionNumber: true },
    });
    throw numberTaken(number, nextVersionNumber);
  }
  return {
    fileName: fileName.trim() === "" ? "upload.zip" : toFileName(fileName),
    number: number ?? null,
    name: name === undefined ? null : parseName(name),
    createdAt: createdAt?.toISOString() ?? null,
    ...(ctx.actor.type === "SYSTEM" ? { system: true as const } : {}),
  };
}

/**
 * Begins an import whose zip is about to be sent. Throws `not_found`, `in_trash`, `purged`, `invalid_input`, `already_exists` for a
 * number that was given here before.
 */
export async function awaitImport(
  ctx: Context,
  ref: SluggedProjectRef,
  input: ImportInput,
): Promise<{ taskId: string }> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const wishes = await parseWishes(ctx, project.id, input);
  const { id: taskId } = await prisma().task.create({
    data: {
      id: newId(),
      workspaceId,
      projectId: project.id,
      kind: "VERSION_IMPORT",
      status: "WAITING",
      input: { ...wishes },
      userId: personId(ctx.actor),
      createdAt: ctx.now,
    },
    select: { id: true },
  });
  return { taskId };
}

/** Takes back what awaitImport began, when no zip came. */
export async function discardImport(taskId: string): Promise<void> {
  await prisma().task.deleteMany({ where: { id: taskId, kind: "VERSION_IMPORT", status: "WAITING", fileId: null } });
}

/** Begins an import of a zip that was sent before (`unpack: false`); its task goes on as the import's. Throws as awaitImport. */
export async function importUpload(
  ctx: Context,
  ref: SluggedProjectRef & { uploadId: string },
  input: ImportInput,
): Promise<{ taskId: string }> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const wishes = await parseWishes(ctx, project.id, input);
  return transaction(async (tx) => {
    if (!(await lockLiveProject(tx, project.id, "share")))
      throw new DomainError("in_trash", `The project "${project.name}" is in Trash. Restore it to use it.`);
    const upload = { id: ref.uploadId, workspaceId, projectId: project.id, kind: "ZIP_UPLOAD" } as const;
    const begun = await tx.task.updateMany({
      where: { ...upload, status: "WAITING", fileId: { not: null } },
      data: {
        kind: "VERSION_IMPORT",
        status: "QUEUED",
        input: { ...wishes },
        userId: personId(ctx.actor),
      },
    });
    if (begun.count === 0) {
      const waits = await tx.task.findFirst({ where: { ...upload, status: "WAITING" }, select: { id: true } });
      throw waits
        ? new DomainError("not_ready", "The zip of this upload was not sent yet. PUT it to its link first.")
        : new DomainError(
            "not_found",
            'There is no such upload that waits. Begin one with {"unpack": false}, and send its zip.',
          );
    }
    await enqueue(tx, "import-versions");
    return { taskId: ref.uploadId };
  });
}

const COLUMNS = {
  id: true,
  status: true,
  input: true,
  done: true,
  total: true,
  result: true,
  problem: true,
  createdAt: true,
  versionId: true,
} satisfies Prisma.TaskSelect;

async function view(row: Prisma.TaskGetPayload<{ select: typeof COLUMNS }>): Promise<VersionImport> {
  const version =
    row.versionId === null
      ? null
      : await prisma().version.findUnique({
          where: { id: row.versionId },
          select: { number: true, name: true, status: true, origin: true },
        });
  const told = readProblem(row.result);
  return {
    taskId: row.id,
    fileName: (row.input as unknown as ImportWishes).fileName,
    status: row.status,
    done: row.done,
    total: row.total,
    createdAt: row.createdAt,
    version: version && { number: version.number, name: version.name },
    origin: version?.status === "READY" ? readOrigin(version.origin) : null,
    problem: row.problem === null ? null : (told ?? { code: "internal", message: row.problem, details: {} }),
  };
}

/** As refuseImport and cancelImport write it. */
const readProblem = (result: unknown): ImportProblem | undefined =>
  (result as { problem?: ImportProblem } | null)?.problem;

/** As beginImportedVersion and completeImport alone write it. */
export const readOrigin = (stored: unknown): VersionOrigin | null => stored as VersionOrigin | null;

/** How far an import is. Throws `not_found`. */
export async function getImport(ctx: Context, ref: SluggedProjectRef & { taskId: string }): Promise<VersionImport> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const row = await prisma().task.findFirst({
    where: { id: ref.taskId, projectId: project.id, kind: "VERSION_IMPORT" },
    select: COLUMNS,
  });
  if (!row) throw noSuchImport();
  return view(row);
}

const noSuchImport = (): DomainError =>
  new DomainError("not_found", "There is no such import in this project. Imports are told of for 30 days.");

/** How long the page of versions tells of an import that failed before it was a version. */
const TOLD_MS = 24 * 60 * 60_000;
const TOLD_MAX = 50;

/**
 * Imports of a project that are not versions yet, or came to nothing within a day, newest first; not those that somebody
 * cancelled, or began once more with a zip of the same name. For a page that has authorized.
 */
export async function listImports(ctx: Context, projectId: string): Promise<VersionImport[]> {
  const rows = await prisma().task.findMany({
    where: {
      projectId,
      kind: "VERSION_IMPORT",
      OR: [
        { status: { in: ["QUEUED", "RUNNING"] } },
        { status: { in: ["COMPLETED", "FAILED"] }, endedAt: { gt: new Date(ctx.now.getTime() - TOLD_MS) } },
      ],
    },
    orderBy: { id: "desc" },
    take: TOLD_MAX,
    select: COLUMNS,
  });
  const begun = new Set<string>();
  const told = rows.filter(({ input, status, versionId, result }) => {
    const { fileName } = input as unknown as ImportWishes;
    const again = begun.has(fileName);
    begun.add(fileName);
    if (versionId !== null) return false;
    return status !== "FAILED" || (!again && readProblem(result)?.details["reason"] !== "cancelled");
  });
  return Promise.all(told.map(view));
}

export const CANCELLED: ImportProblem = {
  code: "generation_failed",
  message: "The import was cancelled.",
  details: { reason: "cancelled" },
};

/**
 * Stops an import; a version that it has begun is then failed and counts nothing. Repeating, or coming too late, is
 * `over` and changes nothing. Throws `not_found`, `in_trash`, `purged`.
 */
export async function cancelImport(
  ctx: Context,
  ref: SluggedProjectRef & { taskId: string },
): Promise<{ outcome: "cancelled" | "over" }> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return transaction(async (tx) => {
    await takeLocks(tx, workspaceLock(workspaceId)); // whoever begins the version has it, too
    const where = { id: ref.taskId, projectId: project.id, kind: "VERSION_IMPORT" } as const;
    const task = await tx.task.findFirst({ where, select: { versionId: true } });
    if (!task) throw noSuchImport();
    const { versionId } = task;
    const ended = versionId && (await endGeneration(tx, { workspaceId, versionId, reason: "cancelled" }));
    if (ended)
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "version.generation_cancelled",
          targetType: "version",
          targetId: versionId,
          targetName: ended.name,
        },
      ]);
    const over = await tx.task.updateMany({
      where: { ...where, status: { in: ["WAITING", "QUEUED", "RUNNING"] } },
      data: {
        status: "FAILED",
        problem: CANCELLED.message,
        result: { problem: CANCELLED } as object,
        endedAt: ctx.now,
        leaseId: null,
        leaseUntil: null,
      },
    });
    return { outcome: over.count > 0 ? "cancelled" : "over" };
  });
}
