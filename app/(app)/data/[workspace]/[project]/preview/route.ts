import { parseInput } from "@/lib/doors/action";
import { toProjectRef } from "@/lib/doors/refs";
import { previewQuestion, readPreview } from "@/lib/work/versions/preview";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";

/** What these settings would make of a few of the project's images; stores nothing. */
export const POST = sessionRoute<{ workspace: string; project: string }>(
  "/data/:workspace/:project/preview",
  async ({ ctx, request, params }) =>
    Response.json(await readPreview(ctx, toProjectRef(params), parseInput(previewQuestion, await readJson(request)))),
);
