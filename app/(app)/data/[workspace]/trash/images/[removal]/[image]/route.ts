import { answerImage } from "@/lib/doors/images/answer";
import { toRemovedImageRef } from "@/lib/doors/images/browser";
import { sessionRoute } from "@/lib/doors/session-route";
import { openTrashedThumbnail } from "@/lib/work/versions/images";

/** The thumbnail of a source image that waits in Trash. */
export const GET = sessionRoute<{ workspace: string; removal: string; image: string }>(
  "/data/:workspace/trash/images/:removal/:image",
  async ({ ctx, request, params }) => answerImage(request, await openTrashedThumbnail(ctx, toRemovedImageRef(params))),
);
