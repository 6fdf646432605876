import { getTraining } from "@/lib/domain/trainings/trainings";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentTraining } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTraining, async ({ ctx, params, query }) =>
    presentTraining(params, await getTraining(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version, trainingId: query.trainingId })),
  ),
});
