import { prisma, statement, transaction, type Transaction } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import type { Context } from "@/lib/domain/context";
import { endGrants, projectPrefix, storeUploadsPrefix } from "@/lib/domain/grants";
import { EVERY_IMAGE } from "@/lib/domain/locks";
import { forgetZipsOf } from "@/lib/domain/tasks";
import { IMAGE_BYTES, IMAGE_FILES } from "./holdings";
import { purgeImages } from "./purge-images";
import { BATCH, dueValues, isDue, purgeVersions, remove, type Claim } from "./purge-rows";
import { appendEntry } from "./receipt-chain";
import { insertReceipts, type PurgedItem } from "./receipts";

/*
 * A project goes in many transactions: it is claimed, which nothing takes back, then worked off. What waits in Trash in it by
 * itself goes along, under receipts of its own, as everything in it does that has some.
 */

const IMAGES_BATCH = 5_000;

/** Locks, looks and claims in one. */
const CLAIM_PROJECT = statement({
  name: "purge-claim-project",
  text: `
with due as (
  select x.id from projects x where x.workspace_id = $1 and x.id = any($2::text[]) and x.purge_started_at is null and ${isDue("x")}
  for update skip locked
)
update projects p set purge_started_at = $3 from due where p.id = due.id
returning p.id, p.slug as "projectSlug", p.name, p.deleted_at as "deletedAt", p.deleted_by_id as "deletedById", p.deleted_note as "deletedNote", p.purge_after as "purgeAfter"`,
});

/** Claims a project for its purge: from here on it is in no listing and cannot be restored. False: not due, or held. */
export async function claimProject(
  ctx: Context,
  workspaceId: string,
  projectId: string,
  claim: Claim,
): Promise<boolean> {
  return transaction(async (tx) => {
    const [project] = await tx.query<
      Pick<PurgedItem, "id" | "projectSlug" | "name" | "deletedAt" | "deletedById" | "deletedNote" | "purgeAfter">
    >(CLAIM_PROJECT, dueValues(workspaceId, [projectId], claim));
    if (!project) return false;
    const item: PurgedItem = {
      ...project,
      type: "PROJECT",
      projectId,
      versionNumber: null,
      trainingNumber: null,
      writersUntil: null,
      prefixes: [projectPrefix(projectId), storeUploadsPrefix(projectId)],
      images: 0,
      sourceImages: 0,
      trainings: 0,
      models: 0,
      files: 0,
      bytes: 0,
    };
    const receipts = await insertReceipts(tx, ctx, workspaceId, [item], {
      reason: claim.reason,
      note: claim.note ?? null,
      parentReceiptId: null,
      rowsRemoved: false,
    });
    await appendEntry(tx, workspaceId, "PURGED", receipts);
    return true;
  }, claim);
}

/** Locks, unless somebody else does. */
const LOCK_CLAIMED_PROJECT = statement({
  name: "purge-lock-claimed-project",
  text: `select id from projects where id = $1 and purge_started_at is not null for update skip locked`,
});

/** A set, with its figures on the receipt. */
const REMOVE_IMAGES = statement({
  name: "purge-remove-images",
  text: `
with gone as (
  delete from images i where ${EVERY_IMAGE} and i.id in (select id from images where project_id = $1 and ${EVERY_IMAGE} limit ${IMAGES_BATCH})
  returning ${IMAGE_FILES} as files, ${IMAGE_BYTES} as bytes
), total as (
  select count(*)::int as images, coalesce(sum(files), 0) as files, coalesce(sum(bytes), 0) as bytes from gone
)
update purge_receipts r set source_images = r.source_images + total.images, expected_files = r.expected_files + total.files,
  expected_bytes = r.expected_bytes + total.bytes
from total where r.id = $2 returning total.images as removed`,
});

/** Removals whose images are all back, or gone. */
const REMOVE_REMOVALS = remove("image-removals-of-project", `image_removals where project_id = $1`);

/** A parent's totals are its children's sums; its own files are its source images, but those that have a receipt of their own. */
async function finishProjectReceipt(
  tx: Transaction,
  ctx: Context,
  receiptId: string,
  writersUntil: Date | undefined,
): Promise<void> {
  const { _sum } = await tx.purgeReceipt.aggregate({
    where: { parentReceiptId: receiptId },
    _sum: { versions: true, images: true, sourceImages: true, trainings: true, models: true },
  });
  await tx.purgeReceipt.update({
    where: { id: receiptId },
    data: {
      rowsRemovedAt: ctx.now,
      writersUntil: writersUntil ?? null,
      versions: _sum.versions ?? 0,
      images: _sum.images ?? 0,
      sourceImages: { increment: _sum.sourceImages ?? 0 },
      trainings: _sum.trainings ?? 0,
      models: _sum.models ?? 0,
    },
  });
}

/**
 * Works off a claimed project: versions in batches, each under a receipt of its own, images that were in Trash likewise, then the
 * other images, then the project.
 * Stopped at any point, the next call goes on. True when the project is gone.
 */
export async function purgeClaimedProject(
  ctx: Context,
  workspaceId: string,
  projectId: string,
  claim: Claim,
  signal: AbortSignal,
): Promise<boolean> {
  const receipt = await prisma().purgeReceipt.findUniqueOrThrow({
    where: { itemType_itemId: { itemType: "PROJECT", itemId: projectId } },
    select: { id: true },
  });
  for (;;) {
    if (signal.aborted) return false;
    const versions = await prisma().version.findMany({
      where: { projectId },
      orderBy: { id: "asc" },
      take: BATCH,
      select: { id: true },
    });
    if (versions.length === 0) break;
    const purged = await purgeVersions(
      ctx,
      workspaceId,
      versions.map((v) => v.id),
      { ...claim, reason: "WITH_PARENT" },
      receipt.id,
    );
    if (purged.size === 0) return false; // somebody else is at them
  }
  for (;;) {
    if (signal.aborted) return false;
    const removal = await prisma().imageRemoval.findFirst({
      where: { projectId, deletedAt: { not: null } },
      orderBy: { id: "asc" },
      select: { id: true },
    });
    if (!removal) break;
    const purged = await purgeImages(ctx, workspaceId, removal.id, { ...claim, reason: "WITH_PARENT" }, receipt.id);
    if (purged.size === 0) return false;
  }
  for (;;) {
    if (signal.aborted) return false;
    const step = await transaction(async (tx) => {
      const [held] = await tx.query(LOCK_CLAIMED_PROJECT, [projectId]);
      if (!held) return "held";
      const [images] = await tx.query<{ removed: number }>(REMOVE_IMAGES, [projectId, receipt.id]);
      if (images!.removed > 0) return "more";
      const zips = await forgetZipsOf(tx, ctx, projectId);
      await tx.purgeReceipt.update({
        where: { id: receipt.id },
        data: { expectedFiles: { increment: zips.files }, expectedBytes: { increment: zips.bytes } },
      });
      const granted = await endGrants(tx, "PROJECT", [projectId]);
      await tx.query(REMOVE_REMOVALS, [projectId]);
      await tx.project.delete({ where: { id: projectId } });
      await finishProjectReceipt(tx, ctx, receipt.id, granted.get(projectId));
      await enqueue(tx, "erase-files");
      await appendEntry(tx, workspaceId, "PURGED", [receipt.id]);
      return "gone";
    }, claim);
    if (step !== "more") return step === "gone";
  }
}
