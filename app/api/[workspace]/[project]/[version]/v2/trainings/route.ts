import { startTraining } from "@/lib/domain/trainings";
import { getVersion } from "@/lib/domain/versions";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentStarted, presentTrainings, toTraining } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listTrainings, async ({ ctx, params }) => {
    const { trainings } = await getVersion(ctx, {
      workspaceSlug: params.workspace,
      projectSlug: params.project,
      number: params.version,
    });
    return presentTrainings(params, trainings);
  }),
  POST: route(operations.startTraining, async ({ ctx, params, body }) =>
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
