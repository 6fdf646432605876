import type { Context } from "@/lib/domain/context";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { listModels, type ModelView } from "./models";
import { allows, authorize } from "@/lib/domain/permissions";

export interface ModelsPage {
  workspace: { slug: string; name: string };
  project: { slug: string; name: string };
  /** Those that serve, newest first. */
  models: ModelView[];
  may: { updateVersions: boolean };
}

/**
 * Everything the page of a project's models shows, with what this person may do there. Throws `not_found`, `in_trash`,
 * `purged`.
 */
export async function getModelsPage(ctx: Context, ref: SluggedProjectRef): Promise<ModelsPage> {
  const { workspaceId, slug, name } = authorize(ctx, "read versions", ref.workspaceSlug);
  const project = await getLiveProject(workspaceId, ref);
  return {
    workspace: { slug, name },
    project: { slug: project.slug, name: project.name },
    models: await listModels(ctx, ref),
    may: { updateVersions: allows(ctx, "update version", slug) },
  };
}
