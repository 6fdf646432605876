import { uploadHostedImage, uploadImageForm } from "@/lib/doors/images/form";
import { operations } from "@/lib/doors/operations";
import { presentUpload, toDescription } from "@/lib/doors/images/presenters";
import { keyWorkspace, resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.uploadImage, async ({ ctx, params, query, request }) => {
    const ref = { workspaceSlug: keyWorkspace(ctx), projectSlug: params.project };
    const description = toDescription(query);
    const { image: url, ...said } = query;
    return presentUpload(
      url === undefined
        ? await uploadImageForm(ctx, ref, request, description)
        : await uploadHostedImage(ctx, ref, url, said, description),
    );
  }),
});
