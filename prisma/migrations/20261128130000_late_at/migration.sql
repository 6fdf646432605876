-- When the last late file of a receipt was found.
ALTER TABLE "purge_receipts" ADD COLUMN     "late_at" TIMESTAMPTZ(3);

UPDATE "purge_receipts" SET "late_at" = COALESCE("looked_again_at", "verified_at", now()) WHERE "late_files" > 0;
ALTER TABLE "purge_receipts" ADD CONSTRAINT "purge_receipts_late_with_its_date" CHECK (("late_files" > 0) = ("late_at" IS NOT NULL));
