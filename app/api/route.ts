import { operations } from "@/lib/edge/operations";
import { presentKey } from "@/lib/edge/presenters";
import { resource, route } from "@/lib/edge/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.checkKey, async ({ ctx }) => presentKey(ctx)),
});
