-- What was frozen before lives for half an hour, and lacks what is kept of an item from now on.
DELETE FROM "trash_selections";

-- CreateEnum
CREATE TYPE "TrashItemOutcome" AS ENUM ('DONE', 'LEFT');

-- CreateEnum
CREATE TYPE "TrashAct" AS ENUM ('RESTORE', 'PURGE');

-- CreateEnum
CREATE TYPE "TrashJobEnd" AS ENUM ('FINISHED', 'CANCELLED', 'REFUSED');

-- AlterTable
ALTER TABLE "trash_selection_items" ADD COLUMN     "name" TEXT NOT NULL,
ADD COLUMN     "project_id" TEXT NOT NULL,
ADD COLUMN     "project_name" TEXT NOT NULL,
ADD COLUMN     "version_id" TEXT,
ADD COLUMN     "version_number" INTEGER,
ADD COLUMN     "training_number" INTEGER,
ADD COLUMN     "held" JSONB,
ADD COLUMN     "outcome" "TrashItemOutcome",
ADD COLUMN     "problem" JSONB;

-- CreateTable
CREATE TABLE "trash_jobs" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "selection_id" TEXT NOT NULL,
    "act" "TrashAct" NOT NULL,
    "user_id" TEXT NOT NULL,
    "user_name" TEXT NOT NULL,
    "note" TEXT,
    "items" INTEGER NOT NULL,
    "done" INTEGER NOT NULL DEFAULT 0,
    "left" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "cancel_asked_at" TIMESTAMPTZ(3),
    "cancelled_by_name" TEXT,
    "ended_at" TIMESTAMPTZ(3),
    "end" "TrashJobEnd",
    "problem" JSONB,
    "lease_id" TEXT,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "trash_jobs_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "trash_jobs_selection_id_key" ON "trash_jobs"("selection_id");

-- CreateIndex
CREATE INDEX "trash_jobs_workspace_id_created_at_id_idx" ON "trash_jobs"("workspace_id", "created_at" DESC, "id" DESC);

-- AddForeignKey
ALTER TABLE "trash_jobs" ADD CONSTRAINT "trash_jobs_selection_id_fkey" FOREIGN KEY ("selection_id") REFERENCES "trash_selections"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What is under way, oldest first; and what a job left, for its page.
CREATE INDEX "trash_jobs_open_idx" ON "trash_jobs"("created_at", "id") WHERE "ended_at" IS NULL;
CREATE INDEX "trash_selection_items_left_idx" ON "trash_selection_items"("selection_id", "item_type", "deleted_at", "item_id") WHERE "outcome" = 'LEFT';

-- What must never be.
ALTER TABLE "trash_jobs" ADD CONSTRAINT "trash_jobs_ended_with_an_end" CHECK (("ended_at" IS NULL) = ("end" IS NULL));
ALTER TABLE "trash_jobs" ADD CONSTRAINT "trash_jobs_counts" CHECK ("done" >= 0 AND "left" >= 0 AND "done" + "left" <= "items");
