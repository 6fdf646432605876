-- AlterEnum
ALTER TYPE "ExportFormat" ADD VALUE 'MT_YOLOV6';
ALTER TYPE "ExportFormat" ADD VALUE 'CREATEML';
ALTER TYPE "ExportFormat" ADD VALUE 'DARKNET';
ALTER TYPE "ExportFormat" ADD VALUE 'TENSORFLOW';
ALTER TYPE "ExportFormat" ADD VALUE 'MULTICLASS';

-- AlterTable
ALTER TABLE "projects" ADD COLUMN "seed" INTEGER NOT NULL DEFAULT 0;

-- A project whose images were dealt before goes on as in the newest version that did.
UPDATE "projects" p SET "seed" = v."seed"
FROM (SELECT DISTINCT ON ("project_id") "project_id", "seed" FROM "versions" WHERE "split_percents" <> '{}' ORDER BY "project_id", "number" DESC) v
WHERE v."project_id" = p."id";

-- What must never be.
ALTER TABLE "projects" ADD CONSTRAINT "projects_seed_range" CHECK ("seed" >= 0);
