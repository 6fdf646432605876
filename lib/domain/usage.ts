import { query, type Statement } from "@/lib/platform/db";
import type { Context } from "./context";
import { authorize } from "./permissions";

const USAGE: Statement = {
  name: "usage",
  text: `select w.image_quota as "imageQuota", w.used_images as "usedImages",
           coalesce(sum(v.counted_images) filter (where v.deleted_at is null and p.deleted_at is null), 0)::int as "liveImages",
           coalesce(sum(v.counted_images) filter (where v.deleted_at is not null or p.deleted_at is not null), 0)::int as "trashImages"
         from workspaces w left join projects p on p.workspace_id = w.id left join versions v on v.project_id = p.id
         where w.id = $1 group by w.id`,
};

export interface Usage {
  imageQuota: number;
  /** The running figure that generation is checked against. */
  usedImages: number;
  /** The same, added up from the versions: live + in Trash = used. */
  liveImages: number;
  trashImages: number;
}

/** What a workspace's generated images count against its quota. */
export async function getUsage(ctx: Context, workspaceSlug: string): Promise<Usage> {
  const { workspaceId } = authorize(ctx, "read workspace", workspaceSlug);
  const [usage] = await query<Usage>(USAGE, [workspaceId]);
  return usage!;
}
