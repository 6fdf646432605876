-- Each filter of the audit log reads its events in their order, however many there are. NULLS LAST, though there are no nulls:
-- so an order that only these have can be asked for, and no plan walks the whole log in search of what is rare in it.
-- CreateIndex
CREATE INDEX "audit_events_workspace_id_actor_id_at_id_idx" ON "audit_events"("workspace_id", "actor_id", "at" DESC NULLS LAST, "id" DESC NULLS LAST);

-- CreateIndex
CREATE INDEX "audit_events_workspace_id_action_at_id_idx" ON "audit_events"("workspace_id", "action", "at" DESC NULLS LAST, "id" DESC NULLS LAST);

-- CreateIndex
CREATE INDEX "audit_events_workspace_id_target_id_at_id_idx" ON "audit_events"("workspace_id", "target_id", "at" DESC NULLS LAST, "id" DESC NULLS LAST);

-- CreateTable
CREATE TABLE "audit_batches" (
    "actor_id" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "audit_batches_pkey" PRIMARY KEY ("actor_id","action","target_id")
);

-- A project's slug is looked up among the receipts of projects, not of all that was purged in it.
-- DropIndex
DROP INDEX "purge_receipts_workspace_id_project_slug_idx";

-- CreateIndex
CREATE INDEX "purge_receipts_workspace_id_project_slug_item_type_idx" ON "purge_receipts"("workspace_id", "project_slug", "item_type");

-- AlterTable
ALTER TABLE "model_slugs" ADD COLUMN     "model_id" TEXT,
ADD COLUMN     "project_id" TEXT,
ADD COLUMN     "training_id" TEXT,
ADD COLUMN     "version_id" TEXT;

UPDATE "model_slugs" s SET "model_id" = m.id, "training_id" = m.training_id, "version_id" = m.version_id, "project_id" = v.project_id
FROM "models" m JOIN "versions" v ON v.id = m.version_id WHERE m.workspace_id = s.workspace_id AND m.slug = s.slug;
