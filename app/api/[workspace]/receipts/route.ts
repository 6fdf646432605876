import { listReceipts } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentReceipts } from "@/lib/doors/receipts/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listReceipts, async ({ ctx, params, query }) =>
    presentReceipts(await listReceipts(ctx, { workspaceSlug: params.workspace, ...query })),
  ),
});
