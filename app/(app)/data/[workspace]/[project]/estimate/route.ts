import { parseInput } from "@/lib/edge/action";
import { toProjectRef } from "@/lib/edge/browser-refs";
import { readJson } from "@/lib/edge/request-body";
import { sessionRoute } from "@/lib/edge/session-route";
import { estimateVersion, versionSettingsSchema } from "@/lib/work/versions/plan";

/** How many images a version of these settings would have, and the room in the quota; changes nothing. */
export const POST = sessionRoute<{ workspace: string; project: string }>("/data/:workspace/:project/estimate", async ({ ctx, request, params }) =>
  Response.json(await estimateVersion(ctx, toProjectRef(params), parseInput(versionSettingsSchema, await readJson(request)))),
);
