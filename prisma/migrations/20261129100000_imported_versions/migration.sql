-- Versions that were made elsewhere and are brought in as they are.
ALTER TYPE "TaskKind" ADD VALUE 'VERSION_IMPORT';

-- AlterTable
ALTER TABLE "tasks" ADD COLUMN "version_id" TEXT;

-- AlterTable
ALTER TABLE "versions" ADD COLUMN "origin" JSONB;

-- What must never be.
ALTER TABLE "versions" ADD CONSTRAINT "versions_origin_tells" CHECK (jsonb_typeof("origin") = 'object');
ALTER TABLE "tasks" ADD CONSTRAINT "tasks_version_of_a_project" CHECK ("version_id" IS NULL OR "project_id" IS NOT NULL);
