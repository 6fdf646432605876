-- CreateEnum
CREATE TYPE "ReceiptEntryKind" AS ENUM ('BEFORE', 'PURGED', 'VERIFIED', 'LATE', 'RESTORED');

-- AlterTable
ALTER TABLE "purge_receipts" ADD COLUMN     "deleted_note" TEXT,
ADD COLUMN     "note" TEXT;

-- CreateTable
CREATE TABLE "receipt_entries" (
    "workspace_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "kind" "ReceiptEntryKind" NOT NULL,
    "text" TEXT NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,

    CONSTRAINT "receipt_entries_pkey" PRIMARY KEY ("workspace_id","number")
);

-- CreateTable
CREATE TABLE "receipt_entry_items" (
    "receipt_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,

    CONSTRAINT "receipt_entry_items_pkey" PRIMARY KEY ("receipt_id","number")
);

-- CreateTable
CREATE TABLE "receipt_heads" (
    "workspace_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "previous_hash" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "logged_number" INTEGER NOT NULL DEFAULT -1,

    CONSTRAINT "receipt_heads_pkey" PRIMARY KEY ("workspace_id")
);

-- CreateIndex
CREATE INDEX "purge_receipts_workspace_id_item_type_purged_at_id_idx" ON "purge_receipts"("workspace_id", "item_type", "purged_at" DESC, "id" DESC);


-- Receipts whose files are not proved gone yet, newest first.
CREATE INDEX "purge_receipts_waiting" ON "purge_receipts" ("workspace_id", "purged_at" DESC, "id" DESC) WHERE "verified_at" IS NULL;

-- Receipts of before: entries from 0 on, at most 500 of them in each, in the order of their ids.
DO $$
DECLARE
  batch record;
  holder text;
  previous text;
  own text;
BEGIN
  FOR batch IN
    SELECT workspace_id, number, array_agg(id) AS ids,
      json_build_object('kind', 'BEFORE', 'workspace', workspace_id, 'receipts', json_agg(facts ORDER BY id))::text AS said
    FROM (
      SELECT r.id, r.workspace_id, ((row_number() OVER (PARTITION BY r.workspace_id ORDER BY r.id) - 1) / 500)::int AS number,
        json_build_object(
          'id', r.id, 'parentReceiptId', r.parent_receipt_id, 'itemType', r.item_type, 'itemId', r.item_id, 'itemName', r.item_name,
          'projectId', r.project_id, 'projectSlug', r.project_slug, 'versionNumber', r.version_number, 'trainingNumber', r.training_number,
          'reason', r.reason, 'note', r.note, 'purgedAt', to_char(r.purged_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'actorType', r.actor_type, 'actorId', r.actor_id, 'actorName', r.actor_name,
          'deletedAt', to_char(r.deleted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'deletedById', r.deleted_by_id,
          'deletedNote', r.deleted_note, 'purgeAfter', to_char(r.purge_after AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'prefixes', array_to_string(r.prefixes, ' '),
          'versions', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.versions END,
          'images', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.images END,
          'sourceImages', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.source_images END,
          'trainings', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.trainings END,
          'models', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.models END,
          'expectedFiles', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.expected_files END,
          'expectedBytes', CASE WHEN r.rows_removed_at IS NOT NULL THEN r.expected_bytes END,
          'removedFiles', CASE WHEN r.verified_at IS NOT NULL THEN r.removed_files END,
          'removedBytes', CASE WHEN r.verified_at IS NOT NULL THEN r.removed_bytes END,
          'verifiedAt', to_char(r.verified_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
          'lateFiles', r.late_files, 'lateBytes', r.late_bytes,
          'lateAt', to_char(r.late_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS facts
      FROM "purge_receipts" r
    ) numbered
    GROUP BY workspace_id, number ORDER BY workspace_id, number
  LOOP
    IF batch.workspace_id IS DISTINCT FROM holder THEN
      holder := batch.workspace_id;
      own := repeat('0', 64);
    END IF;
    previous := own;
    own := encode(sha256(convert_to(previous || E'\n' || batch.number || E'\n' || batch.said, 'UTF8')), 'hex');
    INSERT INTO "receipt_entries" ("workspace_id", "number", "kind", "text", "previous_hash", "hash")
      VALUES (holder, batch.number, 'BEFORE', batch.said, previous, own);
    INSERT INTO "receipt_entry_items" ("receipt_id", "number") SELECT unnest(batch.ids), batch.number;
    INSERT INTO "receipt_heads" ("workspace_id", "number", "previous_hash", "hash") VALUES (holder, batch.number, previous, own)
      ON CONFLICT ("workspace_id") DO UPDATE SET "number" = excluded."number", "previous_hash" = excluded."previous_hash", "hash" = excluded."hash";
  END LOOP;
END $$;
