-- AlterEnum
ALTER TYPE "ItemType" ADD VALUE 'IMAGES';

-- CreateTable
CREATE TABLE "image_removals" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "images" INTEGER NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by_id" TEXT,
    "deleted_key_id" TEXT,
    "deleted_note" TEXT,
    "trashed_bytes" BIGINT,
    "purge_after" TIMESTAMPTZ(3),

    CONSTRAINT "image_removals_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "purged_images" (
    "image_id" TEXT NOT NULL,
    "receipt_id" TEXT NOT NULL,

    CONSTRAINT "purged_images_pkey" PRIMARY KEY ("image_id")
);

-- AlterTable
ALTER TABLE "images" ADD COLUMN     "removal_id" TEXT;

-- CreateIndex
CREATE INDEX "image_removals_project_id_idx" ON "image_removals"("project_id");

-- CreateIndex
CREATE INDEX "purged_images_receipt_id_idx" ON "purged_images"("receipt_id");

-- AddForeignKey
ALTER TABLE "image_removals" ADD CONSTRAINT "image_removals_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "images" ADD CONSTRAINT "images_removal_id_fkey" FOREIGN KEY ("removal_id") REFERENCES "image_removals"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What is listed of a project is live: its index has nothing else, and so is read without the rows.
DROP INDEX "images_project_id_id_idx";
CREATE INDEX "images_live" ON "images" ("project_id", "id") WHERE "removal_id" IS NULL;
CREATE INDEX "images_removed" ON "images" ("removal_id", "id") WHERE "removal_id" IS NOT NULL;

-- What must never be.
ALTER TABLE "image_removals"
  ADD CONSTRAINT "image_removals_in_trash_while_it_holds" CHECK ("images" >= 0 AND ("deleted_at" IS NULL) = ("images" = 0)),
  ADD CONSTRAINT "image_removals_trash_whole" CHECK (("deleted_at" IS NULL) = ("purge_after" IS NULL) AND ("deleted_at" IS NULL) = ("deleted_by_id" IS NULL)),
  ADD CONSTRAINT "image_removals_purge_after_deleted" CHECK ("purge_after" > "deleted_at"),
  ADD CONSTRAINT "image_removals_told_of_trash_alone" CHECK ("deleted_at" IS NOT NULL OR ("deleted_key_id" IS NULL AND "deleted_note" IS NULL AND "trashed_bytes" IS NULL)),
  ADD CONSTRAINT "image_removals_trashed_bytes_not_negative" CHECK ("trashed_bytes" >= 0);

-- The Trash list in each of its orders and by each of its filters, and the scheduled purge, as for the other types.
CREATE INDEX "image_removals_trash" ON "image_removals" ("workspace_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "image_removals_expiry" ON "image_removals" ("purge_after", "id") WHERE "purge_after" IS NOT NULL;
CREATE INDEX "image_removals_trash_largest" ON "image_removals" ("workspace_id", COALESCE("trashed_bytes", 0) DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "image_removals_trash_soonest" ON "image_removals" ("workspace_id", "purge_after", "id") WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "image_removals_trash_of_deleter" ON "image_removals" ("workspace_id", "deleted_by_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "image_removals_trash_of_project" ON "image_removals" ("project_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;

-- How many images such an item held when it was seen, for its name in any language.
ALTER TABLE "trash_selection_items" ADD COLUMN     "images" INTEGER;
