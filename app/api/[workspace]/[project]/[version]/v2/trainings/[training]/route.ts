import { trashTraining } from "@/lib/domain/trash";
import { operations } from "@/lib/doors/operations";
import { presentTrashedTraining } from "@/lib/doors/trash/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  DELETE: route(operations.trashTraining, async ({ ctx, params, query }) =>
    presentTrashedTraining(
      params,
      await trashTraining(ctx, {
        workspaceSlug: params.workspace,
        projectSlug: params.project,
        number: params.version,
        trainingId: params.training,
        note: query.reason,
      }),
    ),
  ),
});
