import { getImage } from "@/lib/domain/images";
import { linkTo } from "@/lib/doors/exports/download";
import { operations } from "@/lib/doors/operations";
import { resource, route } from "@/lib/doors/route";
import { presentImage } from "@/lib/doors/search/presenters";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  GET: route(operations.getImage, async ({ ctx, params }) => {
    const ref = { workspaceSlug: params.workspace, projectSlug: params.project, imageId: params.image };
    const image = await getImage(ctx, ref);
    return presentImage(image, { original: linkTo(ctx, "image", image.id), thumb: linkTo(ctx, "thumbnail", image.id) });
  }),
});
