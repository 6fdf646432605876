import { parseInput } from "@/lib/doors/action";
import { toProjectRef } from "@/lib/doors/refs";
import { readJson } from "@/lib/doors/request-body";
import { sessionRoute } from "@/lib/doors/session-route";
import { estimateVersion, versionSettingsSchema } from "@/lib/work/versions/plan";

/** How many images a version of these settings would have, and the room in the quota; changes nothing. */
export const POST = sessionRoute<{ workspace: string; project: string }>(
  "/data/:workspace/:project/estimate",
  async ({ ctx, request, params }) =>
    Response.json(
      await estimateVersion(ctx, toProjectRef(params), parseInput(versionSettingsSchema, await readJson(request))),
    ),
);
