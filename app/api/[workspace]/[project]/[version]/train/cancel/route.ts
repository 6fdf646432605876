import { cancelTraining } from "@/lib/domain/trainings/trainings";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentCancelled } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.cancelTrain, async ({ ctx, params, body }) =>
    presentCancelled(await cancelTraining(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version, trainingId: body.trainingId ?? undefined })),
  ),
});
