import { z } from "zod";
import { previewSlug } from "@/lib/domain/projects";
import { parseInput } from "@/lib/doors/action";
import { sessionRoute } from "@/lib/doors/session-route";

const query = z.object({ name: z.string().max(1_000) });

/** The slug that a new project of that name would have, before it is made. */
export const GET = sessionRoute<{ workspace: string }>(
  "/data/:workspace/projects/slug",
  async ({ ctx, request, params }) => {
    const { name } = parseInput(query, Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(await previewSlug(ctx, { workspaceSlug: params.workspace, name }));
  },
);
