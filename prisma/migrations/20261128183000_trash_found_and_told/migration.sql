-- What an item in Trash tells of its deletion beside who and when, and what its place in the list by size is.
ALTER TABLE "projects" ADD COLUMN     "deleted_key_id" TEXT,
ADD COLUMN     "deleted_note" TEXT,
ADD COLUMN     "trashed_bytes" BIGINT;

ALTER TABLE "versions" ADD COLUMN     "deleted_key_id" TEXT,
ADD COLUMN     "deleted_note" TEXT,
ADD COLUMN     "trashed_bytes" BIGINT;

ALTER TABLE "trainings" ADD COLUMN     "deleted_key_id" TEXT,
ADD COLUMN     "deleted_note" TEXT,
ADD COLUMN     "trashed_bytes" BIGINT,
ADD COLUMN     "trashed_project_id" TEXT;

-- What is in Trash already: as lib/domain/trash/holdings.ts has it.
UPDATE "trainings" t SET
  "trashed_project_id" = (SELECT v."project_id" FROM "versions" v WHERE v."id" = t."version_id"),
  "trashed_bytes" = CASE WHEN t."weights_id" IS NULL THEN 0 ELSE t."weights_bytes" END
    + COALESCE((SELECT sum(m."size_bytes") FROM "models" m WHERE m."training_id" = t."id"), 0)
WHERE t."deleted_at" IS NOT NULL;

CREATE TEMPORARY TABLE "held" AS
SELECT v."id", v."project_id", v."deleted_at" IS NOT NULL AS "trashed", v."size_bytes"
  + COALESCE((SELECT sum(c."size_bytes") FROM "generation_chunks" c WHERE c."version_id" = v."id"), 0)
  + COALESCE((SELECT sum(t."weights_bytes") FROM "trainings" t WHERE t."version_id" = v."id" AND t."weights_id" IS NOT NULL), 0)
  + COALESCE((SELECT sum(m."size_bytes") FROM "models" m WHERE m."version_id" = v."id"), 0)
  + COALESCE((SELECT sum(e."size_bytes") FROM "exports" e WHERE e."version_id" = v."id" AND e."status" = 'READY'), 0) AS "bytes"
FROM "versions" v JOIN "projects" p ON p."id" = v."project_id"
WHERE v."deleted_at" IS NOT NULL OR p."deleted_at" IS NOT NULL;

UPDATE "versions" v SET "trashed_bytes" = h."bytes" FROM "held" h WHERE h."id" = v."id" AND h."trashed";
UPDATE "projects" p SET "trashed_bytes" = COALESCE((SELECT sum(h."bytes") FROM "held" h WHERE h."project_id" = p."id"), 0)
  + COALESCE((SELECT sum(i."size_bytes") FROM "images" i WHERE i."project_id" = p."id"), 0)
WHERE p."deleted_at" IS NOT NULL;

DROP TABLE "held";

-- What must never be.
ALTER TABLE "projects"
  ADD CONSTRAINT "projects_told_of_trash_alone" CHECK ("deleted_at" IS NOT NULL OR ("deleted_key_id" IS NULL AND "deleted_note" IS NULL AND "trashed_bytes" IS NULL)),
  ADD CONSTRAINT "projects_trashed_bytes_not_negative" CHECK ("trashed_bytes" >= 0);
ALTER TABLE "versions"
  ADD CONSTRAINT "versions_told_of_trash_alone" CHECK ("deleted_at" IS NOT NULL OR ("deleted_key_id" IS NULL AND "deleted_note" IS NULL AND "trashed_bytes" IS NULL)),
  ADD CONSTRAINT "versions_trashed_bytes_not_negative" CHECK ("trashed_bytes" >= 0);
ALTER TABLE "trainings"
  ADD CONSTRAINT "trainings_told_of_trash_alone" CHECK ("deleted_at" IS NOT NULL OR ("deleted_key_id" IS NULL AND "deleted_note" IS NULL AND "trashed_bytes" IS NULL AND "trashed_project_id" IS NULL)),
  ADD CONSTRAINT "trainings_trashed_bytes_not_negative" CHECK ("trashed_bytes" >= 0);

-- The other orders and the filters of the Trash list, each read in its order: by size, by the scheduled purge, by who
-- deleted it, by project. A row that was trashed by a build from before this has no size, and counts as 0.
CREATE INDEX "projects_trash_largest" ON "projects" ("workspace_id", COALESCE("trashed_bytes", 0) DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "versions_trash_largest" ON "versions" ("workspace_id", COALESCE("trashed_bytes", 0) DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "trainings_trash_largest" ON "trainings" ("workspace_id", COALESCE("trashed_bytes", 0) DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;

CREATE INDEX "projects_trash_soonest" ON "projects" ("workspace_id", "purge_after", "id") WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "versions_trash_soonest" ON "versions" ("workspace_id", "purge_after", "id") WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "trainings_trash_soonest" ON "trainings" ("workspace_id", "purge_after", "id") WHERE "deleted_at" IS NOT NULL;

CREATE INDEX "projects_trash_of_deleter" ON "projects" ("workspace_id", "deleted_by_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "versions_trash_of_deleter" ON "versions" ("workspace_id", "deleted_by_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "trainings_trash_of_deleter" ON "trainings" ("workspace_id", "deleted_by_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;

CREATE INDEX "versions_trash_of_project" ON "versions" ("project_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
CREATE INDEX "trainings_trash_of_project" ON "trainings" ("trashed_project_id", "deleted_at" DESC, "id" DESC) WHERE "deleted_at" IS NOT NULL;
