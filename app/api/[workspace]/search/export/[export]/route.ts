import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { linkToSearch } from "@/lib/doors/search/export-link";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getSearchExport, async ({ ctx, params }) => ({
    ready: true as const,
    link: linkToSearch(ctx, params.workspace, params.export),
  })),
});
