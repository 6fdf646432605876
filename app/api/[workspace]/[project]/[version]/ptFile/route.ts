import { linkToWeights } from "@/lib/doors/exports/download";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getWeights, async ({ ctx, params: { workspace, project, version } }) => {
    const ref = { workspaceSlug: workspace, projectSlug: project };
    return {
      weightsUrl: await linkToWeights(
        ctx,
        typeof version === "number" ? { ...ref, number: version } : { ...ref, modelSlug: version },
      ),
    };
  }),
});
