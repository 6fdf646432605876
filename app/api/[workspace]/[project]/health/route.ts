import { presentHealth } from "@/lib/doors/images/presenters";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { readHealth } from "@/lib/work/images/health";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getProjectHealth, async ({ ctx, params }) =>
    presentHealth(await readHealth(ctx, { workspaceSlug: params.workspace, projectSlug: params.project })),
  ),
});
