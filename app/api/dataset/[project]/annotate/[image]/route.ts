import { DomainError } from "@/lib/domain/errors";
import { annotateImage } from "@/lib/work/uploads/annotations";
import { operations } from "@/lib/doors/operations";
import { presentAnnotation } from "@/lib/doors/images/presenters";
import { keyWorkspace, resource, route } from "@/lib/doors/route";

export const { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS } = resource({
  POST: route(operations.annotateImage, async ({ ctx, params, query, body }) => {
    if (query.prediction)
      throw new DomainError(
        "invalid_request",
        "Predictions are not supported: what is sent here counts as the truth. Send it without prediction=true.",
        { field: "prediction" },
      );
    const ref = { workspaceSlug: keyWorkspace(ctx), projectSlug: params.project, imageId: params.image };
    return presentAnnotation(
      await annotateImage(ctx, ref, {
        file: { name: query.name, text: body.annotationFile },
        labelmap: body.labelmap ?? null,
        overwrite: query.overwrite,
      }),
    );
  }),
});
