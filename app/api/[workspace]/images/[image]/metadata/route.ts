import { describeImage } from "@/lib/domain/images";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { toChange } from "@/lib/doors/tasks/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.describeImage, async ({ ctx, params, body }) => {
    await describeImage(ctx, params.workspace, toChange(params.image, body));
    return { success: true as const };
  }),
});
