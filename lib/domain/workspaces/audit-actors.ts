import { query, statement } from "@/lib/platform/db";
import type { ActorType } from "@/lib/platform/generated/enums";

/** Somebody who is in the log. */
export interface AuditActor {
  id: string;
  type: ActorType;
  /** The person, also behind a key; a job's name. As of their newest event. */
  name: string;
  /** Of a key, while it exists. */
  keyName: string | null;
  /** The person, also behind a key. */
  userId: string | null;
}

/** One step of an index for each actor, however many events they have: PostgreSQL has no other skip scan. */
const ACTORS = statement({
  name: "audit-actors",
  text: `
with recursive ids as (
  (select actor_id as id from audit_events where workspace_id = $1 order by actor_id limit 1)
  union all
  select (select e.actor_id from audit_events e where e.workspace_id = $1 and e.actor_id > ids.id order by e.actor_id limit 1)
  from ids where ids.id is not null
)
select ids.id, e.actor_type as type, e.actor_name as name, k.name as "keyName", e.user_id as "userId"
from ids cross join lateral (
  select * from audit_events a where a.workspace_id = $1 and a.actor_id = ids.id
  order by a.at desc nulls last, a.id desc nulls last limit 1
) e left join api_keys k on e.actor_type = 'API_KEY' and k.id = ids.id
order by lower(e.actor_name), lower(k.name), ids.id`,
});

/** Everybody who is in a workspace's log, also those who have left, by name. */
export const listAuditActors = (workspaceId: string): Promise<AuditActor[]> => query<AuditActor>(ACTORS, [workspaceId]);
