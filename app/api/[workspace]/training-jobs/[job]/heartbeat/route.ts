import { reportEpochs } from "@/lib/work/trainings/external";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.reportEpochs, async ({ ctx, params, body }) => ({
    answer: await reportEpochs(
      ctx,
      { workspaceSlug: params.workspace, trainingId: params.job, leaseId: body.leaseId },
      body.epochs,
    ),
  })),
});
