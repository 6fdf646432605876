import { listTrash } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentTrash } from "@/lib/doors/trash/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.listTrash, async ({ ctx, params, query }) =>
    presentTrash(await listTrash(ctx, { workspaceSlug: params.workspace, ...query }), query),
  ),
});
