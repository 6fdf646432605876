import { prisma, query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { LIVE_IMAGE, liveImage } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { countImagesOf, type ImageCounts } from "./list";

export interface Extent {
  min: number;
  median: number;
  max: number;
}

export interface HealthCounts extends ImageCounts {
  projectId: string;
  /** Images that have a class, or a box of it. */
  imagesOfClass: Record<string, number>;
  /** null without an image. */
  sizes: { width: Extent; height: Extent } | null;
  shapes: { wide: number; square: number; tall: number };
  distinctSizes: number;
}

/** Counts of every image, in one pass. */
const SIZES = statement({
  text: `
select count(*)::int as images, count(distinct (width, height))::int as "distinct",
  min(width) as "minWidth", percentile_disc(0.5) within group (order by width) as "medianWidth", max(width) as "maxWidth",
  min(height) as "minHeight", percentile_disc(0.5) within group (order by height) as "medianHeight", max(height) as "maxHeight",
  (count(*) filter (where width > height))::int as wide, (count(*) filter (where width = height))::int as square,
  (count(*) filter (where width < height))::int as tall
from images where project_id = $1 and ${LIVE_IMAGE}`,
});

/** Counts of every image, in one pass. */
const IMAGES_OF_CLASS = statement({
  text: `
select name, count(*)::int as images from (
  select label as name from images where project_id = $1 and label is not null and ${LIVE_IMAGE}
  union all
  select named.name from images, lateral (select distinct box ->> 'label' as name from jsonb_array_elements(boxes) box) named
  where project_id = $1 and boxes <> '[]' and ${LIVE_IMAGE}
) every group by name`,
});

interface SizesRow {
  images: number;
  distinct: number;
  minWidth: number;
  medianWidth: number;
  maxWidth: number;
  minHeight: number;
  medianHeight: number;
  maxHeight: number;
  wide: number;
  square: number;
  tall: number;
}

/** What a live project's images add up to, before a version is made of them. Throws `not_found`, `in_trash`, `purged`. */
export async function countForHealth(ctx: Context, ref: SluggedProjectRef): Promise<HealthCounts> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [counts, [row], classes] = await Promise.all([
    countImagesOf([project]),
    query<SizesRow>(SIZES, [project.id]),
    query<{ name: string; images: number }>(IMAGES_OF_CLASS, [project.id]),
  ]);
  const { wide, square, tall, ...s } = row!;
  return {
    ...counts.get(project.id)!,
    projectId: project.id,
    imagesOfClass: Object.fromEntries(classes.map(({ name, images }) => [name, images])),
    sizes:
      s.images === 0
        ? null
        : {
            width: { min: s.minWidth, median: s.medianWidth, max: s.maxWidth },
            height: { min: s.minHeight, median: s.medianHeight, max: s.maxHeight },
          },
    shapes: { wide, square, tall },
    distinctSizes: s.distinct,
  };
}

export interface Look {
  id: string;
  fileName: string;
  look: string;
}

/** The looks of a project's newest images, as far as they are known. For who has authorized. */
export async function listLooks(projectId: string, limit: number): Promise<Look[]> {
  const rows = await prisma().image.findMany({
    where: { projectId, look: { not: null }, ...liveImage },
    orderBy: { id: "desc" },
    take: limit,
    select: { id: true, fileName: true, look: true },
  });
  return rows.map((row) => ({ ...row, look: row.look! }));
}
