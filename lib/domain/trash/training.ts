import { atomic, statement } from "@/lib/platform/db";
import { auditRow } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getTrainingState, type TrainingRef } from "@/lib/domain/item-state";
import { LIVE_VERSION, projectLockOfVersion, trainingLock, versionLock } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { bytesHeldBy } from "./holdings";
import {
  alreadyInTrash,
  restoreParentFirst,
  stampOf,
  toldDetails,
  trashed,
  UNKNOWN_TARGET,
  untilSettled,
  type AlreadyInTrash,
  type Restored,
  type Told,
  type Trashed,
  type TrashedRow,
} from "./outcome";

/** hot: looks and writes in one statement, with the audit row. */
const TRASH_TRAINING = statement({
  name: "trash-training",
  text: `
with trashed as (
  update trainings t set deleted_at = $3, deleted_by_id = $4, purge_after = $5, deleted_key_id = $6, deleted_note = $7,
    trashed_project_id = v.project_id, trashed_bytes = ${bytesHeldBy("TRAINING", "t.id")}
  from versions v join projects p on p.id = v.project_id
  where t.id = $1 and t.workspace_id = $2 and t.deleted_at is null and t.ended_at is not null
    and v.id = t.version_id and ${LIVE_VERSION}
  returning t.id, 'Training ' || t.number as name, '{}'::text[] as cancelled
), audited as (
  insert into audit_events
  select a.* from trashed, jsonb_populate_record(null::audit_events, $8::jsonb || jsonb_build_object('target_id', id, 'target_name', name)) a
)
select * from trashed`,
});

/**
 * Moves a training that is over to Trash for 30 × 24 h; its model stops serving with it.
 * Repeating is `already_in_trash`. `note` as for a version. Throws `not_found`, `in_trash`, `project_in_trash`, `purged`,
 * `invalid_input`, and `training_active` while it is queued or running.
 */
export async function trashTraining(ctx: Context, ref: TrainingRef & Told): Promise<Trashed | AlreadyInTrash> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const stamp = stampOf(ctx, ref);
  const audit = auditRow(ctx, {
    workspaceId,
    action: "training.trashed",
    targetType: "training",
    ...UNKNOWN_TARGET,
    details: toldDetails(ref),
  });
  return untilSettled(async () => {
    const state = await getTrainingState(workspaceId, ref);
    if (state.deletedAt) return alreadyInTrash(state);
    if (!state.endedAt)
      throw new DomainError(
        "training_active",
        `${state.name} is ${state.status.toLowerCase()}. Stop or cancel it before deleting it.`,
      );
    const [row] = await atomic<TrashedRow>([
      trainingLock(state.id),
      { statement: TRASH_TRAINING, values: [state.id, workspaceId, ...stamp, JSON.stringify(audit)] },
    ]);
    return row && trashed(ctx, row);
  });
}

/** hot: looks and writes in one statement, with the audit row. */
const RESTORE_TRAINING = statement({
  name: "restore-training",
  text: `
with restored as (
  update trainings t set deleted_at = null, deleted_by_id = null, purge_after = null, deleted_key_id = null, deleted_note = null,
    trashed_bytes = null, trashed_project_id = null
  from versions v join projects p on p.id = v.project_id
  where t.id = $1 and t.workspace_id = $2 and t.deleted_at is not null
    and v.id = t.version_id and ${LIVE_VERSION}
  returning t.id, 'Training ' || t.number as name
), audited as (
  insert into audit_events
  select a.* from restored, jsonb_populate_record(null::audit_events, $3::jsonb || jsonb_build_object('target_id', id, 'target_name', name)) a
)
select * from restored`,
});

/**
 * Gives a training back with its model. Repeating is `already_active`.
 * Throws `not_found`, `purged`, and `parent_in_trash` while its version or project is in Trash.
 */
export async function restoreTraining(
  ctx: Context,
  ref: { workspaceSlug: string; trainingId: string },
): Promise<Restored> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const audit = auditRow(ctx, { workspaceId, action: "training.restored", targetType: "training", ...UNKNOWN_TARGET });
  return untilSettled(async () => {
    const state = await getTrainingState(workspaceId, ref, { inTrashedParent: true });
    if (state.projectDeletedAt) throw restoreParentFirst("project", state.projectName);
    if (state.versionDeletedAt) throw restoreParentFirst("version", state.versionName);
    if (!state.deletedAt) return { outcome: "already_active", id: state.id, name: state.name };
    const [row] = await atomic<{ id: string; name: string }>([
      projectLockOfVersion(state.versionId),
      versionLock(state.versionId, "share"),
      { statement: RESTORE_TRAINING, values: [state.id, workspaceId, JSON.stringify(audit)] },
    ]);
    return row && { outcome: "restored", ...row };
  });
}
