import { getVersionWithProject } from "@/lib/domain/projects";
import { trashVersion } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentTrashedVersion } from "@/lib/doors/trash/presenters";
import { presentVersionWithProject } from "@/lib/doors/versions/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getVersion, async ({ ctx, params }) =>
    presentVersionWithProject(
      await getVersionWithProject(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
      }),
    ),
  ),
  DELETE: route(operations.trashVersion, async ({ ctx, params, query }) =>
    presentTrashedVersion(
      params,
      await trashVersion(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        note: query.reason,
      }),
    ),
  ),
});
