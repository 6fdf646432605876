import { getWorkspace } from "@/lib/domain/projects";
import { operations } from "@/lib/doors/operations";
import { presentWorkspace } from "@/lib/doors/workspaces/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getWorkspace, async ({ ctx, params }) =>
    presentWorkspace(await getWorkspace(ctx, params.workspace)),
  ),
});
