import { transaction, type Statement } from "@/lib/platform/db";
import { recordAudit } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getLiveVersion, type VersionRef } from "@/lib/domain/item-state";
import { parseName } from "@/lib/domain/names";
import { authorize } from "@/lib/domain/permissions";

const RENAME_VERSION: Statement = {
  name: "rename-version",
  text: `update versions v set name = $2 from projects p
         where v.id = $1 and v.deleted_at is null and p.id = v.project_id and p.deleted_at is null returning v.id`,
};

/** Gives a version another name; its number and files stay. Throws `not_found`, `in_trash`, `purged`, `invalid_input`. */
export async function renameVersion(ctx: Context, ref: VersionRef, newName: string): Promise<{ name: string }> {
  const { workspaceId } = authorize(ctx, "update version", ref.workspaceSlug);
  const name = parseName(newName);
  const version = await getLiveVersion(workspaceId, ref);
  await transaction(async (tx) => {
    if ((await tx.query(RENAME_VERSION, [version.id, name])).length === 0)
      throw new DomainError("in_trash", `Version ${ref.number} went to Trash at this moment. Restore it to rename it.`);
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
