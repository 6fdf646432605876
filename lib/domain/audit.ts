import { newId } from "@/lib/platform/id";
import { statement, type Queries } from "@/lib/platform/db";
import { describeActor, type Context } from "./context";

/** Everything that is recorded. Each has a sentence for people, `audit.sentences.<action>` of messages/*.json. */
export const AUDIT_ACTIONS = [
  "workspace.created",
  "workspace.purge_failed",
  "project.created",
  "project.renamed",
  "project.trashed",
  "project.restored",
  "project.purged",
  "image.uploaded",
  "image.labelled",
  "image.split_changed",
  "image.annotated",
  "image.tagged",
  "image.metadata_changed",
  "image.trashed",
  "image.restored",
  "image.purged",
  "version.created",
  "version.imported",
  "version.generation_failed",
  "version.generation_cancelled",
  "version.generation_retried",
  "version.renamed",
  "version.trashed",
  "version.restored",
  "version.purged",
  "version.model_chosen",
  "version.exported",
  "training.started",
  "training.finished",
  "training.failed",
  "training.stop_requested",
  "training.stopped",
  "training.cancelled",
  "training.handed_in",
  "training.trashed",
  "training.restored",
  "training.purged",
  "files.swept",
  "trash_job.started",
  "trash_job.cancelled",
  "api_key.created",
  "api_key.revoked",
  "member.added",
  "member.role_changed",
  "member.removed",
  "member.invite_renewed",
  "member.joined",
  "user.deleted",
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface AuditEntry {
  workspaceId: string;
  action: AuditAction;
  targetType: "version" | "project" | "training" | "api_key" | "user" | "workspace" | "trash_job";
  targetId: string;
  targetName: string;
  details?: Record<string, unknown>;
}

/**
 * The event as a row of audit_events, for statements that write it themselves:
 * `insert into audit_events select a.* from jsonb_populate_record(null::audit_events, $1::jsonb) a`.
 */
export function auditRow(ctx: Context, entry: AuditEntry): Record<string, unknown> {
  const actor = describeActor(ctx.actor);
  return {
    id: newId(),
    workspace_id: entry.workspaceId,
    at: ctx.now,
    actor_type: actor.actorType,
    actor_id: actor.actorId,
    actor_name: actor.actorName,
    user_id: actor.userId,
    action: entry.action,
    target_type: entry.targetType,
    target_id: entry.targetId,
    target_name: entry.targetName,
    details: entry.details ?? {},
    request_id: ctx.requestId,
  };
}

/** A set, on the way of what it tells. */
const INSERT = statement({
  name: "record-audit",
  text: `insert into audit_events select * from jsonb_populate_recordset(null::audit_events, $1::jsonb)`,
});

/** Writes audit events in the transaction of what they tell, so that neither exists without the other. */
export async function recordAudit(tx: Queries, ctx: Context, entries: readonly AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  await tx.query(INSERT, [JSON.stringify(entries.map((entry) => auditRow(ctx, entry)))]);
}

/** What follows within this long on the last of its kind belongs to the same batch. */
export const BATCH_PAUSE_MS = 10 * 60_000;
/** So long at most, so that an event is not far from what it tells. */
const BATCH_MAX_MS = 24 * 60 * 60_000;

const GOES_ON = `b.until > $5::timestamptz and b.started_at > $5::timestamptz - ${BATCH_MAX_MS} * interval '1 millisecond'`;

/** hot: with every image that is uploaded. Locks the batch, to write both. */
const EXTEND = statement({
  name: "extend-audit-batch",
  text: `
with batch as (
  insert into audit_batches as b (actor_id, action, target_id, event_id, started_at, until)
  values ($1, $2, $3, $4, $5::timestamptz, $5::timestamptz + ${BATCH_PAUSE_MS} * interval '1 millisecond')
  on conflict (actor_id, action, target_id) do update set
    event_id = case when ${GOES_ON} then b.event_id else excluded.event_id end,
    started_at = case when ${GOES_ON} then b.started_at else excluded.started_at end,
    until = greatest(b.until, excluded.until)
  returning event_id
)
insert into audit_events as e
select a.* from batch, jsonb_populate_record(null::audit_events, $6::jsonb || jsonb_build_object('id', event_id)) a
on conflict (id) do update set details = e.details || (
  select jsonb_object_agg(key, case when jsonb_typeof(value) = 'number'
    then to_jsonb((value #>> '{}')::bigint + coalesce((e.details ->> key)::bigint, 0))
    else to_jsonb(greatest(value #>> '{}', e.details ->> key)) end)
  from jsonb_each(excluded.details))`,
});

/**
 * Tells of something that a person or program does many times in a row to one thing (a thousand images uploaded one by
 * one): one event for the whole batch, with its sums in `counts` and, as `until`, when the last of it was. It is written
 * with the first and added to with each that follows within BATCH_PAUSE_MS, in the transaction of what it tells, as the
 * last thing in it: those who add to one batch at once wait for each other from here to the commit.
 */
export async function recordBatch(
  tx: Queries,
  ctx: Context,
  entry: Omit<AuditEntry, "details">,
  counts: Record<string, number>,
): Promise<void> {
  const row = auditRow(ctx, { ...entry, details: { ...counts, until: ctx.now.toISOString() } });
  await tx.query(EXTEND, [row["actor_id"], entry.action, entry.targetId, row["id"], ctx.now, JSON.stringify(row)]);
}
