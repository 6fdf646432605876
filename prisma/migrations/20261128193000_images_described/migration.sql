-- AlterTable
ALTER TABLE "images" ADD COLUMN     "batch" TEXT,
ADD COLUMN     "metadata" JSONB NOT NULL DEFAULT '{}',
ADD COLUMN     "sequence_number" INTEGER,
ADD COLUMN     "sequence_size" INTEGER,
ADD COLUMN     "tags" TEXT[] DEFAULT ARRAY[]::TEXT[];

ALTER TABLE "images" ALTER COLUMN "tags" SET NOT NULL;

-- Found by a tag, or by a batch. An image without writes to neither.
CREATE INDEX "images_tags" ON "images" USING gin ("tags") WHERE "tags" <> '{}';
CREATE INDEX "images_batch" ON "images" ("project_id", "batch", "id") WHERE "batch" IS NOT NULL;

-- What must never be.
ALTER TABLE "images"
  ADD CONSTRAINT "images_tags_bounded" CHECK (cardinality("tags") <= 100 AND array_position("tags", NULL) IS NULL),
  ADD CONSTRAINT "images_sequence_whole" CHECK (
    ("sequence_number" IS NULL) = ("sequence_size" IS NULL) AND "sequence_number" >= 0 AND "sequence_size" >= 0),
  ADD CONSTRAINT "images_metadata_object" CHECK (jsonb_typeof("metadata") = 'object');
