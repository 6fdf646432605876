import { transaction } from "@/lib/platform/db";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, type VersionRef } from "@/lib/domain/item-state";
import { lockLiveVersion } from "@/lib/domain/locks";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

/** Gives a version another name; its number and files stay. Throws `not_found`, `in_trash`, `purged`, `invalid_input`. */
export async function renameVersion(ctx: Context, ref: VersionRef, newName: string): Promise<{ name: string }> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const name = parseName(newName);
  const version = await getLiveVersion(workspaceId, ref);
  await transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, version.id, "write")))
      throw new DomainError("in_trash", `Version ${ref.number} went to Trash at this moment. Restore it to rename it.`);
    await tx.version.update({ where: { id: version.id }, data: { name } });
    await recordAudit(tx, ctx, [
      {
        workspaceId,
        action: "version.renamed",
        targetType: "version",
        targetId: version.id,
        targetName: name,
        details: { before: version.name },
      },
    ]);
  });
  return { name };
}
