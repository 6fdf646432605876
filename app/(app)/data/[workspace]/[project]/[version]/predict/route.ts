import { parseInput } from "@/lib/doors/action";
import { toVersionRef } from "@/lib/doors/refs";
import { predictRequest } from "@/lib/doors/inference/body";
import { tryQuery } from "@/lib/doors/inference/schemas";
import { sessionRoute } from "@/lib/doors/session-route";

/** What a model of the version says of the image in the body: the one that the query names, else the default. */
export const POST = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/predict",
  async ({ ctx, request, params }) => {
    const version = toVersionRef(params);
    const { model, ...wanted } = parseInput(tryQuery, Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(
      await predictRequest(ctx, model === undefined ? version : { ...version, modelSlug: model }, request, wanted),
    );
  },
);
