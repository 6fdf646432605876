import { stopTraining } from "@/lib/domain/trainings/trainings";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentStopped } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.stopTraining, async ({ ctx, params, body }) =>
    presentStopped(await stopTraining(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version, trainingId: body.trainingId ?? undefined })),
  ),
});
