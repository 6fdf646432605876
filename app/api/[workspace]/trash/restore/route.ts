import { operations } from "@/lib/edge/operations";
import { restoreItem } from "@/lib/edge/restore";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.restoreItem, ({ ctx, params, body }) => restoreItem(ctx, params.workspace, body)),
});
