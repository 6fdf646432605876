import { query, statement, type Statement } from "@/lib/platform/db";
import type { ActorType } from "@/lib/platform/generated/enums";
import { AUDIT_ACTIONS, type AuditAction, type AuditEntry } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";
import { listAuditActors, type AuditActor } from "./audit-actors";
import { locateEvents, type Place } from "./audit-places";

/** Actions that are looked for together. Every action is in one group. */
export const AUDIT_GROUPS = ["trash", "data", "keys", "members"] as const;
export type AuditGroup = (typeof AUDIT_GROUPS)[number];

/** The group of an action. */
export function auditGroupOf(action: AuditAction): AuditGroup {
  if (/\.(trashed|restored|purged|purge_failed)$/.test(action) || action.startsWith("trash_job.")) return "trash";
  if (action.startsWith("api_key.")) return "keys";
  return /^(member|user)\./.test(action) ? "members" : "data";
}

/** What events are about. */
export const AUDIT_ITEM_TYPES = [
  "project",
  "version",
  "training",
  "api_key",
  "user",
  "workspace",
  "trash_job",
] as const;
export type AuditItemType = AuditEntry["targetType"];

/** What an action is about; null where it may be any of several. */
function itemTypeOf(action: AuditAction): AuditItemType | null {
  if (action === "files.swept") return null;
  if (/^(image|project)\./.test(action)) return "project";
  if (/^(member|user)\./.test(action)) return "user";
  return AUDIT_ITEM_TYPES.find((type) => action.startsWith(`${type}.`)) ?? null;
}

/** What of the log is asked for; all of it that is given must fit. */
export interface AuditFilter {
  /** By the id of the actor: a person, with what their keys did for them; one key; a job of ours. */
  actor?: string | undefined;
  action?: AuditAction | AuditGroup | undefined;
  type?: AuditItemType | undefined;
  /** The id of one item. */
  item?: string | undefined;
  /** From this instant on. */
  from?: Date | undefined;
  /** Before this instant. */
  to?: Date | undefined;
}

export interface AuditEvent {
  id: string;
  at: Date;
  actorType: ActorType;
  actorId: string;
  /** The person, also behind a key; of our own jobs, the job's name. */
  actorName: string;
  /** The key that acted, while it still exists. */
  keyName: string | null;
  action: string;
  targetType: string;
  targetId: string;
  targetName: string;
  details: Record<string, unknown>;
  requestId: string;
}

/** Events looked at for one page where a filter has no index: what makes a rare one cost no more than this in a log of millions. */
export const AUDIT_WINDOW = 5_000;

/** Which index a page is read from: of one item, some actors, some actions, or of all. */
type Driver = "target_id" | "actor_id" | "action" | null;
type Direction = "older" | "newer";

/*
 * Of each key a stretch in the order of the log, merged as far as the nearest end of a stretch that has more: what lies
 * beyond it is not known yet. NULLS LAST, though there are no nulls, is an order that only the index of the keys has: a
 * plan that walks the whole log in search of a rare key cannot be chosen. Not named, so that it is planned for its values.
 */
function stretchStatement(driver: Driver, direction: Direction): Statement {
  const [than, least, way] = direction === "older" ? ["<", ">=", "desc"] : [">", "<=", "asc"];
  const nulls = driver === null ? "" : direction === "older" ? " nulls last" : " nulls first";
  const order = (row: string) => `${row}.at ${way}${nulls}, ${row}.id ${way}${nulls}`;
  return statement({
    text: `
with looked as materialized (
  select e.* from unnest($2::text[]) as k(key) cross join lateral (
    select a.*, row_number() over (order by ${order("a")}) as place from audit_events a
    where a.workspace_id = $1${driver === null ? "" : ` and a.${driver} = k.key`}
      and (a.at, a.id) ${than} ($3::timestamptz, $4) and a.at >= $5::timestamptz and a.at < $6::timestamptz
    order by ${order("a")} limit $7
  ) e
), stop as (
  select at, id from looked where place = $7 order by at ${way}, id ${way} limit 1
), wanted as (
  select l.* from looked l left join stop on true
  where (stop.id is null or (l.at, l.id) ${least} (stop.at, stop.id))
    and ($8::text[] is null or l.actor_id = any($8)) and ($9::text[] is null or l.action = any($9))
    and ($10::text is null or l.target_type = $10)
  order by l.at ${way}, l.id ${way} limit $11
)
select stop.at as "stopAt", stop.id as "stopId", w.id, w.at, w.actor_type as "actorType", w.actor_id as "actorId",
  w.actor_name as "actorName", k.name as "keyName", w.action, w.target_type as "targetType", w.target_id as "targetId",
  w.target_name as "targetName", w.details, w.request_id as "requestId"
from (select) one left join stop on true left join wanted w on true
left join api_keys k on w.actor_type = 'API_KEY' and k.id = w.actor_id
order by w.at ${way}, w.id ${way}`,
  });
}

const STATEMENTS = new Map(
  ([null, "target_id", "actor_id", "action"] as const).flatMap((driver) =>
    (["older", "newer"] as const).map((direction) => [`${driver} ${direction}`, stretchStatement(driver, direction)]),
  ),
);

/** The statement of a page; exported for the test that explains it. */
export const auditStatement = (driver: Driver, direction: Direction): Statement =>
  STATEMENTS.get(`${driver} ${direction}`)!;

/** A filter as a page is read by it. */
interface Plan {
  driver: Driver;
  keys: readonly string[];
  /** What the index does not tell. */
  actors: readonly string[] | null;
  actions: readonly string[] | null;
  type: AuditItemType | null;
  from: string;
  to: string;
}

async function planOf(workspaceId: string, { actor, action, type, item, from, to }: AuditFilter): Promise<Plan> {
  const actors = actor === undefined ? null : await actorAndKeys(workspaceId, actor);
  const actions =
    action === undefined && type === undefined
      ? null
      : AUDIT_ACTIONS.filter(
          (one) =>
            (action === undefined || one === action || auditGroupOf(one) === action) &&
            (type === undefined || itemTypeOf(one) === null || itemTypeOf(one) === type),
        );
  const span = { from: from?.toISOString() ?? "-infinity", to: to?.toISOString() ?? "infinity" };
  const rest = { actors, actions, type: type ?? null, ...span };
  if (item !== undefined) return { ...rest, driver: "target_id", keys: [item] };
  if (actors) return { ...rest, driver: "actor_id", keys: actors, actors: null };
  if (actions)
    return {
      ...rest,
      driver: "action",
      keys: actions,
      actions: null,
      type: actions.some((one) => itemTypeOf(one) === null) ? rest.type : null,
    };
  return { ...rest, driver: null, keys: [""] };
}

/** A person acts by their keys as well. */
async function actorAndKeys(workspaceId: string, actor: string): Promise<string[]> {
  const known = await listAuditActors(workspaceId);
  return [...new Set([actor, ...known.filter(({ userId }) => userId === actor).map(({ id }) => id)])];
}

/** A place in the log: an event's instant and id. */
type Position = readonly [at: string, id: string];
const NEWEST: Position = ["infinity", "~"];

const CURSOR = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)_([0-9a-f-]{36})$/;

const cursorAt = ({ at, id }: { at: Date; id: string }): string => `${at.toISOString()}_${id}`;

function parseCursor(cursor: string): Position {
  const [, at, id] = CURSOR.exec(cursor) ?? [];
  if (at === undefined || id === undefined || Number.isNaN(Date.parse(at)))
    throw new DomainError("invalid_input", "This page of the log does not exist. Start from the newest events.", {
      field: "cursor",
    });
  return [at, id];
}

/** Events from a position on, in that direction, and where to read on; null at the end. */
async function readFrom(
  workspaceId: string,
  plan: Plan,
  start: Position,
  direction: Direction,
  limit: number,
): Promise<{ events: AuditEvent[]; next: string | null }> {
  const { driver, keys, actors, actions, type, from, to } = plan;
  if (keys.length === 0) return { events: [], next: null };
  const filtered = actors !== null || actions !== null || type !== null;
  const each = filtered ? Math.max(Math.ceil(AUDIT_WINDOW / keys.length), limit + 1) : limit + 1;
  const rows = await query<(AuditEvent | { id: null }) & { stopAt: Date | null; stopId: string | null }>(
    auditStatement(driver, direction),
    [workspaceId, keys, ...start, from, to, each, actors, actions, type, limit + 1],
  );
  const found = rows.flatMap(({ stopAt: _at, stopId: _id, ...event }) => (event.id === null ? [] : [event]));
  const events = found.slice(0, limit);
  const last = events.at(-1);
  if (found.length > limit && last) return { events, next: cursorAt(last) };
  const { stopAt, stopId } = rows[0]!;
  return { events, next: stopAt && stopId ? cursorAt({ at: stopAt, id: stopId }) : null };
}

export interface AuditPage {
  /** Newest first, each with where what it is about is now. */
  events: (AuditEvent & { place: Place | null })[];
  /** Give it back as `after`. */
  newer: string | null;
  /** Give it back as `before`. */
  older: string | null;
}

/**
 * What happened in a workspace, newest first, in pages by keyset, in both directions and the same at any depth and size. A
 * page of filters that no index serves together looks at a bounded stretch of the log, so it can be short, or empty, and
 * still have a next one. Throws `invalid_input` for a cursor that we never gave.
 */
export async function listAuditEvents(
  ctx: Context,
  input: AuditFilter & {
    workspaceSlug: string;
    limit: number;
    before?: string | undefined;
    after?: string | undefined;
  },
): Promise<AuditPage> {
  const { workspaceId } = authorize(ctx, "read audit log", input.workspaceSlug);
  const { before, after, limit } = input;
  const plan = await planOf(workspaceId, input);
  const located = async (events: readonly AuditEvent[]) => {
    const placeOf = await locateEvents(workspaceId, events);
    return events.map((event) => ({ ...event, place: placeOf(event) }));
  };
  if (after !== undefined) {
    const { events, next } = await readFrom(workspaceId, plan, parseCursor(after), "newer", limit);
    const last = events[0];
    // The end, and not a whole page: the newest page has these and those before them.
    if (next !== null || events.length === limit)
      return { events: await located(events.toReversed()), newer: next, older: last ? cursorAt(last) : null };
  }
  const start = before === undefined || after !== undefined ? NEWEST : parseCursor(before);
  const { events, next } = await readFrom(workspaceId, plan, start, "older", limit);
  const [first] = events;
  return {
    events: await located(events),
    newer: start !== NEWEST && first ? cursorAt(first) : null,
    older: next,
  };
}

/** Events read at once for a download. */
const DOWNLOAD_BATCH = 1_000;

/**
 * Everything in the log that fits a filter and happened before `ctx.now`, newest first, in batches: for a download of any
 * size, of which no more than a batch is ever held. Whether it is allowed is known with the first.
 */
export async function* readAuditEvents(
  ctx: Context,
  input: AuditFilter & { workspaceSlug: string },
): AsyncGenerator<AuditEvent[], void> {
  const { workspaceId } = authorize(ctx, "read audit log", input.workspaceSlug);
  const plan = await planOf(workspaceId, input);
  for (let next: string | null = cursorAt({ at: ctx.now, id: LAST_ID }); next !== null;) {
    const batch = await readFrom(workspaceId, plan, parseCursor(next), "older", DOWNLOAD_BATCH);
    next = batch.next;
    if (batch.events.length > 0) yield batch.events;
  }
}

/** After every event of its instant. */
const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/** Who is in a workspace's log, by name: what a filter can offer. */
export async function getAuditActors(ctx: Context, workspaceSlug: string): Promise<AuditActor[]> {
  return listAuditActors(authorize(ctx, "read audit log", workspaceSlug).workspaceId);
}
