import { giveUp } from "@/lib/edge/external-trainer";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.failTraining, async ({ ctx, params, body }) => {
    await giveUp(ctx, { workspaceSlug: params.workspace, trainingId: params.job, leaseId: body.leaseId }, body.reason);
    return { trainingId: params.job, status: "failed" as const };
  }),
});
