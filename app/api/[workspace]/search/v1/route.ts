import { parseImageQuery, searchImages } from "@/lib/domain/images";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentWorkspaceSearch, readToken } from "@/lib/doors/search/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.searchWorkspace, async ({ ctx, params, body }) => {
    const { workspace } = params;
    const { total, cursor } = readToken(body.continuationToken);
    const range = { cursor, limit: body.pageSize, order: "oldest" } as const;
    const found = await searchImages(ctx, workspace, parseImageQuery(body.query), range);
    return presentWorkspaceSearch(
      found.images,
      { workspace, pageSize: body.pageSize, total: found.total ?? total ?? 0 },
      body.fields ?? undefined,
    );
  }),
});
