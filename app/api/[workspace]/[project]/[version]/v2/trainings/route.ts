import { startTraining } from "@/lib/domain/trainings/trainings";
import { getVersion } from "@/lib/domain/versions/versions";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentStarted, presentTrainings, toTraining } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listTrainings, async ({ ctx, params }) => {
    const { trainings } = await getVersion(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version });
    return presentTrainings(params, trainings);
  }),
  POST: route(operations.startTraining, async ({ ctx, params, body }) =>
    presentStarted(await startTraining(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version, ...toTraining(body) }), body),
  ),
});
