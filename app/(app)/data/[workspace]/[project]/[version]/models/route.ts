import { parseInput } from "@/lib/doors/action";
import { uploadQuery } from "@/lib/doors/models/schemas";
import { toVersionRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";
import { handInModel } from "@/lib/work/models/hand-in";

/** Takes a model that was made elsewhere for the version: the body is the file. */
export const POST = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/models",
  async ({ ctx, request, params }) => {
    const query = parseInput(uploadQuery, Object.fromEntries(new URL(request.url).searchParams));
    const announcedBytes = Number(request.headers.get("content-length") ?? 0);
    return Response.json(await handInModel(ctx, toVersionRef(params), query, { body: request.body, announcedBytes }));
  },
);
