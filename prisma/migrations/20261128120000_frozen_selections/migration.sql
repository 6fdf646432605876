-- CreateTable
CREATE TABLE "trash_selections" (
    "id" TEXT NOT NULL,
    "workspace_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "items" INTEGER NOT NULL,

    CONSTRAINT "trash_selections_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trash_selection_items" (
    "selection_id" TEXT NOT NULL,
    "item_type" "ItemType" NOT NULL,
    "deleted_at" TIMESTAMPTZ(3) NOT NULL,
    "item_id" TEXT NOT NULL,

    CONSTRAINT "trash_selection_items_pkey" PRIMARY KEY ("selection_id","item_type","deleted_at","item_id")
);

-- CreateIndex
CREATE INDEX "trash_selections_expires_at_idx" ON "trash_selections"("expires_at");

-- AddForeignKey
ALTER TABLE "trash_selection_items" ADD CONSTRAINT "trash_selection_items_selection_id_fkey" FOREIGN KEY ("selection_id") REFERENCES "trash_selections"("id") ON DELETE CASCADE ON UPDATE CASCADE;


-- What must never be.
ALTER TABLE "trash_selections" ADD CONSTRAINT "trash_selections_items_not_negative" CHECK ("items" >= 0);
