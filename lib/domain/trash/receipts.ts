import { prisma, query, statement, type Queries } from "@/lib/platform/db";
import type { Prisma } from "@/lib/platform/generated/client";
import type { ActorType, ItemType, PurgeReason } from "@/lib/platform/generated/enums";
import { newId } from "@/lib/platform/id";
import { recordAudit } from "@/lib/domain/audit";
import { describeActor, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize, authorizeSystem } from "@/lib/domain/permissions";

/*
 * Receipts of purges: written with the purge, outliving it, and verified once erase.ts has read back that the store is empty.
 */

export interface Receipt {
  id: string;
  parentReceiptId: string | null;
  itemType: ItemType;
  itemId: string;
  itemName: string;
  projectSlug: string;
  versionNumber: number | null;
  trainingNumber: number | null;
  reason: PurgeReason;
  purgedAt: Date;
  actorType: ActorType;
  actorName: string;
  deletedAt: Date | null;
  versions: number;
  images: number;
  sourceImages: number;
  trainings: number;
  models: number;
  expectedFiles: number;
  expectedBytes: number;
  removedFiles: number;
  removedBytes: number;
  /** On a verified receipt: what the rows named, and the store did not have any more. */
  missingFiles: number;
  /** How `removed…` was counted: as a whole, before the first file went. The builds before lost count when they were killed. */
  countedAt: Date | null;
  /** Found after the store had been seen empty, and removed. */
  lateFiles: number;
  lateBytes: number;
  /** When the last of them was. */
  lateAt: Date | null;
  verifiedAt: Date | null;
  /** When it was read back once more: by the scheduler a day later, or by hand. */
  lookedAgainAt: Date | null;
  lastError: string | null;
}

const COLUMNS = {
  id: true,
  parentReceiptId: true,
  itemType: true,
  itemId: true,
  itemName: true,
  projectSlug: true,
  versionNumber: true,
  trainingNumber: true,
  reason: true,
  purgedAt: true,
  actorType: true,
  actorName: true,
  deletedAt: true,
  versions: true,
  images: true,
  sourceImages: true,
  trainings: true,
  models: true,
  expectedFiles: true,
  expectedBytes: true,
  removedFiles: true,
  removedBytes: true,
  countedAt: true,
  lateFiles: true,
  lateBytes: true,
  lateAt: true,
  verifiedAt: true,
  lookedAgainAt: true,
  lastError: true,
} satisfies Prisma.PurgeReceiptSelect;

/** Bytes as numbers: exact up to 8 petabytes. */
const view = (row: Prisma.PurgeReceiptGetPayload<{ select: typeof COLUMNS }>): Receipt => ({
  ...row,
  expectedBytes: Number(row.expectedBytes),
  removedBytes: Number(row.removedBytes),
  lateBytes: Number(row.lateBytes),
  missingFiles: row.verifiedAt === null ? 0 : Math.max(row.expectedFiles - row.removedFiles, 0),
});

/** The newest receipts of a workspace. `removed…` is what was found in the store, which may exceed what was expected. */
export async function listReceipts(ctx: Context, input: { workspaceSlug: string; limit: number }): Promise<Receipt[]> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const rows = await prisma().purgeReceipt.findMany({
    where: { workspaceId },
    orderBy: [{ purgedAt: "desc" }, { id: "desc" }],
    take: input.limit,
    select: COLUMNS,
  });
  return rows.map(view);
}

/** The files of a project's versions, by their own receipts. What one lacks is not made up for by what another had too much. */
const FILES_OF_VERSIONS = statement({
  name: "files-of-versions-receipts",
  text: `
select coalesce(sum(expected_files), 0)::int as "expectedFiles", coalesce(sum(expected_bytes), 0)::float8 as "expectedBytes",
  coalesce(sum(removed_files), 0)::int as "removedFiles", coalesce(sum(removed_bytes), 0)::float8 as "removedBytes",
  coalesce(sum(greatest(expected_files - removed_files, 0)) filter (where verified_at is not null), 0)::int as "missingFiles",
  coalesce(sum(late_files), 0)::int as "lateFiles", coalesce(sum(late_bytes), 0)::float8 as "lateBytes", max(late_at) as "lateAt"
from purge_receipts where parent_receipt_id = $1`,
});

type Files = Pick<
  Receipt,
  | "expectedFiles"
  | "expectedBytes"
  | "removedFiles"
  | "removedBytes"
  | "missingFiles"
  | "lateFiles"
  | "lateBytes"
  | "lateAt"
>;

/**
 * One receipt, for every member of its workspace and nobody else; a project's with the files of its versions, whose own
 * receipts nobody is led to. Throws `not_found`.
 */
export async function getReceipt(ctx: Context, input: { workspaceSlug: string; receiptId: string }): Promise<Receipt> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const row = await prisma().purgeReceipt.findFirst({ where: { workspaceId, id: input.receiptId }, select: COLUMNS });
  if (!row) throw new DomainError("not_found", "There is no such receipt.");
  const own = view(row);
  if (own.itemType !== "PROJECT") return own;
  const [versions] = await query<Files>(FILES_OF_VERSIONS, [own.id]);
  return { ...own, ...sum(own, versions!) };
}

const sum = (own: Files, versions: Files): Files => ({
  expectedFiles: own.expectedFiles + versions.expectedFiles,
  expectedBytes: own.expectedBytes + versions.expectedBytes,
  removedFiles: own.removedFiles + versions.removedFiles,
  removedBytes: own.removedBytes + versions.removedBytes,
  missingFiles: own.missingFiles + versions.missingFiles,
  lateFiles: own.lateFiles + versions.lateFiles,
  lateBytes: own.lateBytes + versions.lateBytes,
  lateAt: latest(own.lateAt, versions.lateAt),
});

const latest = (a: Date | null, b: Date | null): Date | null => (a === null || (b !== null && b > a) ? b : a);

const RECEIPT_WORKSPACE = statement({
  name: "receipt-workspace",
  text: `select w.slug from purge_receipts r join workspaces w on w.id = r.workspace_id where r.id = $1`,
});

/** Whose receipt it is, for commands at the server's shell. Throws `not_found`. */
export async function getReceiptWorkspace(ctx: Context, receiptId: string): Promise<string> {
  authorizeSystem(ctx);
  const [row] = await query<{ slug: string }>(RECEIPT_WORKSPACE, [receiptId]);
  if (!row) throw new DomainError("not_found", "There is no such receipt.");
  return row.slug;
}

/** An item whose rows are going, as its receipt keeps it. */
export interface PurgedItem {
  type: ItemType;
  id: string;
  name: string;
  projectId: string;
  projectSlug: string;
  versionNumber: number | null;
  trainingNumber: number | null;
  deletedAt: Date | null;
  deletedById: string | null;
  purgeAfter: Date | null;
  /** The end of the last right that anybody had to write its files. */
  writersUntil: Date | null;
  prefixes: readonly string[];
  images: number;
  trainings: number;
  models: number;
  files: number;
  bytes: number;
}

/** A set, with its audit rows. */
const INSERT_RECEIPTS = statement({
  name: "purge-insert-receipts",
  text: `insert into purge_receipts select * from jsonb_populate_recordset(null::purge_receipts, $1::jsonb)`,
});

/**
 * Writes the receipts of items in the transaction that removes them, and, unless a parent's receipt tells it, an audit event
 * for each. A receipt carries all that the removal of the files needs.
 */
export async function insertReceipts(
  tx: Queries,
  ctx: Context,
  workspaceId: string,
  items: readonly PurgedItem[],
  how: { reason: PurgeReason; parentReceiptId: string | null; rowsRemoved: boolean },
): Promise<void> {
  const actor = describeActor(ctx.actor);
  const rows = items.map((item) => ({
    id: newId(),
    workspace_id: workspaceId,
    parent_receipt_id: how.parentReceiptId,
    item_type: item.type,
    item_id: item.id,
    item_name: item.name,
    project_id: item.projectId,
    project_slug: item.projectSlug,
    version_number: item.versionNumber,
    training_number: item.trainingNumber,
    reason: how.reason,
    purged_at: ctx.now,
    actor_type: actor.actorType,
    actor_id: actor.actorId,
    actor_name: actor.actorName,
    deleted_at: item.deletedAt,
    deleted_by_id: item.deletedById,
    purge_after: item.purgeAfter,
    versions: item.type === "VERSION" ? 1 : 0,
    images: item.images,
    source_images: 0,
    trainings: item.trainings,
    models: item.models,
    prefixes: item.prefixes,
    expected_files: item.files,
    expected_bytes: item.bytes,
    rows_removed_at: how.rowsRemoved ? ctx.now : null,
    writers_until: item.writersUntil,
    removed_files: 0,
    removed_bytes: 0,
    late_files: 0,
    late_bytes: 0,
    attempts: 0,
  }));
  await tx.query(INSERT_RECEIPTS, [JSON.stringify(rows)]);
  if (how.parentReceiptId) return; // the project's own event says it
  await recordAudit(
    tx,
    ctx,
    items.map((item, i) => ({
      workspaceId,
      action: `${item.type.toLowerCase() as "version"}.purged` as const,
      targetType: item.type.toLowerCase() as "version",
      targetId: item.id,
      targetName: item.name,
      details: { reason: how.reason, receiptId: rows[i]!.id, images: item.images },
    })),
  );
}
