import { transaction } from "@/lib/platform/db";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveProject, type SluggedProjectRef } from "@/lib/domain/item-state";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/** Gives a project another name; its slug, and with it every URL and model id, stays. Throws as renameVersion. */
export async function renameProject(ctx: Context, ref: SluggedProjectRef, newName: string): Promise<{ name: string }> {
  const { workspaceId } = authorize(ctx, "update project", ref.workspaceSlug);
  const name = parseName(newName);
  const project = await getLiveProject(workspaceId, ref);
  await transaction(async (tx) => {
    const live = { id: project.id, deletedAt: null };
    const renamed = await tx.project.updateMany({ where: live, data: { name, updatedAt: ctx.now } });
    if (renamed.count === 0)
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
