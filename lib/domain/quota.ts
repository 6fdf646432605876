import { prisma, statement, type Queries, type Transaction } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import { DomainError } from "./errors";

/*
 * Generated images count against their workspace's quota from the moment they are planned until the version fails or is
 * purged, Trash included. What a version counts stands in one column of its row, the sum in one of its workspace's; only
 * this file changes the sum, always under the workspace's lock and in the transaction that writes the version's figure.
 */

/** What a workspace may still generate. */
export interface QuotaRoom {
  quota: number;
  /** Images that a new version may have. */
  free: number;
  /** What versions in Trash still count, be it through their project. */
  inTrash: number;
}

/** Versions of a workspace that are in Trash, by themselves or with their project. */
export const inTrashOf = (workspaceId: string) =>
  ({
    workspaceId,
    OR: [{ deletedAt: { not: null } }, { project: { deletedAt: { not: null } } }],
  }) satisfies Prisma.VersionWhereInput;

/** How much of the quota there is, is free, and waits in Trash; as of now, unless the workspace is locked. */
export async function readQuota(
  workspaceId: string,
  client: Pick<Transaction, "workspace" | "version"> = prisma(),
): Promise<QuotaRoom> {
  const { imageQuota, usedImages } = await client.workspace.findUniqueOrThrow({
    where: { id: workspaceId },
    select: { imageQuota: true, usedImages: true },
  });
  const { _sum } = await client.version.aggregate({ where: inTrashOf(workspaceId), _sum: { countedImages: true } });
  return { quota: imageQuota, free: Math.max(0, imageQuota - usedImages), inTrash: _sum.countedImages ?? 0 };
}

/** Reserves images for a version. The workspace is locked. Throws `quota_exceeded` with what would help. */
export async function reserveImages(tx: Transaction, workspaceId: string, images: number): Promise<void> {
  const { imageQuota, usedImages } = await tx.workspace.update({
    where: { id: workspaceId },
    data: { usedImages: { increment: images } },
    select: { imageQuota: true, usedImages: true },
  });
  if (usedImages <= imageQuota) return;
  const { quota, inTrash } = await readQuota(workspaceId, tx);
  const free = Math.max(0, imageQuota - (usedImages - images));
  const advice =
    inTrash > 0
      ? `${inTrash} sit in Trash: purge some of them, or ask for a larger quota.`
      : "Nothing sits in Trash. Delete and purge a version, or ask for a larger quota.";
  throw new DomainError(
    "quota_exceeded",
    `This version needs ${images} images, and ${free} of ${quota} are free. ${advice}`,
    { needed: images, quota, free, inTrash },
  );
}

/** hot: for every batch of a purge. */
const GIVE_BACK = statement({
  name: "quota-give-back",
  text: `update workspaces set used_images = used_images - $2 where id = $1`,
});

/** Gives back what versions counted that failed or were purged in this transaction. The workspace is locked. */
export async function giveBackImages(tx: Queries, workspaceId: string, images: number): Promise<void> {
  if (images > 0) await tx.query(GIVE_BACK, [workspaceId, images]);
}
