import { toVersionRef } from "@/lib/edge/browser-refs";
import { askForExport, toFormat } from "@/lib/work/exports/answers";
import { sessionRoute } from "@/lib/edge/session-route";

/** Asks for a download; again, how far it is. */
export const POST = sessionRoute<{ workspace: string; project: string; version: string; format: string }>("/data/:workspace/:project/:version/exports/:format", async ({ ctx, params }) =>
  Response.json(await askForExport(ctx, { ...toVersionRef(params), format: toFormat(params.format) })),
);
