import { parseInput } from "@/lib/doors/action";
import { applyAnnotationFiles } from "@/lib/work/uploads/annotations";
import { annotationFiles } from "@/lib/doors/images/browser";
import { toProjectRef } from "@/lib/doors/refs";
import { ANNOTATION_BYTES_MAX } from "@/lib/work/uploads/settings";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";

/** Gives the project's images the boxes that the files have for them. */
export const POST = sessionRoute<{ workspace: string; project: string }>(
  "/data/:workspace/:project/annotations",
  async ({ ctx, request, params }) =>
    Response.json(
      await applyAnnotationFiles(
        ctx,
        toProjectRef(params),
        parseInput(annotationFiles, await readJson(request, ANNOTATION_BYTES_MAX)),
      ),
    ),
);
