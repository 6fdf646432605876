import { query, type Statement } from "@/lib/platform/db";
import type { ActorType } from "@/lib/platform/generated/enums";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { authorize } from "./permissions";

export interface AuditEvent {
  id: string;
  at: Date;
  actorType: ActorType;
  actorName: string;
  action: string;
  targetType: string;
  targetId: string;
  targetName: string;
  details: Record<string, unknown>;
}

const LIST: Statement = {
  name: "list-audit-events",
  text: `select id, at, actor_type as "actorType", actor_name as "actorName", action, target_type as "targetType",
           target_id as "targetId", target_name as "targetName", details
         from audit_events where workspace_id = $1 and (at, id) < ($2, $3) order by at desc, id desc limit $4`,
};

/** What happened in a workspace, newest first, in pages by keyset. Throws `invalid_input` for a cursor we never gave. */
export async function listAuditEvents(ctx: Context, input: { workspaceSlug: string; limit: number; cursor?: string | undefined }): Promise<{ events: AuditEvent[]; nextCursor: string | null }> {
  const { workspaceId } = authorize(ctx, "read audit log", input.workspaceSlug);
  const [at, id] = input.cursor === undefined ? ["9999-12-31T00:00:00.000Z", "~"] : input.cursor.split("_");
  if (!id || Number.isNaN(Date.parse(at!))) throw new DomainError("invalid_input", "This page of the log does not exist. Start from the newest events.", { field: "cursor" });
  const rows = await query<AuditEvent>(LIST, [workspaceId, at, id, input.limit + 1]);
  const events = rows.slice(0, input.limit);
  const last = events.at(-1);
  return { events, nextCursor: rows.length > input.limit && last ? `${last.at.toISOString()}_${last.id}` : null };
}
