-- CreateEnum
CREATE TYPE "Holder" AS ENUM ('GENERATION', 'EXPORT', 'THUMBNAILS', 'WEIGHTS', 'UPLOADS', 'STORE_UPLOADS');

-- CreateTable
CREATE TABLE "grants" (
    "id" TEXT NOT NULL,
    "holder" "Holder" NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "version_id" TEXT,
    "training_id" TEXT,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "grants_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "grants_project_id_idx" ON "grants"("project_id");

-- CreateIndex
CREATE INDEX "grants_version_id_idx" ON "grants"("version_id");

-- CreateIndex
CREATE INDEX "grants_training_id_idx" ON "grants"("training_id");

-- CreateTable
CREATE TABLE "generation_chunks" (
    "version_id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "attempt_id" TEXT NOT NULL,
    "entries" JSONB NOT NULL,
    "files" INTEGER NOT NULL,
    "size_bytes" BIGINT NOT NULL,

    CONSTRAINT "generation_chunks_pkey" PRIMARY KEY ("version_id","key")
);

-- AddForeignKey
ALTER TABLE "generation_chunks" ADD CONSTRAINT "generation_chunks_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AlterTable
ALTER TABLE "exports" ADD COLUMN     "attempt_id" TEXT;

-- AlterTable
ALTER TABLE "models" ADD COLUMN     "weights_id" TEXT;

-- AlterTable
ALTER TABLE "purge_receipts" ADD COLUMN     "counted_at" TIMESTAMPTZ(3),
ADD COLUMN     "emptied_at" TIMESTAMPTZ(3),
ADD COLUMN     "late_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "late_files" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "looked_again_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "trainings" ADD COLUMN     "weights_bytes" BIGINT NOT NULL DEFAULT 0,
ADD COLUMN     "weights_id" TEXT;

-- What must never be.
ALTER TABLE "grants" ADD CONSTRAINT "grants_training_of_a_version" CHECK ("training_id" IS NULL OR "version_id" IS NOT NULL);
ALTER TABLE "generation_chunks" ADD CONSTRAINT "generation_chunks_not_negative" CHECK ("files" >= 0 AND "size_bytes" >= 0);
ALTER TABLE "trainings" ADD CONSTRAINT "trainings_weights_counted_where_named" CHECK ("weights_bytes" >= 0 AND ("weights_id" IS NOT NULL OR "weights_bytes" = 0));
ALTER TABLE "purge_receipts"
  ADD CONSTRAINT "purge_receipts_late_not_negative" CHECK ("late_files" >= 0 AND "late_bytes" >= 0),
  ADD CONSTRAINT "purge_receipts_looked_again_after_verified" CHECK ("looked_again_at" IS NULL OR "verified_at" IS NOT NULL);

-- What a sweep looks for: weights of runs that ended without a model.
CREATE INDEX "trainings_left_weights" ON "trainings" ("id") WHERE "weights_id" IS NOT NULL AND "ended_at" IS NOT NULL;

-- What a second look looks for.
CREATE INDEX "purge_receipts_looked_at_once" ON "purge_receipts" ("verified_at", "id") WHERE "verified_at" IS NOT NULL AND "looked_again_at" IS NULL;

-- What processes of the builds before left that no row names: a grant that is over tells the sweep where to look.
INSERT INTO "grants" ("id", "holder", "workspace_id", "project_id", "version_id", "until")
SELECT gen_random_uuid()::text, 'GENERATION', v.workspace_id, v.project_id, v.id, now() FROM "versions" v
WHERE v.status <> 'READY' OR EXISTS (SELECT FROM "generation_sources" s WHERE s.version_id = v.id);
INSERT INTO "grants" ("id", "holder", "workspace_id", "project_id", "version_id", "training_id", "until")
SELECT gen_random_uuid()::text, 'WEIGHTS', t.workspace_id, v.project_id, v.id, t.id, now()
FROM "trainings" t JOIN "versions" v ON v.id = t.version_id
WHERE t.started_at IS NOT NULL AND NOT EXISTS (SELECT FROM "models" m WHERE m.training_id = t.id);
DELETE FROM "generation_sources" s USING "versions" v WHERE v.id = s.version_id AND v.status = 'READY';
