import { getModelsPage } from "@/lib/domain/trainings/models-page";
import { operations } from "@/lib/edge/operations";
import { presentModels } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listModels, async ({ ctx, params, query }) => presentModels(await getModelsPage(ctx, { workspaceSlug: params.workspace, projectSlug: params.project }), query)),
});
