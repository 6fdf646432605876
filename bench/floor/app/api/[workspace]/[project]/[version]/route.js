import { answer, audited, caller, refusal, run } from "../../../../../lib/database";

const TRASH = {
  name: "trash",
  text: `with ${caller("version:update", "'OWNER', 'EDITOR'")}, trashed as (
    update versions v set deleted_at = c.now, deleted_by_id = c.user_id, purge_after = c.now + interval '720 hours'
    from caller c join projects p on p.workspace_id = c.workspace_id and p.slug = $3 and p.deleted_at is null
    where v.project_id = p.id and v.number = $4 and v.deleted_at is null and v.status <> 'GENERATING'
    returning v.id, v.name, c.*
  ), cancelled as (
    update trainings t set status = 'CANCELLED', status_reason = 'version moved to Trash', ended_at = trashed.now, lease_id = null, lease_until = null
    from trashed where t.version_id = trashed.id and t.ended_at is null
    returning t.number
  ), ${audited("trashed", "version.trashed", "jsonb_build_object('cancelledTrainings', (select coalesce(jsonb_agg(number::text order by number), '[]') from cancelled))")}
  select id from trashed`,
};

export async function DELETE(request, context) {
  const { workspace, project, version } = await context.params;
  const rows = await run(TRASH, request, [workspace, project, Number(version)]);
  if (rows.length === 0) return refusal();
  return answer({ deleted: true, type: "version", workspace, project, version, trash: true });
}
