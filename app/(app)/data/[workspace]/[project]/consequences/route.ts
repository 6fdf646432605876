import { foreseeTrashProject } from "@/lib/domain/trash";
import { toProjectRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";

/** What moving the project to Trash would do; changes nothing. */
export const GET = sessionRoute<{ workspace: string; project: string }>(
  "/data/:workspace/:project/consequences",
  async ({ ctx, params }) => Response.json(await foreseeTrashProject(ctx, toProjectRef(params))),
);
