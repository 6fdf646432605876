import { toVersionRef } from "@/lib/doors/refs";
import { answerImage } from "@/lib/doors/images/answer";
import { sessionRoute } from "@/lib/doors/session-route";
import { openVersionImage } from "@/lib/work/versions/images";

/** One image of a version, live or in Trash; with `?size=thumb` its thumbnail. The path is the manifest's, without its leading "images/". */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; path: string[] }>(
  "/data/:workspace/:project/:version/images/:path",
  async ({ ctx, request, params }) => {
    const thumbnail = new URL(request.url).searchParams.get("size") === "thumb";
    return answerImage(
      request,
      await openVersionImage(ctx, toVersionRef(params), ["images", ...params.path].join("/"), { thumbnail }),
    );
  },
);
