import { getTask } from "@/lib/domain/tasks";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentTask } from "@/lib/doors/tasks/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTask, async ({ ctx, params }) =>
    presentTask(await getTask(ctx, { workspaceSlug: params.workspace, taskId: params.task })),
  ),
});
