import type { z } from "zod";
import { DomainError } from "@/lib/domain/errors";
import {
  sentenceOfFailure,
  type AlreadyInTrash,
  type Restored,
  type RunView,
  type Trashed,
  type TrashItem,
  type TrashPage,
  type TrashSchedule,
} from "@/lib/domain/trash";
import type { VersionPath } from "@/lib/doors/fields";
import type * as schemas from "./schemas";

/** The client reads a second delete off a 404, and finds the item in Trash. */
function assertTrashed(result: Trashed | AlreadyInTrash): asserts result is Trashed {
  if (result.outcome === "trashed") return;
  throw new DomainError(
    "in_trash",
    `"${result.name}" is already in Trash. Restore it from there, or leave it to be purged.`,
    {
      deletedAt: result.deletedAt.toISOString(),
      restorableUntil: result.purgeAfter.toISOString(),
    },
  );
}

export function presentTrashedProject(
  path: { workspace: string; project: string },
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedProjectAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "project",
    workspace: path.workspace,
    project: path.project,
    projectId: result.id,
    trash: true,
  };
}

export function presentTrashedVersion(
  path: VersionPath,
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedVersionAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "version",
    workspace: path.workspace,
    project: path.project,
    version: String(path.version),
    trash: true,
  };
}

export function presentTrashedTraining(
  path: VersionPath,
  result: Trashed | AlreadyInTrash,
): z.input<typeof schemas.trashedTrainingAnswer> {
  assertTrashed(result);
  return {
    deleted: true,
    type: "training",
    workspace: path.workspace,
    project: path.project,
    version: String(path.version),
    trainingId: result.id,
    trash: true,
  };
}

type TrashAnswer = z.input<typeof schemas.trashAnswer>;

function presentTrashItem(item: TrashItem): TrashAnswer["items"][number] {
  const facts = {
    id: item.id,
    name: item.name,
    deletedAt: item.deletedAt.toISOString(),
    scheduledCleanupAt: item.purgeAfter.toISOString(),
    deletedBy: item.deletedById,
    deletedByName: item.deletedByName ?? `deleted user (${item.deletedById})`,
    deletedWithKey: item.deletedKeyId && (item.deletedKeyName ?? `deleted key (${item.deletedKeyId})`),
    reason: item.deletedNote,
    bytes: item.bytes,
  };
  switch (item.type) {
    case "PROJECT":
      return { type: "project", ...facts, url: item.projectSlug };
    case "VERSION":
      return {
        type: "version",
        ...facts,
        id: String(item.number),
        parentId: item.projectId,
        parentUrl: item.projectSlug,
        parentName: item.projectName,
      };
    case "TRAINING":
      return {
        type: "training",
        ...facts,
        parentId: item.versionId!,
        parentUrl: `${item.projectSlug}/${item.number}`,
        parentName: `${item.projectName} ${item.number}`,
      };
    case "IMAGES":
      return {
        type: "images",
        ...facts,
        parentId: item.projectId,
        parentUrl: item.projectSlug,
        parentName: item.projectName,
        images: item.images!,
      };
  }
}

/** A page of Trash. A caller who set no limit and did not get everything is told so. */
export function presentTrash(page: TrashPage, query: { limit?: number | undefined }): TrashAnswer {
  const items = page.items.map(presentTrashItem);
  return {
    items,
    sections: {
      projects: items.filter((item) => item.type === "project"),
      versions: items.filter((item) => item.type === "version"),
      trainings: items.filter((item) => item.type === "training"),
      images: items.filter((item) => item.type === "images"),
      workflows: [],
    },
    nextCursor: page.nextCursor,
    ...(page.nextCursor !== null && query.limit === undefined ? { truncated: true } : {}),
  };
}

/** Restoring what is live is 404: the thing was not found in Trash. */
export function presentRestored(
  item: z.output<typeof schemas.restoreAnswer>,
  result: Restored,
): z.input<typeof schemas.restoreAnswer> {
  if (result.outcome === "already_active")
    throw new DomainError("not_in_trash", `"${result.name}" is not in Trash. There is nothing to restore.`);
  return item;
}

type ScheduleAnswer = z.input<typeof schemas.scheduleAnswer>;

function presentRun(run: RunView): NonNullable<ScheduleAnswer["lastRun"]> {
  const { startedAt, endedAt, by, state, reason, mode, purged, skipped, failed, due, failures } = run;
  return {
    startedAt: startedAt.toISOString(),
    endedAt: endedAt?.toISOString() ?? null,
    by: by.toLowerCase() as "cron",
    state,
    reason,
    message: reason && sentenceOfFailure(reason),
    reportOnly: mode === "REPORT",
    purged,
    skipped,
    failed,
    due,
    failures: failures.map((item) => ({
      type: item.type.toLowerCase() as "version",
      id: item.id,
      name: item.name ?? null,
      project: item.projectSlug ?? null,
      version: item.number ? String(item.number) : null,
      training: item.trainingNumber ?? null,
      reason: item.reason,
      message: sentenceOfFailure(item.reason),
    })),
  };
}

export function presentSchedule({
  mode,
  lastRun,
  lastRunHere,
  nextRunAt,
  silentSince,
  coming: { until, ...coming },
}: TrashSchedule): ScheduleAnswer {
  return {
    purge: mode === "REPORT" ? "report" : "on",
    lastRun: lastRun && presentRun(lastRun),
    lastRunHere: lastRunHere && presentRun(lastRunHere),
    nextRunAt: nextRunAt?.toISOString() ?? null,
    overdue: silentSince !== null,
    next24Hours: { until: until.toISOString(), ...coming },
  };
}
