import { getWorkspace } from "@/lib/domain/projects/projects";
import { operations } from "@/lib/edge/operations";
import { presentWorkspace } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getWorkspace, async ({ ctx, params }) => presentWorkspace(await getWorkspace(ctx, params.workspace))),
});
