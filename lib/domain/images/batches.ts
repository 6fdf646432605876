import { query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { batchOfId } from "./description";

/** Images that were uploaded under one name. It is there as long as one of them is. */
export interface Batch {
  name: string;
  images: number;
  /** The first of its images. */
  uploadedAt: Date;
}

/** A group for each batch of a project, in one pass over an index that has its other images not at all. $2: one of them alone. */
const BATCHES = statement({
  text: `
select batch as name, count(*)::int as images, min(created_at) as "uploadedAt"
from images where project_id = $1 and batch is not null and ($2::text is null or batch = $2) and ${LIVE_IMAGE}
group by batch order by 3 desc, 1`,
});

/** The batches of a live project, newest first. Throws `not_found`, `in_trash`, `purged`. */
export async function listBatches(ctx: Context, ref: SluggedProjectRef): Promise<Batch[]> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return query<Batch>(BATCHES, [project.id, null]);
}

/** One batch by its id. Throws as listBatches, and `not_found` when no image is of it. */
export async function getBatch(ctx: Context, ref: SluggedProjectRef & { batchId: string }): Promise<Batch> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const name = batchOfId(ref.batchId);
  const [batch] = name === null ? [] : await query<Batch>(BATCHES, [project.id, name]);
  if (!batch)
    throw new DomainError("not_found", "There is no such batch in this project. List its batches for their ids.");
  return batch;
}

/** The most tags that a page offers to filter by. */
const TAGS_SHOWN = 200;

/** A group for each tag: the images without one are not read. */
const TAGS = statement({
  text: `
select tag as name, count(*)::int as images from images, unnest(tags) tag
where project_id = $1 and tags <> '{}' and ${LIVE_IMAGE} group by tag order by 2 desc, 1 limit ${TAGS_SHOWN}`,
});

/** The most frequent tags of a project's images. For who has authorized. */
export const listTags = (projectId: string): Promise<{ name: string; images: number }[]> => query(TAGS, [projectId]);

/** The batches of a project by name. For who has authorized. */
export const listBatchNames = async (projectId: string): Promise<string[]> =>
  (await query<Batch>(BATCHES, [projectId, null])).map(({ name }) => name);
