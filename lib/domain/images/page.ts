import type { ProjectType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { listBatchNames, listTags } from "./batches";
import { countImagesOf } from "./list";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { allows, authorize } from "@/lib/domain/permissions";
import { countsByName, type SplitName } from "@/lib/domain/splits";

export interface ImagesPage {
  workspace: { slug: string; name: string };
  project: { slug: string; name: string; type: ProjectType };
  images: number;
  /** With neither a class nor a box, whichever the project has. */
  unlabelled: number;
  splits: Record<SplitName, number>;
  /** By name, each with its images; in an object detection project with its boxes. */
  classes: { name: string; count: number }[];
  /** The most frequent ones. */
  tags: { name: string; images: number }[];
  /** By name, newest first. */
  batches: string[];
  may: { uploadImages: boolean; removeImages: boolean };
}

/**
 * What the page of a project's images says above them, with what this person may do there; the images themselves are
 * listed as one scrolls. Throws `not_found`, `in_trash`, `purged`.
 */
export async function getImagesPage(ctx: Context, ref: SluggedProjectRef): Promise<ImagesPage> {
  const { workspaceId, slug, name } = authorize(ctx, "read projects", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  const [counts, tags, batches] = await Promise.all([
    countImagesOf([project]),
    listTags(project.id),
    listBatchNames(project.id),
  ]);
  const { images, unannotated, splits, classes } = counts.get(project.id)!;
  const { compare } = new Intl.Collator("en", { numeric: true });
  return {
    workspace: { slug, name },
    project: { slug: project.slug, name: project.name, type: project.type },
    images,
    unlabelled: unannotated,
    splits: countsByName(splits),
    classes: Object.entries(classes)
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => compare(a.name, b.name)),
    tags,
    batches,
    may: { uploadImages: allows(ctx, "upload images", slug), removeImages: allows(ctx, "remove images", slug) },
  };
}
