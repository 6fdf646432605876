import pg from "pg";

/*
 * What must hold whenever no transaction is open, whatever was done before. Each query answers the rows that break its
 * rule; `$1` is the workspace.
 */
const BROKEN: Record<string, string> = {
  "usage is the sum of what the versions count": `
    select w.used_images, coalesce(sum(v.counted_images), 0)::int as counted
    from workspaces w left join versions v on v.workspace_id = w.id where w.id = $1
    group by w.id having w.used_images <> coalesce(sum(v.counted_images), 0)`,
  "no training is queued or running on a version or in a project that is in Trash": `
    select t.id, t.status from trainings t join versions v on v.id = t.version_id join projects p on p.id = v.project_id
    where p.workspace_id = $1 and t.ended_at is null and (t.deleted_at is not null or v.deleted_at is not null or p.deleted_at is not null)`,
  "a scheduled purge is 30 × 24 h after the deletion": `
    select x.id, x.deleted_at, x.purge_after from (
      select id, workspace_id, deleted_at, purge_after from projects union all select id, workspace_id, deleted_at, purge_after from versions
      union all select id, workspace_id, deleted_at, purge_after from trainings
      union all select id, workspace_id, deleted_at, purge_after from image_removals) x
    where x.workspace_id = $1 and ((x.deleted_at is null) <> (x.purge_after is null) or x.purge_after <> x.deleted_at + interval '720 hours')`,
  "a version being generated is not in Trash": `select id from versions where workspace_id = $1 and status = 'GENERATING' and deleted_at is not null`,
  "only a run that ended well has a model": `
    select m.id, t.status from models m join trainings t on t.id = m.training_id
    where m.workspace_id = $1 and t.status not in ('FINISHED', 'STOPPED')`,
  "what has a receipt for its removed rows has no rows": `
    select r.item_type, r.item_id from purge_receipts r
    where r.workspace_id = $1 and r.rows_removed_at is not null and r.item_id in (select id from projects union all select id from versions union all select id from trainings
      union all select id from image_removals)`,
  "a removal counts the images that it holds, which are its project's": `
    select x.id, x.images from image_removals x where x.workspace_id = $1
      and (x.images <> (select count(*) from images i where i.removal_id = x.id) or exists (select 1 from images i where i.removal_id = x.id and i.project_id <> x.project_id))`,
  "a receipt of images names each of them, none of which has a row": `
    select r.id, r.source_images from purge_receipts r where r.workspace_id = $1 and r.item_type = 'IMAGES'
      and (r.source_images <> (select count(*) from purged_images g where g.receipt_id = r.id)
        or exists (select 1 from purged_images g join images i on i.id = g.image_id where g.receipt_id = r.id))`,
  "a purge has exactly one receipt": `
    select item_type, item_id from purge_receipts where workspace_id = $1 group by item_type, item_id having count(*) > 1`,
  "a project is claimed exactly while its receipt waits for its rows": `
    select p.id, p.purge_started_at from projects p
    where p.workspace_id = $1 and (p.purge_started_at is not null) <>
      exists (select 1 from purge_receipts r where r.item_type = 'PROJECT' and r.item_id = p.id and r.rows_removed_at is null)`,
  "a finished project receipt is the sum of its children's": `
    select r.id, r.versions, r.images, r.trainings, r.models from purge_receipts r
    cross join lateral (select count(*) filter (where item_type = 'VERSION') as versions, coalesce(sum(images), 0) as images, coalesce(sum(trainings), 0) as trainings, coalesce(sum(models), 0) as models
      from purge_receipts c where c.parent_receipt_id = r.id) c
    where r.workspace_id = $1 and r.item_type = 'PROJECT' and r.rows_removed_at is not null
      and (r.versions, r.images, r.trainings, r.models) is distinct from (c.versions, c.images, c.trainings, c.models)`,
  "every purge is in the audit log once": `
    select r.id from purge_receipts r where r.workspace_id = $1 and r.parent_receipt_id is null
      and (select count(*) from audit_events a where a.workspace_id = $1 and a.details->>'receiptId' = r.id) <> 1`,
  "a version's number is given once": `
    select project_id, number from (
      select project_id, number from versions where workspace_id = $1
      union all select project_id, version_number from purge_receipts where workspace_id = $1 and item_type = 'VERSION') n
    group by project_id, number having count(*) > 1`,
};

/**
 * Looks at every rule, in all of a workspace's rows, and throws with the rows that break one.
 * `createdImages`, where given, is what was ever reserved and not given back by a failed generation: it must all be
 * found in the usage and on the receipts.
 */
export async function checkInvariants(workspaceId: string, options: { createdImages?: number } = {}): Promise<void> {
  const client = new pg.Client({ connectionString: process.env["DATABASE_URL"] });
  await client.connect();
  try {
    const broken: string[] = [];
    for (const [rule, text] of Object.entries(BROKEN)) {
      const { rows } = await client.query<Record<string, unknown>>(text, [workspaceId]);
      if (rows.length > 0) broken.push(`${rule}: ${JSON.stringify(rows.slice(0, 5))}`);
    }
    const { rows } = await client.query<{ used: number; purged: number }>(
      `select used_images as used, (select coalesce(sum(images), 0)::int from purge_receipts r where r.workspace_id = w.id and item_type = 'VERSION') as purged
       from workspaces w where id = $1`,
      [workspaceId],
    );
    const { used, purged } = rows[0]!;
    if (options.createdImages !== undefined && used + purged !== options.createdImages) {
      broken.push(
        `every image is counted or on a receipt: ${used} used + ${purged} purged is not ${options.createdImages}`,
      );
    }
    broken.push(...(await findBrokenReceipts(workspaceId)));
    if (broken.length > 0) throw new Error(`Broken:\n${broken.join("\n")}`);
  } finally {
    await client.end();
  }
}

/** What the chain of receipts says. */
async function findBrokenReceipts(workspaceId: string): Promise<string[]> {
  const [{ systemContext }, { verifyReceipts }] = await Promise.all([
    import("@/lib/domain/context"),
    import("@/lib/domain/trash"),
  ]);
  const membership = { workspaceId, slug: "", name: "", role: "OWNER" as const };
  const { problems } = await verifyReceipts(await systemContext("test", { membership }), { workspaceSlug: "" });
  return problems.map((problem) => `receipts are as they were written: ${JSON.stringify(problem)}`);
}
