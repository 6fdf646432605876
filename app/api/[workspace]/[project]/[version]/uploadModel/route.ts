import { operations } from "@/lib/doors/operations";
import { linkForModel } from "@/lib/doors/models/upload-link";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.beginModelUpload, async ({ ctx, params, query }) => {
    const ref = { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version };
    return { url: await linkForModel(ctx, ref, query.modelType) };
  }),
});
