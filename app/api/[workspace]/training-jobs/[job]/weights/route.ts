import { storeWeights } from "@/lib/edge/external-trainer";
import { operations } from "@/lib/edge/operations";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  PUT: route(operations.storeWeights, async ({ ctx, params, query, request }) => storeWeights(ctx, { workspaceSlug: params.workspace, trainingId: params.job, leaseId: query.leaseId }, request)),
});
