import { transaction, type Statement } from "@/lib/platform/db";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

const RENAME_PROJECT: Statement = {
  name: "rename-project",
  text: `update projects set name = $2, updated_at = $3 where id = $1 and deleted_at is null returning id`,
};

/** Gives a project another name; its slug, and with it every URL and model id, stays. Throws as renameVersion. */
export async function renameProject(ctx: Context, ref: SluggedProjectRef, newName: string): Promise<{ name: string }> {
  const { workspaceId } = authorize(ctx, "update project", ref.workspaceSlug);
  const name = parseName(newName);
  const project = await getLiveProject(workspaceId, ref);
  await transaction(async (tx) => {
    if ((await tx.query(RENAME_PROJECT, [project.id, name, ctx.now])).length === 0)
      throw new DomainError("in_trash", "The project went to Trash at this moment. Restore it to rename it.");
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "project.renamed",
        targetType: "project",
        targetId: project.id,
        targetName: name,
        details: { before: project.name },
      },
    ]);
  });
  return { name };
}
