import { prisma, query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { countImagesOf } from "@/lib/domain/images";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { allows, authorize } from "@/lib/domain/permissions";
import { countsByName, type SplitName } from "@/lib/domain/splits";

export interface GeneratePage {
  workspace: { slug: string; name: string };
  project: { slug: string; name: string };
  /** Uploaded images of each split. */
  images: Record<SplitName, number>;
  /** Of an object detection project, the images without a box: unless they are left out, a version has them as background. */
  withoutBoxes: number;
  /** What new versions of the project draw chance from, unless told otherwise. */
  seed: number;
  /** Every class of the project, by name. */
  classes: string[];
  /** Half of the images have no side longer than this; null without images. */
  medianSidePx: number | null;
  may: { createVersions: boolean };
}

/** Prisma has no percentiles. */
const MEDIAN_SIDE = statement({
  name: "generate-page-median-side",
  text: `
select percentile_disc(0.5) within group (order by greatest(width, height)) as "medianSidePx"
from images where project_id = $1 and ${LIVE_IMAGE}`,
});

/** What one chooses a version's settings from, and whether this person may generate one. Throws `not_found`, `in_trash`, `purged`. */
export async function getGeneratePage(ctx: Context, ref: SluggedProjectRef): Promise<GeneratePage> {
  const { workspaceId, slug, name } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [counts, { seed }, [median]] = await Promise.all([
    countImagesOf([project]),
    prisma().project.findUniqueOrThrow({ where: { id: project.id }, select: { seed: true } }),
    query<{ medianSidePx: number | null }>(MEDIAN_SIDE, [project.id]),
  ]);
  const { splits, classes, unannotated } = counts.get(project.id)!;
  return {
    workspace: { slug, name },
    project: { slug: project.slug, name: project.name },
    images: countsByName(splits),
    withoutBoxes: project.type === "OBJECT_DETECTION" ? unannotated : 0,
    seed,
    classes: Object.keys(classes).sort(new Intl.Collator("en", { numeric: true }).compare),
    medianSidePx: median!.medianSidePx,
    may: { createVersions: allows(ctx, "create version", slug) },
  };
}
