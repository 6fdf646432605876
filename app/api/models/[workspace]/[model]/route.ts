import { getModel } from "@/lib/domain/trainings/models";
import { operations } from "@/lib/edge/operations";
import { presentModel } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getModel, async ({ ctx, params }) => presentModel(params.workspace, await getModel(ctx, { workspaceSlug: params.workspace, modelSlug: params.model }))),
});
