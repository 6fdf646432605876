import { getProject } from "@/lib/domain/projects";
import { trashProject } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentProjectWithVersions } from "@/lib/doors/projects/presenters";
import { presentTrashedProject } from "@/lib/doors/trash/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getProject, async ({ ctx, params }) =>
    presentProjectWithVersions(await getProject(ctx, { workspaceSlug: params.workspace, projectSlug: params.project })),
  ),
  DELETE: route(operations.trashProject, async ({ ctx, params, query }) =>
    presentTrashedProject(
      params,
      await trashProject(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        note: query.reason,
      }),
    ),
  ),
});
