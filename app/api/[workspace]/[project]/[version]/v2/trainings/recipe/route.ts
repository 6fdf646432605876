import { getVersion } from "@/lib/domain/versions";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentRecipe } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTrainRecipe, async ({ ctx, params, query }) => {
    await getVersion(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version }); // throws when there is nothing to train
    return presentRecipe(query);
  }),
});
