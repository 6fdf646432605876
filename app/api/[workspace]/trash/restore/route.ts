import { operations } from "@/lib/doors/operations";
import { restoreItem } from "@/lib/doors/trash/restore";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.restoreItem, ({ ctx, params, body }) => restoreItem(ctx, params.workspace, body)),
});
