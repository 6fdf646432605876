import { toVersionRef } from "@/lib/doors/refs";
import { linkToWeights } from "@/lib/doors/exports/download";
import { sessionRoute } from "@/lib/doors/session-route";

/** To the weights of a model of the version that serves. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; model: string }>(
  "/data/:workspace/:project/:version/models/:model/weights",
  async ({ ctx, params }) => {
    const link = await linkToWeights(ctx, { ...toVersionRef(params), modelSlug: params.model });
    return new Response(null, { status: 303, headers: { Location: new URL(link).pathname } });
  },
);
