import { query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { LIVE_IMAGE } from "@/lib/domain/locks";
import { allows, authorize } from "@/lib/domain/permissions";
import { getWorkspace, type ProjectView } from "./projects";

/** A few images of a project, for its card. */
export interface CardImage {
  id: string;
  label: string | null;
}

export interface ProjectsPage {
  workspace: { slug: string; name: string };
  /** Live projects, oldest first. */
  projects: (ProjectView & { thumbnails: CardImage[] })[];
  may: { updateProjects: boolean; createProjects: boolean };
}

const THUMBNAILS = 6;

/** hot: so many of each project, off an index, which has them by hash: as good an order as any for a sample. */
const SAMPLE = statement({
  name: "projects-page-thumbnails",
  text: `
select p.id as "projectId", i.id, i.label
from projects p cross join lateral (
  select id, label, sha256 from images where project_id = p.id and ${LIVE_IMAGE} order by sha256 limit ${THUMBNAILS}
) i
where p.workspace_id = $1 and p.deleted_at is null order by p.id, i.sha256`,
});

/** Everything the page of a workspace's projects shows, with what this person may do there. Throws `not_found`. */
export async function getProjectsPage(ctx: Context, workspaceSlug: string): Promise<ProjectsPage> {
  const { workspaceId } = authorize(ctx, "read projects", workspaceSlug);
  const [workspace, samples] = await Promise.all([
    getWorkspace(ctx, workspaceSlug),
    query<CardImage & { projectId: string }>(SAMPLE, [workspaceId]),
  ]);
  return {
    workspace: { slug: workspace.slug, name: workspace.name },
    projects: workspace.projects.map((project) => ({
      ...project,
      thumbnails: samples.filter(({ projectId }) => projectId === project.id).map(({ id, label }) => ({ id, label })),
    })),
    may: {
      updateProjects: allows(ctx, "update project", workspaceSlug),
      createProjects: allows(ctx, "create project", workspaceSlug),
    },
  };
}
