import { cancelTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentCancelled } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.cancelTraining, async ({ ctx, params, body }) =>
    presentCancelled(
      await cancelTraining(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        trainingId: body.trainingId ?? undefined,
      }),
    ),
  ),
});
