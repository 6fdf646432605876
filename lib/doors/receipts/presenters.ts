import type { z } from "zod";
import type { Receipt, ReceiptEntry, ReceiptHead, ReceiptPage } from "@/lib/domain/trash";
import type * as schemas from "./schemas";

type ReceiptAnswer = z.input<typeof schemas.receipt>;

const at = (instant: Date | null): string | null => instant?.toISOString() ?? null;
const lower = <Word extends string>(word: Word) => word.toLowerCase() as Lowercase<Word>;

export function presentReceipt(receipt: Receipt): ReceiptAnswer {
  const { verifiedAt } = receipt;
  return {
    id: receipt.id,
    parentReceiptId: receipt.parentReceiptId,
    type: lower(receipt.itemType),
    itemId: receipt.itemId,
    name: receipt.itemName,
    project: receipt.projectSlug,
    version: receipt.versionNumber,
    training: receipt.trainingNumber,
    reason: lower(receipt.reason),
    note: receipt.note,
    purgedAt: receipt.purgedAt.toISOString(),
    purgedBy: { type: lower(receipt.actorType), id: receipt.actorId, name: receipt.actorName },
    deletedAt: at(receipt.deletedAt),
    deletedBy: receipt.deletedById,
    deletedByName: receipt.deletedByName,
    deletedNote: receipt.deletedNote,
    scheduledCleanupAt: at(receipt.purgeAfter),
    lost: {
      versions: receipt.versions,
      images: receipt.images,
      sourceImages: receipt.sourceImages,
      trainings: receipt.trainings,
      models: receipt.models,
    },
    files: {
      expected: receipt.expectedFiles,
      expectedBytes: receipt.expectedBytes,
      removed: receipt.removedFiles,
      removedBytes: receipt.removedBytes,
      missing: receipt.missingFiles,
      late: receipt.lateFiles,
      lateBytes: receipt.lateBytes,
      lateAt: at(receipt.lateAt),
    },
    verified: verifiedAt !== null,
    verifiedAt: at(verifiedAt),
    lookedAgainAt: at(receipt.lookedAgainAt),
    waiting: verifiedAt === null ? { reason: receipt.lastError, nextAttemptAt: at(receipt.nextAttemptAt) } : null,
  };
}

export const presentReceipts = ({ receipts, older }: ReceiptPage): z.input<typeof schemas.receiptsAnswer> => ({
  receipts: receipts.map(presentReceipt),
  nextCursor: older,
});

export const presentReceiptInFull = (
  receipt: Receipt,
  { entries, head }: { entries: ReceiptEntry[]; head: ReceiptHead | null },
): z.input<typeof schemas.receiptAnswer> => ({
  ...presentReceipt(receipt),
  entries: entries.map(({ kind, ...entry }) => ({ ...entry, kind: lower(kind) })),
  head,
});
