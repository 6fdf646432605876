import { toProjectRef } from "@/lib/edge/browser-refs";
import { answerImage } from "@/lib/edge/image-answer";
import { sessionRoute } from "@/lib/edge/session-route";
import { openSourceImage } from "@/lib/edge/version-images";

/** One source image of a live project. */
export const GET = sessionRoute<{ workspace: string; project: string; image: string }>("/data/:workspace/:project/images/:image", async ({ ctx, request, params }) =>
  answerImage(request, await openSourceImage(ctx, { ...toProjectRef(params), imageId: params.image })),
);
