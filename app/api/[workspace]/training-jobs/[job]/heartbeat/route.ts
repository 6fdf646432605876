import { reportEpochs } from "@/lib/edge/external-trainer";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.reportEpochs, async ({ ctx, params, body }) => ({ answer: await reportEpochs(ctx, { workspaceSlug: params.workspace, trainingId: params.job, leaseId: body.leaseId }, body.epochs) })),
});
