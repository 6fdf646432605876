import { operations } from "@/lib/doors/operations";
import { presentKey } from "@/lib/doors/people/presenters";
import { resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.checkKey, async ({ ctx }) => presentKey(ctx)),
});
