import { storeWeights } from "@/lib/work/trainings/external";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  PUT: route(operations.storeWeights, async ({ ctx, params, query, request }) => {
    const { sizeBytes, onnx } = await storeWeights(
      ctx,
      { workspaceSlug: params.workspace, trainingId: params.job, leaseId: query.leaseId },
      { body: request.body, announcedBytes: Number(request.headers.get("content-length") ?? 0) },
    );
    return { sizeBytes, servable: onnx !== null };
  }),
});
