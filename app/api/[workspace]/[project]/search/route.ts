import { searchImages } from "@/lib/domain/images";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentSearch, toFilter } from "@/lib/doors/search/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.searchProject, async ({ ctx, params, body }) =>
    presentSearch(
      await searchImages(
        ctx,
        params.workspace,
        { filter: toFilter(body, params), project: params.project },
        { offset: body.offset, limit: body.limit, order: "oldest" },
      ),
      params,
      body.fields ?? undefined,
    ),
  ),
});
