import { beginZipUpload } from "@/lib/domain/tasks";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { linkForZip } from "@/lib/doors/tasks/zip-link";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.beginZipUpload, async ({ ctx, params, body }) => {
    const { taskId } = await beginZipUpload(
      ctx,
      { workspaceSlug: params.workspace, projectSlug: params.project },
      {
        split: body.split,
        tags: body.tags ?? [],
        batch: body.batchName ?? undefined,
        unpack: body.unpack ?? undefined,
      },
    );
    return { taskId, signedUrl: linkForZip(ctx, taskId) };
  }),
});
