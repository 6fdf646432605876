import { query, type Statement } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { authorize } from "@/lib/domain/permissions";
import type { TrashItem } from "./list";

/** What a purge of an item would lose and free. */
export interface Loss {
  /** Generated images given back to the quota. */
  images: number;
  bytes: number;
  versions: number;
  trainings: number;
  models: number;
}

const OF_VERSIONS = `
  select v.project_id, v.id, v.counted_images as images, v.size_bytes + coalesce((select sum(m.size_bytes) from models m where m.version_id = v.id), 0) as bytes,
    (select count(*) from trainings t where t.version_id = v.id) as trainings, (select count(*) from models m where m.version_id = v.id) as models
  from versions v`;

const LOSSES: Record<ItemType, Statement> = {
  VERSION: {
    name: "losses-of-versions",
    text: `select id, images, bytes::float8 as bytes, 1 as versions, trainings::int, models::int from (${OF_VERSIONS} where v.id = any($1::text[])) v`,
  },
  TRAINING: {
    name: "losses-of-trainings",
    text: `select t.id, 0 as images, coalesce(m.size_bytes, 0)::float8 as bytes, 0 as versions, 1 as trainings, (m.id is not null)::int as models
           from trainings t left join models m on m.training_id = t.id where t.id = any($1::text[])`,
  },
  PROJECT: {
    name: "losses-of-projects",
    text: `select p.id, coalesce(sum(v.images), 0)::int as images,
             (coalesce(sum(v.bytes), 0) + (select coalesce(sum(i.size_bytes), 0) from images i where i.project_id = p.id))::float8 as bytes,
             count(v.id)::int as versions, coalesce(sum(v.trainings), 0)::int as trainings, coalesce(sum(v.models), 0)::int as models
           from projects p left join (${OF_VERSIONS}) v on v.project_id = p.id where p.id = any($1::text[]) group by p.id`,
  },
};

/** The items of a page with what each would free, in their order. For trash-list's pages: bounded, and already authorized. */
export async function withLosses(items: readonly TrashItem[]): Promise<(TrashItem & { loss: Loss })[]> {
  const losses = new Map<string, Loss>();
  for (const type of ["PROJECT", "VERSION", "TRAINING"] as const) {
    const ids = items.filter((item) => item.type === type).map((item) => item.id);
    if (ids.length === 0) continue;
    for (const { id, ...loss } of await query<Loss & { id: string }>(LOSSES[type], [ids])) losses.set(id, loss);
  }
  const nothing: Loss = { images: 0, bytes: 0, versions: 0, trainings: 0, models: 0 };
  return items.map((item) => ({ ...item, loss: losses.get(item.id) ?? nothing }));
}

/** Beyond this many items the figures of a summary are of the first so many, and `more` says so. */
export const SUMMARY_MAX = 10_000;

export interface TrashSummary {
  items: number;
  images: number;
  bytes: number;
  more: boolean;
  /** The earliest scheduled purge; null when Trash is empty. */
  nextPurgeAt: Date | null;
}

const BRANCH = (columns: string, from: string) =>
  `(select ${columns}, x.purge_after from ${from} where x.workspace_id = $1 and x.deleted_at is not null and p.purge_started_at is null order by x.deleted_at desc, x.id desc limit ${SUMMARY_MAX + 1})`;

const SUMMARY: Statement = {
  name: "trash-summary",
  text: `select count(*)::int as items, coalesce(sum(images), 0)::int as images, coalesce(sum(bytes), 0)::float8 as bytes, min(purge_after) as "nextPurgeAt"
         from (select * from (
           ${BRANCH("(select coalesce(sum(v.counted_images), 0) from versions v where v.project_id = x.id and v.deleted_at is null) as images, (select coalesce(sum(v.size_bytes), 0) from versions v where v.project_id = x.id and v.deleted_at is null) as bytes", "projects x join projects p on p.id = x.id")}
           union all ${BRANCH("x.counted_images, x.size_bytes", "versions x join projects p on p.id = x.project_id")}
           union all ${BRANCH("0, coalesce((select m.size_bytes from models m where m.training_id = x.id), 0)", "trainings x join versions v on v.id = x.version_id join projects p on p.id = v.project_id")}
         ) every limit ${SUMMARY_MAX + 1}) counted`,
};

/** How much waits in Trash and when the next of it is due. Versions of a trashed project count with the project. */
export async function summarizeTrash(ctx: Context, workspaceSlug: string): Promise<TrashSummary> {
  const { workspaceId } = authorize(ctx, "read trash", workspaceSlug);
  const [row] = await query<Omit<TrashSummary, "more">>(SUMMARY, [workspaceId]);
  return { ...row!, items: Math.min(row!.items, SUMMARY_MAX), more: row!.items > SUMMARY_MAX };
}

const IN_TRASH = (table: string, joins: string) =>
  `(select 1 from ${table} x ${joins} where x.workspace_id = $1 and x.deleted_at <= $2 and p.purge_started_at is null limit ${SUMMARY_MAX})`;

const COUNT: Statement = {
  name: "count-trash",
  text: `select count(*)::int as items from (
           ${IN_TRASH("projects", "join projects p on p.id = x.id")}
           union all ${IN_TRASH("versions", "join projects p on p.id = x.project_id")}
           union all ${IN_TRASH("trainings", "join versions v on v.id = x.version_id join projects p on p.id = v.project_id")} limit ${SUMMARY_MAX}
         ) item`,
};

/** How many items have been in Trash since `asOf` or before, up to SUMMARY_MAX: the number that a summary shows. For who has authorized. */
export async function countInTrash(workspaceId: string, asOf: Date): Promise<number> {
  const [row] = await query<{ items: number }>(COUNT, [workspaceId, asOf]);
  return row!.items;
}
