import { query, statement } from "@/lib/platform/db";
import type { ProjectType, Split } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { IMAGES_PER_PAGE_MAX } from "@/lib/domain/limits";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { findImages, type FoundImages, type ImageFilter, type ImageRange } from "./search";

/** A range of a live project's images, as findImages; at most IMAGES_PER_PAGE_MAX. Throws `not_found`, `in_trash`, `purged`. */
export async function listImages(
  ctx: Context,
  ref: SluggedProjectRef,
  { cursor, offset, limit, ...filter }: ImageFilter & Omit<ImageRange, "order">,
): Promise<FoundImages> {
  const { workspaceId } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return findImages([project.id], filter, { cursor, offset, limit: Math.min(limit, IMAGES_PER_PAGE_MAX) });
}

// ── Counts ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface ImageCounts {
  images: number;
  /** With neither a class nor a box, whichever the project has. */
  unannotated: number;
  splits: Record<Split, number>;
  /** Images per class; in an object detection project boxes per class. */
  classes: Record<string, number>;
}

/** hot: counts of every image, in one pass. */
const GROUPS = statement({
  text: `
select project_id as "projectId", split, label, count(*)::int as images,
  count(*) filter (where boxes = '[]')::int as "withoutBoxes"
from images where project_id = any($1) and ${LIVE_IMAGE} group by project_id, split, label`,
});

/** hot: counts of every box, in one pass. */
const BOXES = statement({
  text: `
select project_id as "projectId", box ->> 'label' as label, count(*)::int as boxes
from images, jsonb_array_elements(boxes) box where project_id = any($1) and ${LIVE_IMAGE} group by 1, 2`,
});

/** What the images of each project add up to, by the project's id. */
export async function countImagesOf(
  projects: readonly { id: string; type: ProjectType }[],
): Promise<Map<string, ImageCounts>> {
  const withLabels = new Set(projects.filter(({ type }) => type === "CLASSIFICATION").map(({ id }) => id));
  const withBoxes = projects.filter(({ type }) => type !== "CLASSIFICATION").map(({ id }) => id);
  const [groups, boxes] = await Promise.all([
    query<{ projectId: string; split: Split; label: string | null; images: number; withoutBoxes: number }>(GROUPS, [
      projects.map(({ id }) => id),
    ]),
    withBoxes.length === 0 ? [] : query<{ projectId: string; label: string; boxes: number }>(BOXES, [withBoxes]),
  ]);
  const counts = new Map(
    projects.map(({ id }) => [
      id,
      { images: 0, unannotated: 0, splits: { TRAIN: 0, VALID: 0, TEST: 0 }, classes: new Map<string, number>() },
    ]),
  );
  const add = (classes: Map<string, number>, label: string, number: number) =>
    classes.set(label, (classes.get(label) ?? 0) + number);
  for (const { projectId, split, label, images, withoutBoxes } of groups) {
    const count = counts.get(projectId)!;
    count.images += images;
    count.splits[split] += images;
    if (!withLabels.has(projectId)) count.unannotated += withoutBoxes;
    else if (label === null) count.unannotated += images;
    else add(count.classes, label, images);
  }
  for (const { projectId, label, boxes: number } of boxes) add(counts.get(projectId)!.classes, label, number);
  return new Map(
    [...counts].map(([id, { classes, ...count }]) => [id, { ...count, classes: Object.fromEntries(classes) }]),
  );
}
