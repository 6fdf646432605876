import { transaction, type Statement } from "@/lib/platform/db";
import { recordAudit } from "./audit";
import type { Context } from "./context";
import { DomainError } from "./errors";
import { getLiveProject, getLiveVersion, type SluggedProjectRef, type VersionRef } from "./item-state";
import { parseName } from "./names";
import { authorize } from "./permissions";

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
    if ((await tx.query(RENAME_VERSION, [version.id, name])).length === 0) throw new DomainError("in_trash", `Version ${ref.number} went to Trash at this moment. Restore it to rename it.`);
    await recordAudit(tx, ctx, [{ workspaceId, action: "version.renamed", targetType: "version", targetId: version.id, targetName: name, details: { before: version.name } }]);
  });
  return { name };
}

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
    if ((await tx.query(RENAME_PROJECT, [project.id, name, ctx.now])).length === 0) throw new DomainError("in_trash", "The project went to Trash at this moment. Restore it to rename it.");
    await recordAudit(tx, ctx, [{ workspaceId, action: "project.renamed", targetType: "project", targetId: project.id, targetName: name, details: { before: project.name } }]);
  });
  return { name };
}
