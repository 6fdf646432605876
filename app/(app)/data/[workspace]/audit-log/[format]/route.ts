import { readTimeZone } from "@/lib/doors/preferences";
import { sessionRoute } from "@/lib/doors/session-route";
import { downloadAuditLog } from "@/lib/doors/workspaces/audit-download";
import { readAuditQuery, toAuditFilter } from "@/lib/doors/workspaces/audit-query";

/** The audit log as a file, by the filters of its page. */
export const GET = sessionRoute<{ workspace: string; format: string }>(
  "/data/:workspace/audit-log/:format",
  async ({ ctx, request, params }) => {
    const query = readAuditQuery(Object.fromEntries(new URL(request.url).searchParams));
    const filter = toAuditFilter(query, await readTimeZone());
    return downloadAuditLog(ctx, { workspaceSlug: params.workspace, ...filter }, params.format);
  },
);
