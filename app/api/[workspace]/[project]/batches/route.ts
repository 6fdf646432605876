import { listBatches } from "@/lib/domain/images";
import { presentBatch } from "@/lib/doors/images/presenters";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listBatches, async ({ ctx, params }) => ({
    batches: (await listBatches(ctx, { workspaceSlug: params.workspace, projectSlug: params.project })).map(
      presentBatch,
    ),
  })),
});
