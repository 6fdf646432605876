-- CreateEnum
CREATE TYPE "TaskKind" AS ENUM ('IMAGE_METADATA', 'ZIP_UPLOAD');

-- CreateEnum
CREATE TYPE "TaskStatus" AS ENUM ('WAITING', 'QUEUED', 'RUNNING', 'COMPLETED', 'FAILED');

-- CreateTable
CREATE TABLE "tasks" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "project_id" TEXT,
    "kind" "TaskKind" NOT NULL,
    "status" "TaskStatus" NOT NULL,
    "input" JSONB NOT NULL DEFAULT '{}',
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER,
    "result" JSONB,
    "problem" TEXT,
    "file_id" TEXT,
    "file_bytes" BIGINT,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "lease_id" TEXT,
    "lease_until" TIMESTAMPTZ(3),

    CONSTRAINT "tasks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "tasks_workspace_id_idx" ON "tasks"("workspace_id");

-- CreateIndex
CREATE INDEX "tasks_project_id_idx" ON "tasks"("project_id");

-- What is to be worked off, oldest first; and what is old enough to be forgotten.
CREATE INDEX "tasks_open" ON "tasks" ("created_at", "id") WHERE "status" IN ('QUEUED', 'RUNNING');
CREATE INDEX "tasks_with_file" ON "tasks" ("project_id") WHERE "file_id" IS NOT NULL;
CREATE INDEX "tasks_created_at_idx" ON "tasks" ("created_at");

-- What must never be.
ALTER TABLE "tasks"
  ADD CONSTRAINT "tasks_ended_when_over" CHECK (("ended_at" IS NOT NULL) = ("status" IN ('COMPLETED', 'FAILED'))),
  ADD CONSTRAINT "tasks_failed_with_a_problem" CHECK (("problem" IS NOT NULL) = ("status" = 'FAILED')),
  ADD CONSTRAINT "tasks_leased_while_running" CHECK (("status" = 'RUNNING') = ("lease_id" IS NOT NULL) AND ("lease_id" IS NULL) = ("lease_until" IS NULL)),
  ADD CONSTRAINT "tasks_counts" CHECK ("done" >= 0 AND "total" >= "done"),
  ADD CONSTRAINT "tasks_file_of_a_project" CHECK (("file_id" IS NULL) = ("file_bytes" IS NULL) AND "file_bytes" >= 0 AND ("file_id" IS NULL OR "project_id" IS NOT NULL));
