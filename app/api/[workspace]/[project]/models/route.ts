import { getModelsPage } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { presentModels } from "@/lib/doors/models/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listModels, async ({ ctx, params, query }) =>
    presentModels(await getModelsPage(ctx, { workspaceSlug: params.workspace, projectSlug: params.project }), query),
  ),
});
