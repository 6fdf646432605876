import { startTraining } from "@/lib/domain/trainings/trainings";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";
import { presentStarted, toTraining } from "@/lib/edge/training-presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.train, async ({ ctx, params, body }) =>
    presentStarted(await startTraining(ctx, { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version, ...toTraining(body) }), body),
  ),
});
