import { DomainError } from "@/lib/domain/errors";
import { readTimeZone } from "@/lib/doors/preferences";
import { DOWNLOAD_FORMATS, downloadReceipts } from "@/lib/doors/receipts/download";
import { parseReceiptView, toReceiptFilters } from "@/lib/doors/receipts/view";
import { sessionRoute } from "@/lib/doors/session-route";

/** The receipts that Settings → Receipts shows at the same query, all pages of them, as a file. */
export const GET = sessionRoute<{ workspace: string; format: string }>(
  "/data/:workspace/receipts/:format",
  async ({ ctx, request, params }) => {
    const format = DOWNLOAD_FORMATS.find((one) => one === params.format);
    if (!format) throw new DomainError("not_found", `Receipts come as ${DOWNLOAD_FORMATS.join(" or ")}.`);
    const view = parseReceiptView(Object.fromEntries(new URL(request.url).searchParams));
    return downloadReceipts(ctx, {
      workspaceSlug: params.workspace,
      format,
      ...toReceiptFilters(view, await readTimeZone()),
    });
  },
);
