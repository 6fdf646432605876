-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "Role" AS ENUM ('OWNER', 'EDITOR', 'VIEWER');

-- CreateEnum
CREATE TYPE "ProjectType" AS ENUM ('OBJECT_DETECTION', 'CLASSIFICATION', 'INSTANCE_SEGMENTATION', 'SEMANTIC_SEGMENTATION', 'KEYPOINT_DETECTION', 'TEXT_IMAGE_PAIRS');

-- CreateEnum
CREATE TYPE "Split" AS ENUM ('TRAIN', 'VALID', 'TEST');

-- CreateEnum
CREATE TYPE "VersionStatus" AS ENUM ('GENERATING', 'READY', 'FAILED');

-- CreateEnum
CREATE TYPE "TrainingStatus" AS ENUM ('QUEUED', 'RUNNING', 'FINISHED', 'FAILED', 'CANCELLED', 'STOPPED');

-- CreateEnum
CREATE TYPE "ActorType" AS ENUM ('USER', 'API_KEY', 'SYSTEM');

-- CreateEnum
CREATE TYPE "ItemType" AS ENUM ('PROJECT', 'VERSION', 'TRAINING');

-- CreateEnum
CREATE TYPE "PurgeReason" AS ENUM ('EXPIRED', 'BY_HAND', 'WITH_PARENT');

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "password_hash" TEXT,
    "session_version" INTEGER NOT NULL DEFAULT 1,
    "locale" TEXT,
    "invite_hash" TEXT,
    "invite_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "workspaces" (
    "id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "image_quota" INTEGER NOT NULL DEFAULT 100000,
    "used_images" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "workspaces_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "memberships" (
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "role" "Role" NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "memberships_pkey" PRIMARY KEY ("workspace_id","user_id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "projects" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "type" "ProjectType" NOT NULL,
    "annotation" TEXT NOT NULL,
    "next_version_number" INTEGER NOT NULL DEFAULT 1,
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by_id" TEXT,
    "purge_after" TIMESTAMPTZ(3),
    "purge_started_at" TIMESTAMPTZ(3),

    CONSTRAINT "projects_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "images" (
    "id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "file_name" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "content_type" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,
    "width" INTEGER NOT NULL,
    "height" INTEGER NOT NULL,
    "split" "Split" NOT NULL,
    "label" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "images_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "versions" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "status" "VersionStatus" NOT NULL DEFAULT 'GENERATING',
    "failure_reason" TEXT,
    "progress" DOUBLE PRECISION NOT NULL DEFAULT 0,
    "seed" INTEGER NOT NULL,
    "preprocessing" JSONB NOT NULL,
    "augmentation" JSONB NOT NULL,
    "train_images" INTEGER NOT NULL DEFAULT 0,
    "valid_images" INTEGER NOT NULL DEFAULT 0,
    "test_images" INTEGER NOT NULL DEFAULT 0,
    "classes" JSONB NOT NULL DEFAULT '{}',
    "counted_images" INTEGER NOT NULL,
    "manifest_hash" TEXT,
    "files" INTEGER NOT NULL DEFAULT 0,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "exports" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "next_training_number" INTEGER NOT NULL DEFAULT 1,
    "writers_until" TIMESTAMPTZ(3),
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by_id" TEXT,
    "purge_after" TIMESTAMPTZ(3),

    CONSTRAINT "versions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trainings" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "version_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "status" "TrainingStatus" NOT NULL DEFAULT 'QUEUED',
    "status_reason" TEXT,
    "model_type" TEXT NOT NULL,
    "epochs" INTEGER NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 0,
    "lease_id" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "created_by_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by_id" TEXT,
    "purge_after" TIMESTAMPTZ(3),

    CONSTRAINT "trainings_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "models" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "version_id" TEXT NOT NULL,
    "training_id" TEXT NOT NULL,
    "slug" TEXT NOT NULL,
    "model_type" TEXT NOT NULL,
    "metrics" JSONB NOT NULL DEFAULT '{}',
    "files" INTEGER NOT NULL DEFAULT 0,
    "size_bytes" BIGINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "models_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "audit_events" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "actor_type" "ActorType" NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "user_id" TEXT,
    "action" TEXT NOT NULL,
    "target_type" TEXT NOT NULL,
    "target_id" TEXT NOT NULL,
    "target_name" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',
    "request_id" TEXT NOT NULL,

    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "purge_receipts" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "parent_receipt_id" TEXT,
    "item_type" "ItemType" NOT NULL,
    "item_id" TEXT NOT NULL,
    "item_name" TEXT NOT NULL,
    "project_id" TEXT NOT NULL,
    "project_slug" TEXT NOT NULL,
    "version_number" INTEGER,
    "training_number" INTEGER,
    "reason" "PurgeReason" NOT NULL,
    "purged_at" TIMESTAMPTZ(3) NOT NULL,
    "actor_type" "ActorType" NOT NULL,
    "actor_id" TEXT NOT NULL,
    "actor_name" TEXT NOT NULL,
    "deleted_at" TIMESTAMPTZ(3),
    "deleted_by_id" TEXT,
    "purge_after" TIMESTAMPTZ(3),
    "versions" INTEGER NOT NULL DEFAULT 0,
    "images" INTEGER NOT NULL DEFAULT 0,
    "source_images" INTEGER NOT NULL DEFAULT 0,
    "trainings" INTEGER NOT NULL DEFAULT 0,
    "models" INTEGER NOT NULL DEFAULT 0,
    "prefixes" TEXT[],
    "expected_files" INTEGER NOT NULL DEFAULT 0,
    "expected_bytes" BIGINT NOT NULL DEFAULT 0,
    "rows_removed_at" TIMESTAMPTZ(3),
    "writers_until" TIMESTAMPTZ(3),
    "removed_files" INTEGER NOT NULL DEFAULT 0,
    "removed_bytes" BIGINT NOT NULL DEFAULT 0,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "last_error" TEXT,
    "verified_at" TIMESTAMPTZ(3),

    CONSTRAINT "purge_receipts_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "users_email_key" ON "users"("email");

-- CreateIndex
CREATE UNIQUE INDEX "users_invite_hash_key" ON "users"("invite_hash");

-- CreateIndex
CREATE UNIQUE INDEX "workspaces_slug_key" ON "workspaces"("slug");

-- CreateIndex
CREATE INDEX "memberships_user_id_idx" ON "memberships"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_workspace_id_idx" ON "api_keys"("workspace_id");

-- CreateIndex
CREATE INDEX "api_keys_user_id_idx" ON "api_keys"("user_id");

-- CreateIndex
CREATE UNIQUE INDEX "projects_workspace_id_slug_key" ON "projects"("workspace_id", "slug");

-- CreateIndex
CREATE UNIQUE INDEX "images_project_id_sha256_key" ON "images"("project_id", "sha256");

-- CreateIndex
CREATE UNIQUE INDEX "versions_project_id_number_key" ON "versions"("project_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "trainings_version_id_number_key" ON "trainings"("version_id", "number");

-- CreateIndex
CREATE UNIQUE INDEX "models_training_id_key" ON "models"("training_id");

-- CreateIndex
CREATE INDEX "models_version_id_idx" ON "models"("version_id");

-- CreateIndex
CREATE UNIQUE INDEX "models_workspace_id_slug_key" ON "models"("workspace_id", "slug");

-- CreateIndex
CREATE INDEX "audit_events_workspace_id_at_id_idx" ON "audit_events"("workspace_id", "at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "purge_receipts_workspace_id_purged_at_id_idx" ON "purge_receipts"("workspace_id", "purged_at" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "purge_receipts_parent_receipt_id_idx" ON "purge_receipts"("parent_receipt_id");

-- CreateIndex
CREATE INDEX "purge_receipts_project_id_version_number_idx" ON "purge_receipts"("project_id", "version_number");

-- CreateIndex
CREATE INDEX "purge_receipts_workspace_id_project_slug_idx" ON "purge_receipts"("workspace_id", "project_slug");

-- CreateIndex
CREATE UNIQUE INDEX "purge_receipts_item_type_item_id_key" ON "purge_receipts"("item_type", "item_id");

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "memberships" ADD CONSTRAINT "memberships_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "projects" ADD CONSTRAINT "projects_workspace_id_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "images" ADD CONSTRAINT "images_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "versions" ADD CONSTRAINT "versions_project_id_fkey" FOREIGN KEY ("project_id") REFERENCES "projects"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trainings" ADD CONSTRAINT "trainings_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "models" ADD CONSTRAINT "models_training_id_fkey" FOREIGN KEY ("training_id") REFERENCES "trainings"("id") ON DELETE RESTRICT ON UPDATE CASCADE;



-- What must never be.
ALTER TABLE "workspaces"
  ADD CONSTRAINT "workspaces_slug_form" CHECK ("slug" ~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' AND "slug" ~ '[a-z]'),
  ADD CONSTRAINT "workspaces_image_quota_not_negative" CHECK ("image_quota" >= 0),
  ADD CONSTRAINT "workspaces_used_images_not_negative" CHECK ("used_images" >= 0);

ALTER TABLE "users"
  ADD CONSTRAINT "users_email_lower_case" CHECK ("email" = lower("email")),
  ADD CONSTRAINT "users_locale_known" CHECK ("locale" IN ('en', 'ja')),
  ADD CONSTRAINT "users_invite_whole" CHECK (("invite_hash" IS NULL) = ("invite_until" IS NULL));

ALTER TABLE "projects"
  ADD CONSTRAINT "projects_slug_form" CHECK ("slug" ~ '^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$' AND "slug" ~ '[a-z]'),
  ADD CONSTRAINT "projects_next_version_number_positive" CHECK ("next_version_number" >= 1),
  ADD CONSTRAINT "projects_trash_whole" CHECK (("deleted_at" IS NULL) = ("purge_after" IS NULL) AND ("deleted_at" IS NULL) = ("deleted_by_id" IS NULL)),
  ADD CONSTRAINT "projects_purge_after_deleted" CHECK ("purge_after" > "deleted_at"),
  ADD CONSTRAINT "projects_claimed_in_trash" CHECK ("purge_started_at" IS NULL OR "deleted_at" IS NOT NULL);

ALTER TABLE "images"
  ADD CONSTRAINT "images_measures_positive" CHECK ("size_bytes" > 0 AND "width" > 0 AND "height" > 0);

ALTER TABLE "versions"
  ADD CONSTRAINT "versions_numbers_positive" CHECK ("number" >= 1 AND "next_training_number" >= 1),
  ADD CONSTRAINT "versions_counts_not_negative" CHECK ("train_images" >= 0 AND "valid_images" >= 0 AND "test_images" >= 0 AND "counted_images" >= 0 AND "files" >= 0 AND "size_bytes" >= 0),
  ADD CONSTRAINT "versions_progress_share" CHECK ("progress" >= 0 AND "progress" <= 1),
  ADD CONSTRAINT "versions_ready_whole" CHECK ("status" <> 'READY' OR ("manifest_hash" IS NOT NULL AND "progress" = 1 AND "counted_images" = "train_images" + "valid_images" + "test_images")),
  ADD CONSTRAINT "versions_failed_counts_nothing" CHECK ("status" <> 'FAILED' OR "counted_images" = 0),
  ADD CONSTRAINT "versions_trash_whole" CHECK (("deleted_at" IS NULL) = ("purge_after" IS NULL) AND ("deleted_at" IS NULL) = ("deleted_by_id" IS NULL)),
  ADD CONSTRAINT "versions_purge_after_deleted" CHECK ("purge_after" > "deleted_at"),
  ADD CONSTRAINT "versions_generating_not_in_trash" CHECK ("status" <> 'GENERATING' OR "deleted_at" IS NULL);

ALTER TABLE "trainings"
  ADD CONSTRAINT "trainings_numbers_positive" CHECK ("number" >= 1 AND "epochs" >= 1 AND "epoch" >= 0),
  ADD CONSTRAINT "trainings_running_leased" CHECK (("status" = 'RUNNING') = ("lease_id" IS NOT NULL) AND ("status" = 'RUNNING') = ("lease_until" IS NOT NULL)),
  ADD CONSTRAINT "trainings_ended_when_over" CHECK (("status" IN ('QUEUED', 'RUNNING')) = ("ended_at" IS NULL)),
  ADD CONSTRAINT "trainings_trash_whole" CHECK (("deleted_at" IS NULL) = ("purge_after" IS NULL) AND ("deleted_at" IS NULL) = ("deleted_by_id" IS NULL)),
  ADD CONSTRAINT "trainings_purge_after_deleted" CHECK ("purge_after" > "deleted_at"),
  ADD CONSTRAINT "trainings_active_not_in_trash" CHECK ("ended_at" IS NOT NULL OR "deleted_at" IS NULL);

ALTER TABLE "models"
  ADD CONSTRAINT "models_measures_not_negative" CHECK ("files" >= 0 AND "size_bytes" >= 0);

ALTER TABLE "purge_receipts"
  ADD CONSTRAINT "purge_receipts_verified_after_rows" CHECK ("verified_at" IS NULL OR "rows_removed_at" IS NOT NULL),
  ADD CONSTRAINT "purge_receipts_counts_not_negative" CHECK ("versions" >= 0 AND "images" >= 0 AND "trainings" >= 0 AND "models" >= 0 AND "expected_files" >= 0 AND "expected_bytes" >= 0 AND "removed_files" >= 0 AND "removed_bytes" >= 0);

-- The Trash list: read in this order, never sorted.
CREATE INDEX "projects_trash" ON "projects" ("workspace_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "versions_trash" ON "versions" ("workspace_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "trainings_trash" ON "trainings" ("workspace_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;

-- The scheduled purge: oldest first.
CREATE INDEX "projects_expiry" ON "projects" ("purge_after", "id") WHERE "purge_after" IS NOT NULL;
CREATE INDEX "versions_expiry" ON "versions" ("purge_after", "id") WHERE "purge_after" IS NOT NULL;
CREATE INDEX "trainings_expiry" ON "trainings" ("purge_after", "id") WHERE "purge_after" IS NOT NULL;
CREATE INDEX "projects_claimed" ON "projects" ("purge_started_at", "id") WHERE "purge_started_at" IS NOT NULL;

-- What a trash cancels.
CREATE INDEX "trainings_active" ON "trainings" ("version_id", "id") WHERE "ended_at" IS NULL;

-- The files still to be removed and read back.
CREATE INDEX "purge_receipts_unverified" ON "purge_receipts" ("next_attempt_at" NULLS FIRST, "id") WHERE "verified_at" IS NULL AND "rows_removed_at" IS NOT NULL;
