import { stopTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentStopped } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.stopTraining, async ({ ctx, params, body }) =>
    presentStopped(
      await stopTraining(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        trainingId: body.trainingId ?? undefined,
      }),
    ),
  ),
});
