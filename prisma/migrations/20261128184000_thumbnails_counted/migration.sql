-- What is there stays null until it is measured, by the step that follows the migrations; what is made from now on begins with none.
ALTER TABLE "images" ADD COLUMN     "thumbnail_bytes" INTEGER;
ALTER TABLE "versions" ADD COLUMN     "thumbnail_bytes" BIGINT,
ADD COLUMN     "thumbnail_files" INTEGER;
ALTER TABLE "versions" ALTER COLUMN "thumbnail_bytes" SET DEFAULT 0,
ALTER COLUMN "thumbnail_files" SET DEFAULT 0;

-- CreateTable
CREATE TABLE "thumbnails" (
    "version_id" TEXT NOT NULL,
    "sha256" TEXT NOT NULL,
    "size_bytes" INTEGER NOT NULL,

    CONSTRAINT "thumbnails_pkey" PRIMARY KEY ("version_id","sha256")
);

-- AddForeignKey
ALTER TABLE "thumbnails" ADD CONSTRAINT "thumbnails_version_id_fkey" FOREIGN KEY ("version_id") REFERENCES "versions"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- What must never be.
ALTER TABLE "images" ADD CONSTRAINT "images_thumbnail_not_negative" CHECK ("thumbnail_bytes" >= 0);
ALTER TABLE "versions" ADD CONSTRAINT "versions_thumbnails_not_negative" CHECK ("thumbnail_files" >= 0 AND "thumbnail_bytes" >= 0 AND ("thumbnail_files" IS NULL) = ("thumbnail_bytes" IS NULL));
ALTER TABLE "thumbnails" ADD CONSTRAINT "thumbnails_not_empty" CHECK ("size_bytes" > 0);

-- What is still to be measured.
CREATE INDEX "images_unmeasured" ON "images" ("project_id") WHERE "thumbnail_bytes" IS NULL;
CREATE INDEX "versions_unmeasured" ON "versions" ("id") WHERE "thumbnail_files" IS NULL;
