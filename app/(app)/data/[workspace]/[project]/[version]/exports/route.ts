import { toVersionRef } from "@/lib/doors/refs";
import { readExports } from "@/lib/work/exports/answers";
import { sessionRoute } from "@/lib/doors/session-route";

/** Every format that a version can be downloaded in, and how far each is. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/exports",
  async ({ ctx, params }) => Response.json(await readExports(ctx, toVersionRef(params))),
);
