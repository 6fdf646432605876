import { preparedTransaction, query, statement } from "@/lib/platform/db";
import { enqueue } from "@/lib/platform/job-queue";
import type { Context } from "@/lib/domain/context";
import { uploadsUntil } from "@/lib/domain/grants";
import { REMOVAL_NAME } from "@/lib/domain/item-state";
import { readLosses, type Loss } from "./holdings";
import { measureAgain } from "./measure";
import { IN_UNCLAIMED, isDue, lockDue, lockUnclaimed, remove, type Claim, type Gone } from "./purge-rows";
import { appendEntry } from "./receipt-chain";
import { insertReceipts, type PurgedItem } from "./receipts";

/*
 * Source images that were removed together go in one transaction, a whole item at once. Their files lie in the folder of a
 * project that lives on, so the receipt keeps which they were; each is at a place that has the image's own id in it, published
 * before the row that is removed here. The same bytes sent again are another image, at another place: nothing that is written
 * from now on lies where the receipt looks, but what was on its way before, for which the proof waits.
 */

/** Of a removal `x`: versions that are being made of its images, which read them until that is over. */
const MADE_OF = `from versions v join generation_sources s on s.version_id = v.id join images i on i.id = s.image_id and i.removal_id = x.id
  where v.project_id = x.project_id and v.status = 'GENERATING'`;

/** Locks; one that somebody else holds is passed over. Nothing in Trash comes to be used anew: what is not now, is not later. */
const LOCK_IMAGES = statement({
  name: "purge-lock-images",
  text: `
select x.id, ${REMOVAL_NAME} as name, x.deleted_at as "deletedAt", x.deleted_by_id as "deletedById", x.deleted_note as "deletedNote",
  x.purge_after as "purgeAfter", p.id as "projectId", p.slug as "projectSlug", p.name as "projectName"
from image_removals x join projects p on p.id = x.project_id
where x.workspace_id = $1 and x.id = any($2::text[]) and x.deleted_at is not null and ${IN_UNCLAIMED} and ${isDue("x")}
  and not exists (select 1 ${MADE_OF})
order by x.id for update of x skip locked`,
});

const DUE_IMAGES = {
  projects: lockUnclaimed("images", `select x.project_id from image_removals x where x.id = any($2::text[])`),
  items: LOCK_IMAGES,
};

type LockedImages = Omit<
  PurgedItem,
  "type" | "versionNumber" | "trainingNumber" | "writersUntil" | "prefixes" | keyof Loss
> & { projectName: string };

/** A set, with what the receipt keeps of it. */
const REMOVE_IMAGES = statement({
  name: "purge-remove-removed-images",
  text: `
with gone as (delete from images where removal_id = $1 returning id)
insert into purged_images (image_id, receipt_id) select id, $2 from gone`,
});

const REMOVE_REMOVAL = remove("image-removal", `image_removals where id = $1`);

/**
 * Purges source images that were removed together, if they are still due, nobody holds them and no version is being generated
 * from them. Answers whether they went, as purgeVersions does.
 */
export async function purgeImages(
  ctx: Context,
  workspaceId: string,
  removalId: string,
  claim: Claim,
  parentReceiptId: string | null = null,
): Promise<Gone> {
  const projectIds = new Set<string>();
  const purged = await preparedTransaction(async (tx): Promise<Gone> => {
    const [locked] = await lockDue<LockedImages>(tx, DUE_IMAGES, workspaceId, [removalId], claim);
    if (!locked) return new Set();
    const lossOf = await readLosses("IMAGES", [removalId], tx.query);
    const item: PurgedItem = {
      ...locked,
      type: "IMAGES",
      versionNumber: null,
      trainingNumber: null,
      writersUntil: await uploadsUntil(tx, locked.projectId),
      prefixes: [],
      ...lossOf(removalId),
    };
    const receipts = await insertReceipts(tx, ctx, workspaceId, [item], {
      reason: claim.reason,
      note: claim.note ?? null,
      parentReceiptId,
      rowsRemoved: true,
    });
    await tx.query(REMOVE_IMAGES, [removalId, receipts[0]]);
    await tx.query(REMOVE_REMOVAL, [removalId]);
    await enqueue(tx, "erase-files");
    await appendEntry(tx, workspaceId, "PURGED", receipts);
    projectIds.add(locked.projectId);
    return new Set([removalId]);
  }, claim);
  if (parentReceiptId === null) await measureAgain({ projectIds });
  return purged;
}

const VERSION_MADE_OF = statement({
  name: "version-made-of-images",
  text: `select v.number from image_removals x cross join lateral (select v.number ${MADE_OF} order by v.number limit 1) v where x.id = $1`,
});

/** The number of a version that is being generated from images in Trash, for whose end their purge waits; null: there is none. */
export async function findVersionMadeOf(removalId: string): Promise<number | null> {
  const [version] = await query<{ number: number }>(VERSION_MADE_OF, [removalId]);
  return version?.number ?? null;
}
