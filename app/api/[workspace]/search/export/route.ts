import { DomainError } from "@/lib/domain/errors";
import { Accepted } from "@/lib/doors/operation";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { exportId } from "@/lib/doors/search/export-link";
import { checkSearchExport } from "@/lib/work/exports/search-export";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.exportSearch, async ({ ctx, params, body }) => {
    if (body.annotationGroup)
      throw new DomainError("invalid_input", 'A project has one set of annotations. Name it with "dataset".', {
        field: "annotationGroup",
      });
    const { query, format, dataset = null, name = null } = body;
    const search = { workspaceSlug: params.workspace, query, format, dataset, name };
    await checkSearchExport(ctx, search);
    return new Accepted({ link: exportId(ctx, search) });
  }),
});
