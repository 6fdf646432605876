import { getTrashSchedule } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentSchedule } from "@/lib/doors/trash/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getTrashSchedule, async ({ ctx, params }) =>
    presentSchedule(await getTrashSchedule(ctx, { workspaceSlug: params.workspace })),
  ),
});
