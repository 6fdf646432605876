import { operations } from "@/lib/doors/operations";
import { presentHandedIn } from "@/lib/doors/models/presenters";
import { resource, route } from "@/lib/doors/route";
import { handInModel } from "@/lib/work/models/hand-in";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  PUT: route(operations.uploadModel, async ({ ctx, params, query, request }) => {
    const ref = { workspaceSlug: params.workspace, projectSlug: params.project, number: params.version };
    const announcedBytes = Number(request.headers.get("content-length") ?? 0);
    return presentHandedIn(
      params.workspace,
      await handInModel(ctx, ref, query, { body: request.body, announcedBytes }),
    );
  }),
});
