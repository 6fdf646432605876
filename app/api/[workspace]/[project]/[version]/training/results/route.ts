import { getTraining } from "@/lib/domain/trainings";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentResults } from "@/lib/doors/trainings/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTrainingResults, async ({ ctx, params }) =>
    presentResults(
      params,
      await getTraining(
        ctx,
        { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version },
        { orLast: true },
      ),
    ),
  ),
});
