import type { WriteGrant } from "@/lib/platform/blob-store";
import { prisma, query, statement, transaction } from "@/lib/platform/db";
import type { ExportFormat } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import type { Context } from "@/lib/domain/context";
import { holdGrant, toGrant, type Term } from "@/lib/domain/grants";
import { LIVE_VERSION, lockLiveVersion } from "@/lib/domain/locks";
import type { ExportFailure } from "./exports";
import { authorizeSystem } from "@/lib/domain/permissions";

/*
 * A worker's side of a download. Every write is conditional on the worker's own lease; a write that hits no row means that
 * another worker has it, or nobody any more. Its clock is the database's own: it is about this process, not the rules.
 */

/** How long a build outlives its worker's last heartbeat before another may take it. Also a failed one waits that long. */
export const EXPORT_LEASE_MS = 30_000;

/** Claims of one build, before it is given up. */
const ATTEMPTS_MAX = 3;

/** A worker's hold on a build. Every later write names it. */
export interface ExportLease {
  exportId: string;
  versionId: string;
  leaseId: string;
}

/** What a worker makes a zip from. */
export interface ExportBuild {
  lease: ExportLease;
  /** To write files of the version. */
  grant: WriteGrant;
  format: ExportFormat;
  /** From 1. */
  attempt: number;
  /** sha256 of the version's manifest, hex. */
  manifestHash: string;
  workspaceSlug: string;
  projectSlug: string;
  projectName: string;
  annotation: string;
  versionNumber: number;
  versionCreatedAt: Date;
}

const FREE = `(e.status = 'QUEUED' or (e.status = 'RUNNING' and e.lease_until <= now()))`;

/** The database's clock. */
const GIVE_UP = statement({
  name: "export-give-up",
  text: `update exports e set status = 'FAILED', failure_reason = 'worker_lost', lease_id = null, lease_until = null, ended_at = now()
         where e.status = 'RUNNING' and e.lease_until <= now() and e.attempts >= ${ATTEMPTS_MAX}`,
});

/** Locks; the database's clock. A version that a purge has locked is passed over, so the grant is taken under its lock. */
const CLAIM = statement({
  name: "export-claim",
  text: `
with next as (
  select e.id as export_id, v.workspace_id, v.project_id, v.manifest_hash, v.number, v.created_at, p.slug, p.name, p.annotation, w.slug as workspace
  from exports e join versions v on v.id = e.version_id join projects p on p.id = v.project_id join workspaces w on w.id = p.workspace_id
  where ${FREE} and e.attempts < ${ATTEMPTS_MAX} and v.status = 'READY' and v.manifest_hash is not null and ${LIVE_VERSION}
  order by e.created_at, e.id limit 1 for share of v skip locked for no key update of e skip locked
), claimed as (
  update exports e set status = 'RUNNING', lease_id = $1, lease_until = now() + $2 * interval '1 millisecond', attempts = e.attempts + 1, progress = 0
  from next where e.id = next.export_id
  returning e.version_id, e.format, e.attempts, next.*
), granted as (
  insert into grants (id, holder, workspace_id, project_id, version_id, until)
  select $1, 'EXPORT', workspace_id, project_id, version_id, now() + $2 * interval '1 millisecond' from claimed
  returning until
)
select export_id as "exportId", version_id as "versionId", workspace_id as "workspaceId", project_id as "projectId", format, attempts as attempt,
  manifest_hash as "manifestHash", workspace as "workspaceSlug", slug as "projectSlug", name as "projectName", annotation,
  number as "versionNumber", created_at as "versionCreatedAt", now() as from, until
from claimed, granted`,
});

type Claimed = Omit<ExportBuild, "lease" | "grant"> &
  Term & { exportId: string; versionId: string; workspaceId: string; projectId: string };

/**
 * Takes the oldest download that is to be made and that nobody works on, for EXPORT_LEASE_MS. null: there is none.
 * One that was begun three times and never ended is given up. Nothing of a version or project in Trash is taken; if it
 * goes there at this moment, the first heartbeat says so.
 */
export async function claimExport(ctx: Context): Promise<ExportBuild | null> {
  authorizeSystem(ctx);
  await query(GIVE_UP, []);
  const leaseId = newId();
  const [claimed] = await query<Claimed>(CLAIM, [leaseId, EXPORT_LEASE_MS]);
  if (!claimed) return null;
  const { exportId, versionId, workspaceId, projectId, from, until, ...build } = claimed;
  const grant = toGrant(leaseId, "EXPORT", { workspaceId, projectId, versionId }, { from, until });
  return { ...build, lease: { exportId, versionId, leaseId }, grant };
}

/** The database's clock; the fence, in one conditional statement. */
const HEARTBEAT = statement({
  name: "export-heartbeat",
  text: `
with held as (
  update exports e set progress = greatest(e.progress, $3::float8), lease_until = now() + $4 * interval '1 millisecond'
  from versions v, projects p
  where e.id = $1 and e.lease_id = $2 and e.status = 'RUNNING' and v.id = e.version_id and p.id = v.project_id and ${LIVE_VERSION}
  returning e.id
)
update grants g set until = greatest(g.until, now() + $4 * interval '1 millisecond')
from held where g.id = $2 and g.ended_at is null returning now() as from, g.until`,
});

/**
 * Reports progress (0 to 1) and renews the worker's lease on the build and the grant that belongs to it.
 * null: the version or project is in Trash or gone, or another has the build; publish nothing.
 */
export async function heartbeatExport(ctx: Context, lease: ExportLease, progress: number): Promise<Term | null> {
  authorizeSystem(ctx);
  const [term] = await query<Term>(HEARTBEAT, [lease.exportId, lease.leaseId, progress, EXPORT_LEASE_MS]);
  return term ?? null;
}

/** The database's clock. */
const COMPLETE = statement({
  name: "export-complete",
  text: `
update exports set status = 'READY', progress = 1, size_bytes = $3, attempt_id = lease_id, lease_id = null, lease_until = null, ended_at = now()
where id = $1 and lease_id = $2 and status = 'RUNNING' returning id`,
});

/**
 * Makes a download ready whose zip is published, at the place of this attempt. `stopped`: the version or project went to
 * Trash or is gone, or the zip was swept; `lost`: another worker has the build. Then take the zip away.
 */
export async function completeExport(
  ctx: Context,
  lease: ExportLease,
  sizeBytes: number,
): Promise<"ready" | "stopped" | "lost"> {
  authorizeSystem(ctx);
  return transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, lease.versionId, "share")) || !(await holdGrant(tx, lease.leaseId)))
      return "stopped";
    return (await tx.query(COMPLETE, [lease.exportId, lease.leaseId, sizeBytes])).length > 0 ? "ready" : "lost";
  });
}

/** Gives a build back that was stopped through no fault of its own: by Trash, or because the worker ends. It counts as no attempt. */
export async function releaseExport(ctx: Context, lease: ExportLease): Promise<void> {
  authorizeSystem(ctx);
  await prisma().export.updateMany({
    where: { id: lease.exportId, leaseId: lease.leaseId, status: "RUNNING" },
    data: { status: "QUEUED", progress: 0, leaseId: null, leaseUntil: null, attempts: { decrement: 1 } },
  });
}

/** The database's clock. */
const FAIL = statement({
  name: "export-fail",
  text: `update exports set status = 'FAILED', failure_reason = $3, lease_id = null, lease_until = null, ended_at = now()
         where id = $1 and lease_id = $2 and status = 'RUNNING' and (attempts >= ${ATTEMPTS_MAX} or not $4::boolean) returning id`,
});

/**
 * Ends a build that went wrong: for good after the third time, or at once when trying again would not help (`again`
 * false). Else it stays the worker's until the lease is over, and is tried again then. Answers whether it is over.
 */
export async function failExport(
  ctx: Context,
  lease: ExportLease,
  failure: { reason: ExportFailure; again: boolean },
): Promise<boolean> {
  authorizeSystem(ctx);
  return (await query(FAIL, [lease.exportId, lease.leaseId, failure.reason, failure.again])).length > 0;
}
