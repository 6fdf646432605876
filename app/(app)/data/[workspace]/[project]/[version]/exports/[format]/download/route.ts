import { toVersionRef } from "@/lib/doors/refs";
import { linkToExport } from "@/lib/doors/exports/download";
import { toFormat } from "@/lib/work/exports/answers";
import { sessionRoute } from "@/lib/doors/session-route";

/** To the zip, once it is ready. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; format: string }>(
  "/data/:workspace/:project/:version/exports/:format/download",
  async ({ ctx, params }) =>
    new Response(null, {
      status: 303,
      headers: { Location: await linkToExport(ctx, { ...toVersionRef(params), format: toFormat(params.format) }) },
    }),
);
