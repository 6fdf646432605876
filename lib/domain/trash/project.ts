import { atomic, statement, transaction } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import { notifyTrainers } from "@/lib/platform/notify";
import { auditRow } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { getProjectState, type SluggedProjectRef } from "@/lib/domain/item-state";
import { projectLockBySlug, projectLockIn } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { bytesHeldBy } from "./holdings";
import {
  alreadyInTrash,
  confirmation,
  nameMismatch,
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
const TRASH_PROJECT = statement({
  name: "trash-project",
  text: `
with trashed as (
  update projects p set deleted_at = $3, deleted_by_id = $4, purge_after = $5, deleted_key_id = $6, deleted_note = $7,
    trashed_bytes = ${bytesHeldBy("PROJECT", "p.id")}
  where workspace_id = $1 and slug = $2 and deleted_at is null and ($10::text is null or name = $10)
  returning id, name
), active as (
  select t.id, v.number from trashed
  join versions v on v.project_id = trashed.id
  join trainings t on t.version_id = v.id
  where t.ended_at is null order by t.id for no key update of t
), cancelled as (
  update trainings t set status = 'CANCELLED', status_reason = 'project ' || $8, ended_at = $3, lease_id = null, lease_until = null
  from active where t.id = active.id
  returning active.number as version, t.number
), result as (
  select trashed.id, trashed.name,
    coalesce((select array_agg(version || '.' || number order by version, number) from cancelled), '{}') as cancelled
  from trashed
), audited as (
  insert into audit_events
  select a.* from result, jsonb_populate_record(null::audit_events, $9::jsonb || jsonb_build_object('target_id', id, 'target_name', name,
    'details', ($9::jsonb -> 'details') || jsonb_build_object('cancelledTrainings', cancelled))) a
)
select * from result`,
});

/**
 * Moves a project to Trash for 30 × 24 h and cancels every queued and running training in it. Its versions are hidden
 * through it, and not touched: those trashed before keep their own date.
 * Repeating is `already_in_trash` and moves no date. `confirmName` and `note` as for a version. Throws `not_found`,
 * `purged`, `name_mismatch`, `invalid_input`.
 */
export async function trashProject(
  ctx: Context,
  ref: SluggedProjectRef & { confirmName?: string } & Told,
): Promise<Trashed | AlreadyInTrash> {
  const { workspaceId } = authorize(ctx, "update project", ref.workspaceSlug);
  const audit = auditRow(ctx, {
    workspaceId,
    action: "project.trashed",
    targetType: "project",
    ...UNKNOWN_TARGET,
    details: toldDetails(ref),
  });
  const confirmed = confirmation(ref.confirmName);
  const result = await untilSettled<Trashed | AlreadyInTrash>(async () => {
    const [row] = await atomic<TrashedRow>([
      projectLockBySlug(workspaceId, ref.projectSlug),
      {
        statement: TRASH_PROJECT,
        values: [workspaceId, ref.projectSlug, ...stampOf(ctx, ref), TRASH_REASON, JSON.stringify(audit), confirmed],
      },
    ]);
    if (row) return trashed(ctx, row);

    const state = await getProjectState(workspaceId, ref);
    if (state.deletedAt) return alreadyInTrash(state);
    if (confirmed !== null && confirmed !== state.name) throw nameMismatch("project", state.name);
    return undefined;
  });
  if (result.outcome === "trashed" && result.cancelledTrainings.length > 0) await notifyTrainers();
  return result;
}

/** hot: looks and writes in one statement, with the audit row. */
const RESTORE_PROJECT = statement({
  name: "restore-project",
  text: `
with restored as (
  update projects set deleted_at = null, deleted_by_id = null, purge_after = null, deleted_key_id = null, deleted_note = null,
    trashed_bytes = null
  where workspace_id = $1 and id = $2 and deleted_at is not null and purge_started_at is null
  returning id, name
), audited as (
  insert into audit_events
  select a.* from restored, jsonb_populate_record(null::audit_events, $3::jsonb || jsonb_build_object('target_id', id, 'target_name', name)) a
)
select restored.*, exists (select 1 from versions v where v.project_id = restored.id and v.status = 'GENERATING') as generating from restored`,
});

/**
 * Gives a project back with exactly the versions that were live in it, until a purge has claimed it. What was being
 * generated goes on.
 * Repeating is `already_active`. Throws `not_found`, `purged`.
 */
export async function restoreProject(
  ctx: Context,
  ref: { workspaceSlug: string; projectId: string },
): Promise<Restored> {
  const { workspaceId } = authorize(ctx, "update project", ref.workspaceSlug);
  const audit = auditRow(ctx, { workspaceId, action: "project.restored", targetType: "project", ...UNKNOWN_TARGET });
  return untilSettled(async () => {
    const [row] = await atomic<{ id: string; name: string; generating: boolean }>([
      projectLockIn(workspaceId, ref.projectId, "write"),
      { statement: RESTORE_PROJECT, values: [workspaceId, ref.projectId, JSON.stringify(audit)] },
    ]);
    if (row) {
      // Not in that one flight, which is hot: should it get lost, the schedule finds the generation within a minute.
      if (row.generating)
        await transaction(async (tx) => {
          await enqueue(tx, "generate-versions");
          await enqueue(tx, "import-versions");
        });
      return { outcome: "restored", id: row.id, name: row.name };
    }

    const state = await getProjectState(workspaceId, ref);
    return state.deletedAt ? undefined : { outcome: "already_active", id: state.id, name: state.name };
  });
}
