import { operations } from "@/lib/doors/operations";
import { restoreNamed } from "@/lib/doors/trash/restore";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.restoreItem, ({ ctx, params, body }) => restoreNamed(ctx, params.workspace, body)),
});
