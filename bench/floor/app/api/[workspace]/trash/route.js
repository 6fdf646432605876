import { answer, caller, refusal, run } from "../../../../lib/database";

const first = (order) =>
  `x.workspace_id = c.workspace_id and x.deleted_at is not null and p.purge_started_at is null order by ${order} limit $3`;
const NEWEST = "x.deleted_at desc, x.id desc";
const TOLD = "x.deleted_at, x.purge_after, x.deleted_by_id, x.deleted_key_id, x.deleted_note";
const IN_TRASH = `x.id, x.name, ${TOLD}`;

const LIST = {
  name: "list",
  text: `with ${caller("project:read", "'OWNER', 'EDITOR', 'VIEWER'")}
  select page.*, u.name as deleted_by_name, k.name as deleted_key_name
  from caller c
  left join lateral (
    select * from (
      (select 'project' as type, ${IN_TRASH}, x.slug as project_slug, x.name as project_name, null as project_id, null as version_id, null::int as number
       from projects x where ${first(NEWEST).replace("p.", "x.")})
      union all
      (select 'version', ${IN_TRASH}, p.slug, p.name, p.id, x.id, x.number
       from versions x join projects p on p.id = x.project_id where ${first(NEWEST)})
      union all
      (select 'training', x.id, 'Training ' || x.number, ${TOLD}, p.slug, p.name, p.id, v.id, v.number
       from trainings x join versions v on v.id = x.version_id join projects p on p.id = v.project_id where ${first(NEWEST)})
    ) x order by x.deleted_at desc, x.id desc limit $3
  ) page on true
  left join users u on u.id = page.deleted_by_id
  left join api_keys k on k.id = page.deleted_key_id
  order by page.deleted_at desc, page.id desc`,
};

function present(row) {
  const facts = {
    name: row.name,
    deletedAt: row.deleted_at.toISOString(),
    scheduledCleanupAt: row.purge_after.toISOString(),
    deletedBy: row.deleted_by_id,
    deletedByName: row.deleted_by_name,
    deletedWithKey: row.deleted_key_name,
    reason: row.deleted_note,
  };
  if (row.type === "project") return { type: row.type, id: row.id, ...facts, url: row.project_slug };
  if (row.type === "version")
    return {
      type: row.type,
      id: String(row.number),
      ...facts,
      parentId: row.project_id,
      parentUrl: row.project_slug,
      parentName: row.project_name,
    };
  return {
    type: row.type,
    id: row.id,
    ...facts,
    parentId: row.version_id,
    parentUrl: `${row.project_slug}/${row.number}`,
    parentName: `${row.project_name} ${row.number}`,
  };
}

export async function GET(request, context) {
  const { workspace } = await context.params;
  const limit = Number(new URL(request.url).searchParams.get("limit"));
  const rows = await run(LIST, request, [workspace, limit + 1]);
  if (rows.length === 0) return refusal();
  const page = rows.slice(0, limit);
  const items = page[0].id === null ? [] : page.map(present);
  const last = page.at(-1);
  const nextCursor =
    rows.length > limit ? Buffer.from(`${last.deleted_at.toISOString()} ${last.id}`).toString("base64url") : null;
  const ofType = (type) => items.filter((item) => item.type === type);
  return answer({
    items,
    sections: {
      projects: ofType("project"),
      versions: ofType("version"),
      trainings: ofType("training"),
      workflows: [],
    },
    nextCursor,
  });
}
