import { toVersionRef } from "@/lib/edge/browser-refs";
import { linkToExport } from "@/lib/edge/download";
import { toFormat } from "@/lib/work/exports/answers";
import { sessionRoute } from "@/lib/edge/session-route";

/** To the zip, once it is ready. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; format: string }>("/data/:workspace/:project/:version/exports/:format/download", async ({ ctx, params }) =>
  new Response(null, { status: 303, headers: { Location: await linkToExport(ctx, { ...toVersionRef(params), format: toFormat(params.format) }) } }),
);
