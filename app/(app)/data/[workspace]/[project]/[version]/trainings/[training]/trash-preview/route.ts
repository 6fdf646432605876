import { previewTrashTraining } from "@/lib/domain/trash";
import { toTrainingRef } from "@/lib/edge/browser-refs";
import { sessionRoute } from "@/lib/edge/session-route";

/** What moving the training to Trash would do; changes nothing. */
export const GET = sessionRoute<{ workspace: string; project: string; version: string; training: string }>("/data/:workspace/:project/:version/trainings/:training/trash-preview", async ({ ctx, params }) =>
  Response.json(await previewTrashTraining(ctx, toTrainingRef(params))),
);
