import { predictRequest } from "@/lib/doors/inference/body";
import { operations } from "@/lib/doors/operations";
import { keyWorkspace, resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.predict, async ({ ctx, params: { owner, model }, query, request }) =>
    predictRequest(
      ctx,
      typeof model === "number"
        ? { workspaceSlug: keyWorkspace(ctx), projectSlug: owner, number: model }
        : { workspaceSlug: owner, modelSlug: model },
      request,
      query,
    ),
  ),
});
