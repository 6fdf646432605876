import { trashImagesOfWorkspace } from "@/lib/domain/trash";
import { presentRemovals } from "@/lib/doors/images/presenters";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  DELETE: route(operations.trashImagesOfWorkspace, async ({ ctx, params, query, body }) =>
    presentRemovals(
      await trashImagesOfWorkspace(ctx, {
        workspaceSlug: params.workspace,
        imageIds: body.images,
        note: query.reason,
      }),
    ),
  ),
});
