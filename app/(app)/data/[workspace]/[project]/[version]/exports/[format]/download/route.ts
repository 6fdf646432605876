import { toVersionRef } from "@/lib/edge/browser-refs";
import { answerDownload, openExport } from "@/lib/edge/download";
import { toFormat } from "@/lib/edge/export-answers";
import { sessionRoute } from "@/lib/edge/session-route";

/** The zip, once it is ready. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; format: string }>("/data/:workspace/:project/:version/exports/:format/download", async ({ ctx, request, params }) =>
  answerDownload(request, await openExport(ctx, { ...toVersionRef(params), format: toFormat(params.format) })),
);
