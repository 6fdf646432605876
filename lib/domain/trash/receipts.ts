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
 * What becomes of them is chained (receipt-chain.ts), and listed (receipt-list.ts).
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
  /** Why it was purged, in the words of whoever did. */
  note: string | null;
  purgedAt: Date;
  actorType: ActorType;
  /** The user, the key or the job. */
  actorId: string;
  actorName: string;
  /** When it went to Trash, if it did. */
  deletedAt: Date | null;
  /** Who moved it there: a user, or a job. */
  deletedById: string | null;
  /** null when the person's account is gone, or a job did it. */
  deletedByName: string | null;
  /** Why it was moved to Trash, in the words of whoever did. */
  deletedNote: string | null;
  /** Its scheduled purge. */
  purgeAfter: Date | null;
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
  /** Why its files are not gone yet, as far as the store said. */
  lastError: string | null;
  /** When that is tried again; null: at once, or not any more. */
  nextAttemptAt: Date | null;
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
  note: true,
  purgedAt: true,
  actorType: true,
  actorId: true,
  actorName: true,
  deletedAt: true,
  deletedById: true,
  deletedNote: true,
  purgeAfter: true,
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
  nextAttemptAt: true,
} satisfies Prisma.PurgeReceiptSelect;

type Row = Prisma.PurgeReceiptGetPayload<{ select: typeof COLUMNS }>;

/** Bytes as numbers: exact up to 8 petabytes. */
const view = (row: Row, deletedByName: string | null): Receipt => ({
  ...row,
  deletedByName,
  expectedBytes: Number(row.expectedBytes),
  removedBytes: Number(row.removedBytes),
  lateBytes: Number(row.lateBytes),
  missingFiles: row.verifiedAt === null ? 0 : Math.max(row.expectedFiles - row.removedFiles, 0),
});

/** The files of projects' versions, by their own receipts. What one lacks is not made up for by what another had too much. */
const FILES_OF_VERSIONS = statement({
  name: "files-of-versions-receipts",
  text: `
select parent_receipt_id as "parentReceiptId", sum(expected_files)::int as "expectedFiles", sum(expected_bytes)::float8 as "expectedBytes",
  sum(removed_files)::int as "removedFiles", sum(removed_bytes)::float8 as "removedBytes",
  coalesce(sum(greatest(expected_files - removed_files, 0)) filter (where verified_at is not null), 0)::int as "missingFiles",
  sum(late_files)::int as "lateFiles", sum(late_bytes)::float8 as "lateBytes", max(late_at) as "lateAt"
from purge_receipts where parent_receipt_id = any($1::text[]) group by parent_receipt_id`,
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

/** Receipts of a workspace by their ids, in this order; a project's with the files of its versions. What is not there is left out. */
export async function readReceipts(workspaceId: string, ids: readonly string[]): Promise<Receipt[]> {
  const rows = await prisma().purgeReceipt.findMany({ where: { workspaceId, id: { in: [...ids] } }, select: COLUMNS });
  const projects = rows.flatMap(({ itemType, id }) => (itemType === "PROJECT" ? id : []));
  const deleters = new Set(rows.flatMap(({ deletedById }) => deletedById ?? []));
  const [files, people] = await Promise.all([
    projects.length > 0 ? query<Files & { parentReceiptId: string }>(FILES_OF_VERSIONS, [projects]) : [],
    prisma().user.findMany({ where: { id: { in: [...deleters] } }, select: { id: true, name: true } }),
  ]);
  const nameOf = new Map(people.map(({ id, name }) => [id, name]));
  const filesOf = new Map(files.map(({ parentReceiptId, ...sums }) => [parentReceiptId, sums]));
  const receipts = new Map(
    rows.map((row) => {
      const own = view(row, nameOf.get(row.deletedById ?? "") ?? null);
      const versions = filesOf.get(own.id);
      return [own.id, versions ? { ...own, ...sum(own, versions) } : own];
    }),
  );
  return ids.flatMap((id) => receipts.get(id) ?? []);
}

/** One receipt, for every member of its workspace and nobody else; a project's with the files of its versions. Throws `not_found`. */
export async function getReceipt(ctx: Context, input: { workspaceSlug: string; receiptId: string }): Promise<Receipt> {
  const { workspaceId } = authorize(ctx, "read trash", input.workspaceSlug);
  const [receipt] = await readReceipts(workspaceId, [input.receiptId]);
  if (!receipt) throw new DomainError("not_found", "There is no such receipt.");
  return receipt;
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
  /** Of removed images, whose project is what the audit log tells of. */
  projectName?: string;
  versionNumber: number | null;
  trainingNumber: number | null;
  deletedAt: Date | null;
  deletedById: string | null;
  /** Why it was moved to Trash, in the words of whoever did. */
  deletedNote: string | null;
  purgeAfter: Date | null;
  /** The end of the last right that anybody had to write its files. */
  writersUntil: Date | null;
  prefixes: readonly string[];
  images: number;
  /** Of removed images; a project's are added up with their removal. */
  sourceImages: number;
  trainings: number;
  models: number;
  files: number;
  bytes: number;
}

/** What the audit log tells of an item's purge. */
const purgeEvent = ({ type, id, name, projectId, projectSlug, projectName = projectSlug }: PurgedItem) =>
  type === "IMAGES"
    ? ({ action: "image.purged", targetType: "project", targetId: projectId, targetName: projectName } as const)
    : ({
        action: `${type.toLowerCase() as Lowercase<typeof type>}.purged`,
        targetType: type.toLowerCase() as Lowercase<typeof type>,
        targetId: id,
        targetName: name,
      } as const);

/** A set, with its audit rows. */
const INSERT_RECEIPTS = statement({
  name: "purge-insert-receipts",
  text: `insert into purge_receipts select * from jsonb_populate_recordset(null::purge_receipts, $1::jsonb)`,
});

/**
 * Writes the receipts of items in the transaction that removes them, and, unless a parent's receipt tells it, an audit event
 * for each. A receipt carries all that the removal of the files needs. Answers their ids, for the entry in the chain that the
 * transaction ends with.
 */
export async function insertReceipts(
  tx: Queries,
  ctx: Context,
  workspaceId: string,
  items: readonly PurgedItem[],
  how: { reason: PurgeReason; note: string | null; parentReceiptId: string | null; rowsRemoved: boolean },
): Promise<string[]> {
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
    note: how.note,
    purged_at: ctx.now,
    actor_type: actor.actorType,
    actor_id: actor.actorId,
    actor_name: actor.actorName,
    deleted_at: item.deletedAt,
    deleted_by_id: item.deletedById,
    deleted_note: item.deletedNote,
    purge_after: item.purgeAfter,
    versions: item.type === "VERSION" ? 1 : 0,
    images: item.images,
    source_images: item.sourceImages,
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
  const ids = rows.map(({ id }) => id);
  if (how.parentReceiptId) return ids; // the project's own event says it
  await recordAudit(
    tx,
    ctx,
    items.map((item, i) => ({
      workspaceId,
      ...purgeEvent(item),
      details: {
        reason: how.reason,
        receiptId: rows[i]!.id,
        images: item.type === "IMAGES" ? item.sourceImages : item.images,
        ...(how.note === null ? {} : { note: how.note }),
      },
    })),
  );
  return ids;
}
