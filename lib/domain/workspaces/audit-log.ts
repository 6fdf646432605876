import { query, statement } from "@/lib/platform/db";
import type { ActorType } from "@/lib/platform/generated/enums";
import { AUDIT_ACTIONS, type AuditAction } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";

/** What the log can be narrowed to. Every action is in one group. */
export const AUDIT_GROUPS = ["trash", "data", "keys", "members"] as const;
export type AuditGroup = (typeof AUDIT_GROUPS)[number];

/** The group of an action. */
export function auditGroupOf(action: AuditAction): AuditGroup {
  if (/\.(trashed|restored|purged)$/.test(action)) return "trash";
  if (action.startsWith("api_key.")) return "keys";
  return /^(member|user)\./.test(action) ? "members" : "data";
}

export interface AuditEvent {
  id: string;
  at: Date;
  actorType: ActorType;
  /** The person, also behind a key; of our own jobs, the job's name. */
  actorName: string;
  /** The key that acted, while it still exists. */
  keyName: string | null;
  action: string;
  targetType: string;
  targetId: string;
  targetName: string;
  details: Record<string, unknown>;
}

export interface AuditPage {
  events: AuditEvent[];
  nextCursor: string | null;
}

/** Events looked at for one page of a group: what makes a rare group cost no more than this in a log of millions. */
export const AUDIT_WINDOW = 5_000;

/** hot: flat at millions of events. */
const LIST = statement({
  name: "list-audit-events",
  text: `
with stretch as materialized (
  select * from audit_events where workspace_id = $1 and (at, id) < ($2, $3) order by at desc, id desc limit $4
), wanted as (
  select * from stretch where $5::text[] is null or action = any($5) order by at desc, id desc limit $6
), bounds as (
  select count(*)::int as seen, (select at from stretch order by at, id limit 1) as "endAt",
    (select id from stretch order by at, id limit 1) as "endId"
  from stretch
)
select bounds.*, w.id, w.at, w.actor_type as "actorType", w.actor_name as "actorName", k.name as "keyName", w.action,
  w.target_type as "targetType", w.target_id as "targetId", w.target_name as "targetName", w.details
from bounds left join wanted w on true left join api_keys k on w.actor_type = 'API_KEY' and k.id = w.actor_id
order by w.at desc, w.id desc`,
});

interface Bounds {
  seen: number;
  endAt: Date | null;
  endId: string | null;
}

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f-]{36})$/;
const NEWEST = ["9999-12-31T00:00:00.000Z", "~"] as const;

const cursorAt = (at: Date, id: string): string => `${at.toISOString()}_${id}`;

function parseCursor(cursor: string): readonly [string, string] {
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)))
    throw new DomainError("invalid_input", "This page of the log does not exist. Start from the newest events.", {
      field: "cursor",
    });
  return [at, id];
}

/**
 * What happened in a workspace, newest first, in pages by keyset. A page of a `group` looks at a bounded stretch of the
 * log, so it can be short, or empty, and still have a next one. Throws `invalid_input` for a cursor we never gave.
 */
export async function listAuditEvents(
  ctx: Context,
  input: { workspaceSlug: string; limit: number; group?: AuditGroup | undefined; cursor?: string | undefined },
): Promise<AuditPage> {
  const { workspaceId } = authorize(ctx, "read audit log", input.workspaceSlug);
  const [at, id] = input.cursor === undefined ? NEWEST : parseCursor(input.cursor);
  const actions = input.group ? AUDIT_ACTIONS.filter((action) => auditGroupOf(action) === input.group) : null;
  const stretch = actions ? AUDIT_WINDOW : input.limit + 1;
  const rows = await query<(AuditEvent | { id: null }) & Bounds>(LIST, [
    workspaceId,
    at,
    id,
    stretch,
    actions,
    input.limit + 1,
  ]);
  const found = rows.flatMap(({ seen: _seen, endAt: _endAt, endId: _endId, ...event }) =>
    event.id === null ? [] : [event],
  );
  const events = found.slice(0, input.limit);
  const last = events.at(-1);
  if (found.length > input.limit && last) return { events, nextCursor: cursorAt(last.at, last.id) };
  const { seen, endAt, endId } = rows[0]!;
  return { events, nextCursor: actions && seen === stretch && endAt && endId ? cursorAt(endAt, endId) : null };
}
