import { startTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentStarted, toTraining } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.train, async ({ ctx, params, body }) =>
    presentStarted(
      await startTraining(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        ...toTraining(body),
      }),
    ),
  ),
});
