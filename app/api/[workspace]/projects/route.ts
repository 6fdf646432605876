import { createProject } from "@/lib/domain/projects";
import { operations } from "@/lib/doors/operations";
import { presentProject } from "@/lib/doors/projects/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.createProject, async ({ ctx, params, body }) =>
    presentProject(
      await createProject(ctx, {
        workspaceSlug: params.workspace,
        name: body.name,
        type: body.type,
        annotation: body.annotation ?? "",
      }),
    ),
  ),
});
