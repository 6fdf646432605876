import { query, statement } from "@/lib/platform/db";

/** Where something of which the log tells is now. */
export interface Place {
  state: "live" | "in_trash" | "purged";
  projectSlug: string;
  /** null once it is purged. */
  projectName: string | null;
  versionNumber: number | null;
  trainingNumber: number | null;
  /** Of the purge that took it. */
  receiptId: string | null;
}

interface Target {
  targetType: string;
  targetId: string;
  targetName: string;
  details: Record<string, unknown>;
}

/** One look for a page of events, each branch by a primary key. What a claimed project still holds is purged by its receipt. */
const PLACES = statement({
  name: "audit-places",
  text: `
select 'project' as type, p.id, p.slug as "projectSlug", p.name as "projectName", null::int as "versionNumber", null::int as "trainingNumber",
  p.deleted_at is not null as "inTrash", null::text as "receiptId"
from projects p where p.workspace_id = $1 and p.id = any($2::text[]) and p.purge_started_at is null
union all
select 'version', v.id, p.slug, p.name, v.number, null, v.deleted_at is not null or p.deleted_at is not null, r.id
from versions v join projects p on p.id = v.project_id
left join purge_receipts r on r.item_type = 'PROJECT' and r.item_id = p.id and p.purge_started_at is not null
where v.workspace_id = $1 and v.id = any($2::text[])
union all
select 'training', t.id, p.slug, p.name, v.number, t.number,
  t.deleted_at is not null or v.deleted_at is not null or p.deleted_at is not null, r.id
from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
left join purge_receipts r on r.item_type = 'PROJECT' and r.item_id = p.id and p.purge_started_at is not null
where t.workspace_id = $1 and t.id = any($2::text[])
union all
select lower(r.item_type::text), r.item_id, r.project_slug, null, r.version_number, r.training_number, false, coalesce(r.parent_receipt_id, r.id)
from purge_receipts r where r.workspace_id = $1 and r.item_type in ('PROJECT', 'VERSION', 'TRAINING') and r.item_id = any($2::text[])`,
});

type Row = Omit<Place, "state"> & { type: string; id: string; inTrash: boolean };

/** The version of a training, as its events name it. */
const versionOf = ({ targetType, details }: Target): string | null =>
  targetType === "training" && typeof details["versionId"] === "string" ? details["versionId"] : null;

/**
 * Where the projects, versions and trainings that events are about are now; null for what is none of these, or was never
 * heard of again. A training that went with its version is where that is.
 */
export async function locateEvents(
  workspaceId: string,
  events: readonly Target[],
): Promise<(event: Target) => Place | null> {
  const ids = new Set(events.flatMap((event) => [event.targetId, versionOf(event) ?? event.targetId]));
  const rows = ids.size === 0 ? [] : await query<Row>(PLACES, [workspaceId, [...ids]]);
  const places = new Map(
    rows.map(({ type, id, inTrash, ...place }) => {
      const state = place.receiptId !== null ? "purged" : inTrash ? "in_trash" : "live";
      return [`${type} ${id}`, { ...place, state } satisfies Place] as const;
    }),
  );
  return (event) => {
    const place = places.get(`${event.targetType} ${event.targetId}`);
    if (place) return place;
    const version = places.get(`version ${versionOf(event)}`);
    if (!version) return null;
    const number = /^Training (\d+)$/.exec(event.targetName)?.[1];
    return { ...version, trainingNumber: number === undefined ? null : Number(number) };
  };
}
