import { atomic, statement, transaction } from "@/lib/platform/db";
import { notifyTrainers } from "@/lib/platform/notify";
import { auditRow } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { endGeneration } from "@/lib/domain/versions";
import { getVersionState, type VersionRef } from "@/lib/domain/item-state";
import { projectLockIn, takeLocks, versionLockByNumber } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { bytesHeldBy } from "./holdings";
import {
  alreadyInTrash,
  confirmation,
  nameMismatch,
  restoreParentFirst,
  stampOf,
  toldDetails,
  trashed,
  TRASH_REASON,
  UNKNOWN_TARGET,
  untilSettled,
  type AlreadyInTrash,
  type Restored,
  type Told,
  type Trashed,
  type TrashedRow,
} from "./outcome";

/** hot: looks and writes in one statement, with the audit row. */
const TRASH_VERSION = statement({
  name: "trash-version",
  text: `
with trashed as (
  update versions v set deleted_at = $4, deleted_by_id = $5, purge_after = $6, deleted_key_id = $7, deleted_note = $8,
    trashed_bytes = ${bytesHeldBy("VERSION", "v.id")}
  from projects p
  where p.workspace_id = $1 and p.slug = $2 and p.deleted_at is null
    and v.project_id = p.id and v.number = $3 and v.deleted_at is null and v.status <> 'GENERATING'
    and ($11::text is null or v.name = $11)
  returning v.id, v.name
), active as (
  select t.id from trainings t join trashed on trashed.id = t.version_id
  where t.ended_at is null order by t.id for no key update of t
), cancelled as (
  update trainings t set status = 'CANCELLED', status_reason = 'version ' || $9, ended_at = $4, lease_id = null, lease_until = null
  from active where t.id = active.id
  returning t.number
), result as (
  select trashed.id, trashed.name, coalesce((select array_agg(number::text order by number) from cancelled), '{}') as cancelled from trashed
), audited as (
  insert into audit_events
  select a.* from result, jsonb_populate_record(null::audit_events, $10::jsonb || jsonb_build_object('target_id', id, 'target_name', name,
    'details', ($10::jsonb -> 'details') || jsonb_build_object('cancelledTrainings', cancelled))) a
)
select * from result`,
});

/** Rolls a transaction back, so that the operation looks again. */
class StateChanged extends Error {}

/**
 * Moves a version to Trash for 30 × 24 h and, in the same act, cancels its queued and running trainings; its models
 * stop serving with it. A version that is still being generated has its generation cancelled first.
 * Repeating is `already_in_trash` and moves no date. With `confirmName`, what a person typed, nothing happens unless that is
 * the version's name at that moment. A `note` stays with it while it is in Trash, and in the audit log. Throws `not_found`,
 * `project_in_trash`, `purged`, `name_mismatch`, and `invalid_input` for a note that cannot be stored.
 */
export async function trashVersion(
  ctx: Context,
  ref: VersionRef & { confirmName?: string } & Told,
): Promise<Trashed | AlreadyInTrash> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const key = [workspaceId, ref.projectSlug, ref.number];
  const audit = auditRow(ctx, {
    workspaceId,
    action: "version.trashed",
    targetType: "version",
    ...UNKNOWN_TARGET,
    details: toldDetails(ref),
  });
  const confirmed = confirmation(ref.confirmName);
  const values = [...key, ...stampOf(ctx, ref), TRASH_REASON, JSON.stringify(audit), confirmed];

  const result = await untilSettled<Trashed | AlreadyInTrash>(async () => {
    const [row] = await atomic<TrashedRow>([
      versionLockByNumber(workspaceId, ref.projectSlug, ref.number),
      { statement: TRASH_VERSION, values },
    ]);
    if (row) return trashed(ctx, row);

    const state = await getVersionState(workspaceId, ref);
    if (state.deletedAt) return alreadyInTrash(state);
    if (confirmed !== null && confirmed !== state.name) throw nameMismatch("version", state.name);
    if (state.status !== "GENERATING") return undefined;
    const rowAfterCancel = await transaction(async (tx) => {
      await endGeneration(tx, { workspaceId, versionId: state.id, reason: "trashed" });
      await takeLocks(tx, versionLockByNumber(workspaceId, ref.projectSlug, ref.number)); // it may have become ready meanwhile, and be trained
      const [after] = await tx.query<TrashedRow>(TRASH_VERSION, values);
      if (!after) throw new StateChanged(); // what is not trashed goes on being generated
      return after;
    }).catch((error: unknown) => {
      if (error instanceof StateChanged) return undefined;
      throw error;
    });
    return rowAfterCancel && trashed(ctx, rowAfterCancel);
  });
  if (result.outcome === "trashed" && result.cancelledTrainings.length > 0) await notifyTrainers();
  return result;
}

/** hot: looks and writes in one statement, with the audit row. */
const RESTORE_VERSION = statement({
  name: "restore-version",
  text: `
with restored as (
  update versions v set deleted_at = null, deleted_by_id = null, purge_after = null, deleted_key_id = null, deleted_note = null,
    trashed_bytes = null
  from projects p
  where p.id = $1 and p.workspace_id = $2 and p.deleted_at is null
    and v.project_id = p.id and v.number = $3 and v.deleted_at is not null
  returning v.id, v.name
), audited as (
  insert into audit_events
  select a.* from restored, jsonb_populate_record(null::audit_events, $4::jsonb || jsonb_build_object('target_id', id, 'target_name', name)) a
)
select * from restored`,
});

/**
 * Gives a version back exactly as it was, until a purge has removed it, be that a little after purge_after. Cancelled
 * trainings stay cancelled. Repeating is `already_active`.
 * Throws `not_found`, `purged`, and `parent_in_trash` while its project is in Trash.
 */
export async function restoreVersion(
  ctx: Context,
  ref: { workspaceSlug: string; projectId: string; number: number },
): Promise<Restored> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const audit = auditRow(ctx, { workspaceId, action: "version.restored", targetType: "version", ...UNKNOWN_TARGET });
  return untilSettled(async () => {
    const [row] = await atomic<{ id: string; name: string }>([
      // The project first: it can then not go to Trash under this restore.
      projectLockIn(workspaceId, ref.projectId, "share"),
      { statement: RESTORE_VERSION, values: [ref.projectId, workspaceId, ref.number, JSON.stringify(audit)] },
    ]);
    if (row) return { outcome: "restored", ...row };

    const state = await getVersionState(workspaceId, ref, { inTrashedProject: true });
    if (state.projectDeletedAt) throw restoreParentFirst("project", state.projectName);
    if (state.deletedAt) return undefined;
    return { outcome: "already_active", id: state.id, name: state.name };
  });
}
