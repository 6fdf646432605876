import { foreseeTrashTraining } from "@/lib/domain/trash";
import { toTrainingRef } from "@/lib/doors/refs";
import { sessionRoute } from "@/lib/doors/session-route";

/** What moving the training to Trash would do; changes nothing. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; training: string }>(
  "/data/:workspace/:project/:version/trainings/:training/consequences",
  async ({ ctx, params }) => Response.json(await foreseeTrashTraining(ctx, toTrainingRef(params))),
);
