import { DomainError } from "@/lib/domain/errors";
import { uploadImageForm } from "@/lib/doors/images/form";
import { operations } from "@/lib/doors/operations";
import { presentUpload, toDescription } from "@/lib/doors/images/presenters";
import { keyWorkspace, resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.uploadImage, async ({ ctx, params, query, request }) => {
    if (query.image !== undefined)
      throw new DomainError(
        "invalid_request",
        "This server fetches no images from elsewhere. Download the image, then upload the file.",
        { field: "image" },
      );
    return presentUpload(
      await uploadImageForm(
        ctx,
        { workspaceSlug: keyWorkspace(ctx), projectSlug: params.project },
        request,
        toDescription(query),
      ),
    );
  }),
});
