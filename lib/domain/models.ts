import { query, type Statement } from "@/lib/platform/db";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { authorize } from "./permissions";

export interface ServingModel {
  id: string;
  slug: string;
  modelType: string;
  versionId: string;
  trainingId: string;
}

const SERVING: Statement = {
  name: "serving-model",
  text: `select m.id, m.slug, m.model_type as "modelType", m.version_id as "versionId", m.training_id as "trainingId",
           coalesce(p.purge_after, v.purge_after, t.purge_after) as "restorableUntil",
           case when p.deleted_at is not null then 'project' when v.deleted_at is not null then 'version' when t.deleted_at is not null then 'training' end as "inTrash"
         from models m join trainings t on t.id = m.training_id join versions v on v.id = m.version_id join projects p on p.id = v.project_id
         where m.workspace_id = $1 and m.slug = $2 and p.purge_started_at is null`,
};

/**
 * The model that serves under a slug, asked of the database at each call, so that every process falls silent at once
 * when the model's training, version or project goes to Trash, and answers again after the restore. Never another model.
 * Throws `not_found`, and `model_in_trash` with `restorableUntil`.
 */
export async function getServingModel(ctx: Context, ref: { workspaceSlug: string; modelSlug: string }): Promise<ServingModel> {
  const { workspaceId } = authorize(ctx, "predict", ref.workspaceSlug);
  const [row] = await query<ServingModel & { inTrash: string | null; restorableUntil: Date | null }>(SERVING, [workspaceId, ref.modelSlug]);
  if (!row) throw new DomainError("not_found", `There is no model "${ref.modelSlug}" in this workspace.`);
  const { inTrash, restorableUntil, ...model } = row;
  if (inTrash) {
    throw new DomainError("model_in_trash", `The model "${model.slug}" does not serve: its ${inTrash} is in Trash. It serves again once that is restored.`, {
      restorableUntil: restorableUntil!.toISOString(),
    });
  }
  return model;
}
