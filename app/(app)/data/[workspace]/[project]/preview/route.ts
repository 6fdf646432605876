import { parseInput } from "@/lib/edge/action";
import { toProjectRef } from "@/lib/edge/browser-refs";
import { previewQuestion, readPreview } from "@/lib/work/versions/preview-answer";
import { readJson } from "@/lib/edge/request-body";
import { sessionRoute } from "@/lib/edge/session-route";

/** What these settings would make of a few of the project's images; stores nothing. */
export const POST = sessionRoute<{ workspace: string; project: string }>("/data/:workspace/:project/preview", async ({ ctx, request, params }) =>
  Response.json(await readPreview(ctx, toProjectRef(params), parseInput(previewQuestion, await readJson(request)))),
);
