import { prisma, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "@/lib/domain/audit";
import type { Context, Membership } from "@/lib/domain/context";
import { DomainError, refuseDuplicate } from "@/lib/domain/errors";
import { getUserByEmail } from "@/lib/domain/people";
import { assertSlug } from "@/lib/domain/slugs";

/** Makes a workspace with its first owner. Throws `already_exists`, `invalid_input`, `not_found`. */
export async function createWorkspace(
  ctx: Context,
  input: { slug: string; name: string; ownerEmail: string },
): Promise<{ workspaceId: string; slug: string }> {
  const owner = await getUserByEmail(ctx, input.ownerEmail);
  assertSlug(input.slug);
  const workspaceId = newId();
  await refuseDuplicate(`There is a workspace "${input.slug}" already.`, () =>
    transaction(async (tx) => {
      await tx.workspace.create({ data: { id: workspaceId, slug: input.slug, name: input.name, createdAt: ctx.now } });
      await tx.membership.create({ data: { workspaceId, userId: owner.id, role: "OWNER", createdAt: ctx.now } });
      await recordAudit(tx, ctx, [
        {
          workspaceId,
          action: "workspace.created",
          targetType: "workspace",
          targetId: workspaceId,
          targetName: input.name,
        },
      ]);
    }),
  );
  return { workspaceId, slug: input.slug };
}

/** A membership in any workspace as its owner's, for our own jobs. Throws `not_found`. */
export async function systemMembership(workspaceSlug: string): Promise<Membership> {
  const workspace = await prisma().workspace.findUnique({
    where: { slug: workspaceSlug },
    select: { id: true, slug: true, name: true },
  });
  if (!workspace) throw new DomainError("not_found", `There is no workspace "${workspaceSlug}".`);
  return { workspaceId: workspace.id, slug: workspace.slug, name: workspace.name, role: "OWNER" };
}
