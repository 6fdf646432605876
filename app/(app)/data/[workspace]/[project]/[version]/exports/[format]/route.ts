import { toVersionRef } from "@/lib/doors/refs";
import { askForExport, toFormat } from "@/lib/work/exports/answers";
import { sessionRoute } from "@/lib/doors/session-route";

/** Asks for a download; again, how far it is. */
export const POST = sessionRoute<{ workspace: string; project: string; version: string; format: string }>(
  "/data/:workspace/:project/:version/exports/:format",
  async ({ ctx, params }) =>
    Response.json(await askForExport(ctx, { ...toVersionRef(params), format: toFormat(params.format) })),
);
