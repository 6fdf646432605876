import { handIn } from "@/lib/work/trainings/external";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.finishTraining, async ({ ctx, params, body }) => {
    const { modelSlug } = await handIn(
      ctx,
      { workspaceSlug: params.workspace, trainingId: params.job, leaseId: body.leaseId },
      body.metrics,
    );
    return { trainingId: params.job, modelId: `${params.workspace}/${modelSlug}` };
  }),
});
