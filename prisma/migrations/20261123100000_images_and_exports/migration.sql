/*
  Warnings:

  - You are about to drop the column `exports` on the `versions` table. All the data in the column will be lost.

*/
-- CreateEnum
CREATE TYPE "ExportFormat" AS ENUM ('FOLDER', 'COCO', 'YOLOV8', 'VOC');

-- CreateEnum
CREATE TYPE "ExportStatus" AS ENUM ('QUEUED', 'RUNNING', 'READY', 'FAILED');

-- AlterTable
ALTER TABLE "images" ADD COLUMN     "boxes" JSONB NOT NULL DEFAULT '[]';

-- AlterTable
ALTER TABLE "versions" DROP COLUMN "exports",
ADD COLUMN     "failure_detail" TEXT,
ADD COLUMN     "generator_attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "generator_lease_id" TEXT,
ADD COLUMN     "generator_until" TIMESTAMPTZ(3),
ADD COLUMN     "split_percents" JSONB NOT NULL DEFAULT '{}';

-- CreateTable
CREATE TABLE "generation_sources" (
    "version_id" TEXT NOT NULL,
    "image_id" TEXT NOT NULL,
    "split" "Split" NOT NULL,
    "label" TEXT,
    "boxes" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "generation_sources_pkey" PRIMARY KEY ("version_id","image_id")
);

-- CreateTable
CREATE TABLE "exports" (
    "id" TEXT NOT NULL,
    "version_id" TEXT NOT NULL,
    "format" "ExportFormat" NOT NULL,
    "status" "ExportStatus" NOT NULL DEFAULT 'QUEUED',
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "failure_reason" TEXT,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "lease_id" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "exports_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "exports_version_id_format_key" ON "exports"("version_id", "format");

-- CreateIndex
CREATE INDEX "images_project_id_id_idx" ON "images"("project_id", "id");

-- AddForeignKey
ALTER TABLE "generation_sources" ADD CONSTRAINT "generation_sources_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "exports" ADD CONSTRAINT "exports_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What must never be.
ALTER TABLE "versions"
  ADD CONSTRAINT "versions_generator_leased" CHECK (("generator_lease_id" IS NULL) = ("generator_until" IS NULL) AND ("generator_lease_id" IS NULL OR "status" = 'GENERATING')),
  ADD CONSTRAINT "versions_generator_attempts_not_negative" CHECK ("generator_attempts" >= 0);

ALTER TABLE "exports"
  ADD CONSTRAINT "exports_running_leased" CHECK (("status" = 'RUNNING') = ("lease_id" IS NOT NULL) AND ("status" = 'RUNNING') = ("lease_until" IS NOT NULL)),
  ADD CONSTRAINT "exports_progress_share" CHECK ("progress" >= 0 AND "progress" <= 1),
  ADD CONSTRAINT "exports_ended_when_over" CHECK (("status" IN ('QUEUED', 'RUNNING')) = ("ended_at" IS NULL)),
  ADD CONSTRAINT "exports_measures_not_negative" CHECK ("size_bytes" >= 0 AND "attempts" >= 0);

-- What a worker looks for.
CREATE INDEX "versions_generating" ON "versions" ("created_at", "id") WHERE "status" = 'GENERATING';
CREATE INDEX "exports_pending" ON "exports" ("created_at", "id") WHERE "status" IN ('QUEUED', 'RUNNING');
