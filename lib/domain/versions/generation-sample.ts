import { query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import type { PlannableImage } from "./generation";
import { sourceImageKey } from "@/lib/domain/images";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";

export interface SampleImage extends PlannableImage {
  /** Where its bytes lie. */
  key: string;
  fileName: string;
  contentType: string;
}

const COLUMNS = `id, split, label, boxes, file_name as "fileName", content_type as "contentType"`;

/** By hash, from some hash on and around: mixed over all uploads, always the same ones, and read off an index. */
const SAMPLE = statement({
  name: "generation-sample",
  text: `
(select ${COLUMNS} from images where project_id = $1 and ${LIVE_IMAGE} and sha256 >= $3 order by sha256 limit $2)
union all (select ${COLUMNS} from images where project_id = $1 and ${LIVE_IMAGE} and sha256 < $3 order by sha256 limit $2)
limit $2`,
});

/** A few images of a project, to show on them what settings do; another `from`, in hex, gives others. Throws `not_found`, `in_trash`, `purged`. */
export async function sampleImages(
  ctx: Context,
  ref: SluggedProjectRef,
  count: number,
  from: string,
): Promise<SampleImage[]> {
  const { workspaceId } = authorize(ctx, "create version", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const images = await query<Omit<SampleImage, "key">>(SAMPLE, [project.id, count, from]);
  return images.map((image) => ({ ...image, key: sourceImageKey(project.id, image.id) }));
}
