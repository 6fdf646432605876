import { getModel } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { presentModel } from "@/lib/doors/models/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getModel, async ({ ctx, params }) =>
    presentModel(params.workspace, await getModel(ctx, { workspaceSlug: params.workspace, modelSlug: params.model })),
  ),
});
