-- CreateEnum
CREATE TYPE "TrainerKind" AS ENUM ('EMBEDDED', 'EXTERNAL');

-- AlterTable
ALTER TABLE "trainings" ADD COLUMN     "attempts" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "curve" JSONB NOT NULL DEFAULT '[]',
ADD COLUMN     "stop_asked_at" TIMESTAMPTZ(3),
ADD COLUMN     "trainer" "TrainerKind" NOT NULL DEFAULT 'EMBEDDED';

-- Nobody has run any so far: what is queued was meant for a trainer elsewhere.
UPDATE "trainings" SET "trainer" = 'EXTERNAL';

-- AlterTable
ALTER TABLE "versions" ADD COLUMN     "default_model_id" TEXT;

-- CreateTable
CREATE TABLE "model_calls" (
    "model_id" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "calls" INTEGER NOT NULL,

    CONSTRAINT "model_calls_pkey" PRIMARY KEY ("model_id","day")
);

-- CreateTable
CREATE TABLE "model_slugs" (
    "workspace_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,

    CONSTRAINT "model_slugs_pkey" PRIMARY KEY ("workspace_id","slug")
);

-- AddForeignKey
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models"("id") ON DELETE RESTRICT ON UPDATE CASCADE;


-- What must never be.
ALTER TABLE "trainings" ADD CONSTRAINT "trainings_attempts_not_negative" CHECK ("attempts" >= 0);
ALTER TABLE "model_calls" ADD CONSTRAINT "model_calls_positive" CHECK ("calls" > 0);

-- What a worker looks for.
CREATE INDEX "trainings_pending" ON "trainings" ("created_at", "id") WHERE "ended_at" IS NULL;
