import { prisma, query, statement, transaction, type Transaction } from "@/lib/platform/db";
import type { ExportFormat, ExportStatus, ProjectType } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { enqueue } from "@/lib/platform/job-queue";
import { recordAudit } from "@/lib/domain/audit";
import { personId, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, versionInTrash, type VersionRef } from "@/lib/domain/item-state";
import { lockLiveVersion } from "@/lib/domain/locks";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";
import { FORMATS_OF_TYPE, nameOfFormat } from "./formats";

/*
 * Downloads of a version: one zip for each format, made once by a worker (work.ts) when somebody first asks for it,
 * and kept as long as the version. A version or project in Trash pauses the making; a purge takes rows and zips.
 */

/** Why a download could not be made: its workers were lost, the version's files are not what was generated, anything else. */
export type ExportFailure = "worker_lost" | "files_damaged" | "failed";

/** A request that comes this long after a failure tries again; until then it is told of the failure. */
const EXPORT_RETRY_SECONDS = 60;

export interface ExportView {
  format: ExportFormat;
  /** null: nobody has asked for it yet. */
  status: ExportStatus | null;
  /** 0 to 1; 1 when ready. */
  progress: number;
  /** Of the zip; 0 until it is ready. */
  sizeBytes: number;
  failureReason: string | null;
}

interface ExportRow extends ExportView {
  id: string | null;
  attemptId: string | null;
  type: ProjectType;
}

/** hot: asked every second by each who waits for a download. */
const OF_VERSION = statement({
  name: "exports-of-version",
  text: `
select p.type, e.id, e.attempt_id as "attemptId", e.format, e.status, coalesce(e.progress, 0) as progress,
  coalesce(e.size_bytes, 0)::float8 as "sizeBytes", e.failure_reason as "failureReason"
from versions v join projects p on p.id = v.project_id left join exports e on e.version_id = v.id
where v.id = $1`,
});

const NEVER_ASKED = { id: null, attemptId: null, status: null, progress: 0, sizeBytes: 0, failureReason: null };

/** One for each format that the version's project has; what the version would need is known even before it is ready. */
async function listRows(versionId: string, run: Transaction["query"] = query): Promise<ExportRow[]> {
  const rows = await run<ExportRow>(OF_VERSION, [versionId]);
  const type = rows[0]?.type;
  if (type === undefined) return [];
  return FORMATS_OF_TYPE[type].map(
    (format) => rows.find((row) => row.format === format) ?? { type, format, ...NEVER_ASKED },
  );
}

const view = ({ format, status, progress, sizeBytes, failureReason }: ExportRow): ExportView => ({
  format,
  status,
  progress,
  sizeBytes,
  failureReason,
});

/** Every format that a live version can be downloaded in, and how far each is. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `generation_failed`. */
export async function listExports(ctx: Context, ref: VersionRef): Promise<ExportView[]> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const version = await getLiveVersion(workspaceId, ref);
  return (await listRows(version.id)).map(view);
}

/** One conditional statement: of many who ask at once one queues it. */
const QUEUE = statement({
  name: "export-queue",
  text: `
insert into exports (id, version_id, format, created_by_id, created_at)
values ($1, $2, $3::"ExportFormat", $4, $5::timestamptz)
on conflict (version_id, format) do update
set status = 'QUEUED', progress = 0, attempts = 0, failure_reason = null, ended_at = null,
  created_by_id = excluded.created_by_id, created_at = excluded.created_at
where exports.status = 'FAILED' and exports.ended_at <= $5::timestamptz - ${EXPORT_RETRY_SECONDS} * interval '1 second'
returning id`,
});

/** A download that was asked for. */
export interface RequestedExport extends ExportView {
  id: string;
}

/**
 * Asks for a download: it is queued unless it is there or under way already, so asking again tells how far it is. One that
 * failed throws `export_failed` with the reason, and is queued anew by the first request a minute after that.
 * Throws `not_found`, `in_trash`, `project_in_trash`, `purged`, `generation_failed`, `not_ready`, and `invalid_input` for a
 * format that the project's type does not have.
 */
export async function requestExport(
  ctx: Context,
  ref: VersionRef & { format: ExportFormat },
): Promise<RequestedExport> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const version = await getLiveVersion(workspaceId, ref);
  const rows = await listRows(version.id);
  const known = rows.find(({ format }) => format === ref.format);
  if (!known) throw noSuchFormat(rows.map(({ format }) => format));
  if (version.status !== "READY")
    throw new DomainError("not_ready", `Version ${ref.number} is still being generated. Download it when it is ready.`);
  if (known.id !== null && known.status !== "FAILED") return { ...view(known), id: known.id };

  const asked = await transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, version.id, "share"))) return null;
    const queued = await tx.query(QUEUE, [newId(), version.id, ref.format, personId(ctx.actor), ctx.now]);
    if (queued.length > 0) {
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "version.exported",
          targetType: "version",
          targetId: version.id,
          targetName: version.name,
          details: { format: nameOfFormat(ref.format) },
        },
      ]);
      await enqueue(tx, "build-exports");
    }
    return (await listRows(version.id, tx.query)).find(({ format }) => format === ref.format) ?? null;
  });
  if (asked === null || asked.id === null) {
    await getLiveVersion(workspaceId, ref); // throws why not
    throw new DomainError("busy", "The version changed at this very moment. Try again.");
  }
  if (asked.status === "FAILED") throw exportFailed(asked);
  return { ...view(asked), id: asked.id };
}

function noSuchFormat(formats: readonly ExportFormat[]): DomainError {
  const names = formats.map(nameOfFormat);
  const sentence =
    names.length > 0
      ? `This project's versions can be downloaded as: ${names.join(", ")}.`
      : "Versions of a project of this type cannot be downloaded yet.";
  return new DomainError("invalid_input", sentence, { field: "format" });
}

const FAILURES: Record<string, string> = {
  worker_lost: "the process that made it was lost three times",
  files_damaged: "files of the version are missing or not what was generated",
} satisfies Partial<Record<ExportFailure, string>>;

function exportFailed({ format, failureReason }: ExportView): DomainError {
  const why = FAILURES[failureReason ?? ""] ?? "the store could not be read or written";
  return new DomainError(
    "export_failed",
    `The download as ${nameOfFormat(format)} could not be made: ${why}. Ask again in a minute to try once more.`,
    { reason: failureReason ?? "failed" },
  );
}

// ── The zip that is there ────────────────────────────────────────────────────────────────────────────────────────────

/** Where an attempt at a zip puts it, relative to its version; null: where it lay before each attempt had a place of its own. */
export const exportPath = (exportId: string, attemptId: string | null, format: ExportFormat): string =>
  `exports/${exportId}/${attemptId === null ? "" : `${attemptId}/`}${format.toLowerCase()}.zip`;

/** A zip that is ready. */
export interface ExportFile {
  exportId: string;
  attemptId: string | null;
  versionId: string;
  format: ExportFormat;
  sizeBytes: number;
  projectSlug: string;
  versionNumber: number;
}

/** The zip of a format, for a member. Throws what getLiveVersion throws, and `not_ready` when it is not there (yet). */
export async function getExportFile(ctx: Context, ref: VersionRef & { format: ExportFormat }): Promise<ExportFile> {
  const { workspaceId } = authorize(ctx, "read versions", ref.workspaceSlug);
  const version = await getLiveVersion(workspaceId, ref);
  const found = (await listRows(version.id)).find(({ format }) => format === ref.format);
  if (!found || found.id === null || found.status !== "READY")
    throw new DomainError("not_ready", `There is no download as ${nameOfFormat(ref.format)} yet. Ask for it first.`);
  return {
    exportId: found.id,
    attemptId: found.attemptId,
    versionId: version.id,
    format: ref.format,
    sizeBytes: found.sizeBytes,
    projectSlug: version.projectSlug,
    versionNumber: version.number,
  };
}

/** One snapshot: the zip with all that decides whether it may be had. */
const BY_ID = statement({
  name: "export-by-id",
  text: `
select e.id as "exportId", e.attempt_id as "attemptId", v.id as "versionId", e.format, e.size_bytes::float8 as "sizeBytes",
  p.slug as "projectSlug", v.number as "versionNumber", v.name,
  v.deleted_at as "deletedAt", v.purge_after as "purgeAfter",
  p.deleted_at as "projectDeletedAt", p.purge_after as "projectPurgeAfter"
from exports e join versions v on v.id = e.version_id join projects p on p.id = v.project_id
where e.id = $1 and e.status = 'READY' and p.purge_started_at is null`,
});

interface LinkedExport extends ExportFile {
  name: string;
  deletedAt: Date | null;
  purgeAfter: Date | null;
  projectDeletedAt: Date | null;
  projectPurgeAfter: Date | null;
}

/**
 * The zip that a link of ours leads to: whoever has the link may have it, for as long as it is valid. Throws `not_found`
 * once it is purged, `in_trash`, `project_in_trash`.
 */
export async function getLinkedExport(ctx: Context, exportId: string): Promise<ExportFile> {
  authorizeSystem(ctx);
  const [found] = await query<LinkedExport>(BY_ID, [exportId]);
  if (!found) throw new DomainError("not_found", "This download is not there any more.");
  const { name, deletedAt, purgeAfter, projectDeletedAt, projectPurgeAfter, ...file } = found;
  if (projectDeletedAt)
    throw new DomainError("project_in_trash", "The project of this download is in Trash. Restore it to download it.", {
      restorableUntil: projectPurgeAfter!.toISOString(),
    });
  if (deletedAt) throw versionInTrash(file.versionNumber, name, purgeAfter!);
  return file;
}

/** Has a zip made anew that the store lost. Of one that was purged meanwhile nothing is made. */
export async function remakeExport(exportId: string): Promise<void> {
  await transaction(async (tx) => {
    const lost = await tx.export.updateMany({
      where: { id: exportId, status: "READY" },
      data: { status: "QUEUED", progress: 0, sizeBytes: 0, attempts: 0, endedAt: null },
    });
    if (lost.count > 0) await enqueue(tx, "build-exports");
  });
}

/** The zips of a version that its rows name, relative to it. For a sweep. */
export async function listNamedExports(versionId: string): Promise<Set<string>> {
  const exports = await prisma().export.findMany({
    where: { versionId, status: "READY" },
    select: { id: true, attemptId: true, format: true },
  });
  return new Set(exports.map(({ id, attemptId, format }) => exportPath(id, attemptId, format)));
}
