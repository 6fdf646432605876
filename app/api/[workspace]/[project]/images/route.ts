import { trashImages } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  DELETE: route(operations.trashImages, async ({ ctx, params, query, body }) => {
    await trashImages(ctx, {
      workspaceSlug: params.workspace,
      projectSlug: params.project,
      images: { imageIds: body.images },
      note: query.reason,
    });
    return undefined;
  }),
});
