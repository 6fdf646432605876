import { getBatch } from "@/lib/domain/images";
import { presentBatch } from "@/lib/doors/images/presenters";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getBatch, async ({ ctx, params }) => ({
    batch: presentBatch(
      await getBatch(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        batchId: params.batch,
      }),
    ),
  })),
});
