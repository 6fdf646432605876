import { getVersion } from "@/lib/domain/versions";
import { operations } from "@/lib/edge/operations";
import { presentTrainings } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listTrainings, async ({ ctx, params }) =>
    presentTrainings(params, await getVersion(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version })),
  ),
});
