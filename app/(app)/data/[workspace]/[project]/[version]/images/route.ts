import { z } from "zod";
import { SPLIT_NAMES } from "@/lib/domain/splits";
import { parseInput } from "@/lib/doors/action";
import { toVersionRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";
import { IMAGES_MAX, listVersionImages } from "@/lib/work/versions/images";

const rangeQuery = z.object({
  split: z.enum(SPLIT_NAMES).optional(),
  label: z.string().max(500).optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(IMAGES_MAX).default(100),
});

/** A range of a version's images, live or in Trash, as JSON. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/images",
  async ({ ctx, request, params }) => {
    const range = parseInput(rangeQuery, Object.fromEntries(new URL(request.url).searchParams));
    return Response.json(await listVersionImages(ctx, toVersionRef(params), range));
  },
);
