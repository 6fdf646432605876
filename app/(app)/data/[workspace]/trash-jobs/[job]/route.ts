import { getTrashJob } from "@/lib/domain/trash";
import { sessionRoute } from "@/lib/doors/session-route";

/** How far a job on Trash is, for the page that shows it. */
export const GET = sessionRoute<{ workspace: string; job: string }>(
  "/data/:workspace/trash-jobs/:job",
  async ({ ctx, params }) =>
    Response.json(await getTrashJob(ctx, { workspaceSlug: params.workspace, jobId: params.job })),
);
