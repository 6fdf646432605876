import { query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { authorize } from "@/lib/domain/permissions";
import { HELD } from "@/lib/domain/trash";

export interface ProjectUsage {
  slug: string;
  name: string;
  inTrash: boolean;
  live: Holding;
  trash: Holding;
}

/** Generated images; and the bytes of what is kept: versions, their exports and models and, with their project, uploaded images. */
export interface Holding {
  images: number;
  bytes: number;
}

export interface WorkspaceUsage {
  workspace: { slug: string; name: string };
  imageQuota: number;
  /** live + in Trash, to the image. */
  usedImages: number;
  live: Holding;
  trash: Holding;
  /** Those that hold most first. */
  projects: ProjectUsage[];
}

/** One snapshot, and the room that files take: what it adds up is the workspace's own figure. */
const BY_PROJECT = statement({
  name: "usage-by-project",
  text: `
with held as (
  select h.project_id, not h.version_in_trash and not h.training_in_trash and h.removal_id is null as live, h.images, h.bytes
  from (${HELD}) h where h.workspace_id = $1
)
select w.image_quota as "imageQuota", w.used_images as "usedImages",
  p.slug, p.name, p.deleted_at is not null as "inTrash",
  coalesce(sum(h.images) filter (where h.live and p.deleted_at is null), 0)::int as "liveImages",
  coalesce(sum(h.bytes) filter (where h.live and p.deleted_at is null), 0)::float8 as "liveBytes",
  coalesce(sum(h.images) filter (where not (h.live and p.deleted_at is null)), 0)::int as "trashImages",
  coalesce(sum(h.bytes) filter (where not (h.live and p.deleted_at is null)), 0)::float8 as "trashBytes"
from workspaces w left join projects p on p.workspace_id = w.id left join held h on h.project_id = p.id
where w.id = $1
group by w.id, p.id
order by coalesce(sum(h.images), 0) desc, lower(p.name), p.id`,
});

interface ProjectRow {
  imageQuota: number;
  usedImages: number;
  /** null in a workspace without projects, whose one row this is. */
  slug: string | null;
  name: string;
  inTrash: boolean;
  liveImages: number;
  liveBytes: number;
  trashImages: number;
  trashBytes: number;
}

/** What a workspace holds, live and in Trash, by project: a project in Trash has everything in Trash. */
export async function getUsageByProject(ctx: Context, workspaceSlug: string): Promise<WorkspaceUsage> {
  const { workspaceId, slug, name } = authorize(ctx, "read workspace", workspaceSlug);
  const rows = await query<ProjectRow>(BY_PROJECT, [workspaceId]);
  const { imageQuota, usedImages } = rows[0]!;
  const projects = rows.flatMap((row): ProjectUsage[] =>
    row.slug === null
      ? []
      : [
          {
            slug: row.slug,
            name: row.name,
            inTrash: row.inTrash,
            live: { images: row.liveImages, bytes: row.liveBytes },
            trash: { images: row.trashImages, bytes: row.trashBytes },
          },
        ],
  );
  const sum = (part: "live" | "trash"): Holding => ({
    images: projects.reduce((total, project) => total + project[part].images, 0),
    bytes: projects.reduce((total, project) => total + project[part].bytes, 0),
  });
  return { workspace: { slug, name }, imageQuota, usedImages, live: sum("live"), trash: sum("trash"), projects };
}
