-- CreateEnum
CREATE TYPE "RunBy" AS ENUM ('CRON', 'WORKER', 'ADMIN');

-- CreateEnum
CREATE TYPE "PurgeMode" AS ENUM ('ON', 'REPORT');

-- CreateTable
CREATE TABLE "scheduled_runs" (
    "id" TEXT NOT NULL,
    "started_by" "RunBy" NOT NULL,
    "mode" "PurgeMode" NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "purged" INTEGER NOT NULL DEFAULT 0,
    "skipped" INTEGER NOT NULL DEFAULT 0,
    "failed" INTEGER NOT NULL DEFAULT 0,
    "remaining" INTEGER NOT NULL DEFAULT 0,
    "due" INTEGER NOT NULL DEFAULT 0,
    "verified" INTEGER,
    "postponed" INTEGER,
    "reason" TEXT,
    "detail" TEXT,

    CONSTRAINT "scheduled_runs_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "scheduled_run_workspaces" (
    "run_id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "purged" INTEGER NOT NULL,
    "skipped" INTEGER NOT NULL,
    "failed" INTEGER NOT NULL,
    "due" INTEGER NOT NULL,
    "failures" JSONB NOT NULL DEFAULT '[]',

    CONSTRAINT "scheduled_run_workspaces_pkey" PRIMARY KEY ("workspace_id","run_id")
);

-- CreateIndex
CREATE INDEX "scheduled_runs_started_at_idx" ON "scheduled_runs"("started_at");

-- CreateIndex
CREATE INDEX "scheduled_runs_started_by_started_at_idx" ON "scheduled_runs"("started_by", "started_at" DESC);

-- CreateIndex
CREATE INDEX "scheduled_run_workspaces_run_id_idx" ON "scheduled_run_workspaces"("run_id");

-- AddForeignKey
ALTER TABLE "scheduled_run_workspaces" ADD CONSTRAINT "scheduled_run_workspaces_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "scheduled_runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What must never be.
ALTER TABLE "scheduled_runs" ADD CONSTRAINT "scheduled_runs_counts_not_negative" CHECK ("purged" >= 0 AND "skipped" >= 0 AND "failed" >= 0 AND "remaining" >= 0 AND "due" >= 0 AND "verified" >= 0 AND "postponed" >= 0);
ALTER TABLE "scheduled_run_workspaces" ADD CONSTRAINT "scheduled_run_workspaces_counts_not_negative" CHECK ("purged" >= 0 AND "skipped" >= 0 AND "failed" >= 0 AND "due" >= 0);
