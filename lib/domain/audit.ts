import { newId } from "@/lib/platform/id";
import { statement, type Queries } from "@/lib/platform/db";
import { describeActor, type Context } from "./context";

/** Everything that is recorded. Each has a sentence for people, `audit.sentences.<action>` of messages/*.json. */
export const AUDIT_ACTIONS = [
  "workspace.created",
  "project.created",
  "project.renamed",
  "project.trashed",
  "project.restored",
  "project.purged",
  "version.created",
  "version.generation_cancelled",
  "version.generation_retried",
  "version.renamed",
  "version.trashed",
  "version.restored",
  "version.purged",
  "version.model_chosen",
  "training.started",
  "training.finished",
  "training.stopped",
  "training.cancelled",
  "training.trashed",
  "training.restored",
  "training.purged",
  "files.swept",
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
  targetType: "version" | "project" | "training" | "api_key" | "user" | "workspace";
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
