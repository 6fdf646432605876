import { toImageRef } from "@/lib/doors/images/browser";
import { answerImage } from "@/lib/doors/images/answer";
import { sessionRoute } from "@/lib/doors/session-route";
import { openSourceImage } from "@/lib/work/versions/images";

/** One source image of a live project; with `?size=thumb` its thumbnail. */
export const GET = sessionRoute<{ workspace: string; project: string; image: string }>(
  "/data/:workspace/:project/images/:image",
  async ({ ctx, request, params }) => {
    const thumbnail = new URL(request.url).searchParams.get("size") === "thumb";
    return answerImage(request, await openSourceImage(ctx, toImageRef(params), { thumbnail }));
  },
);
