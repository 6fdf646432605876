import { answer, audited, caller, refusal, run } from "../../../../../lib/database";

const RESTORE = {
  name: "restore",
  text: `with ${caller("version:update", "'OWNER', 'EDITOR'")}, restored as (
    update versions v set deleted_at = null, deleted_by_id = null, purge_after = null
    from caller c join projects p on p.workspace_id = c.workspace_id and p.id = $3 and p.deleted_at is null
    where v.project_id = p.id and v.number = $4 and v.deleted_at is not null
    returning v.id, v.name, c.*
  ), ${audited("restored", "version.restored", "'{}'::jsonb")}
  select id from restored`,
};

export async function POST(request, context) {
  const { workspace } = await context.params;
  const item = await request.json();
  const rows = await run(RESTORE, request, [workspace, item.parentId, Number(item.id)]);
  if (rows.length === 0) return refusal();
  return answer({ restored: true, type: "version", id: String(item.id), parentId: item.parentId });
}
