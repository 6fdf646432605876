import { getTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentTraining } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTraining, async ({ ctx, params, query }) =>
    presentTraining(
      params,
      await getTraining(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        trainingId: query.trainingId,
      }),
    ),
  ),
});
