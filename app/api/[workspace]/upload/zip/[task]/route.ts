import { getTask } from "@/lib/domain/tasks";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentZip } from "@/lib/doors/tasks/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getZipUpload, async ({ ctx, params }) =>
    presentZip(await getTask(ctx, { workspaceSlug: params.workspace, taskId: params.task, kind: "ZIP_UPLOAD" })),
  ),
});
