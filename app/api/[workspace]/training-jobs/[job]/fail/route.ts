import { giveUp } from "@/lib/work/trainings/external";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.failTraining, async ({ ctx, params, body }) => {
    await giveUp(ctx, { workspaceSlug: params.workspace, trainingId: params.job, leaseId: body.leaseId }, body.reason);
    return { trainingId: params.job, status: "failed" as const };
  }),
});
