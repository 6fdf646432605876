import { createProject } from "@/lib/domain/projects/projects";
import { operations } from "@/lib/edge/operations";
import { presentProject } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.createProject, async ({ ctx, params, body }) =>
    presentProject(await createProject(ctx, { workspaceSlug: params.workspace, name: body.name, type: body.type, annotation: body.annotation ?? "" })),
  ),
});
