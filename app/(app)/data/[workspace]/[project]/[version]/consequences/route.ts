import { foreseeTrashVersion } from "@/lib/domain/trash";
import { toVersionRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";

/** What moving the version to Trash would do; changes nothing. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string }>(
  "/data/:workspace/:project/:version/consequences",
  async ({ ctx, params }) => Response.json(await foreseeTrashVersion(ctx, toVersionRef(params))),
);
