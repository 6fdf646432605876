import { query, statement } from "@/lib/platform/db";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { authorize } from "@/lib/domain/permissions";
import { addLoss, NOTHING, readLosses, sameLoss, type Loss } from "./holdings";
import { countTrash } from "./items";
import {
  freezeTrash,
  getSelection,
  isAsSeen,
  keepHeld,
  readSelected,
  type SelectedItem,
  type TrashSet,
} from "./selections";

/*
 * What a purge by hand would lose, told before it: the items are frozen, with what each holds, and the selection's id is
 * the token that the purge has to name. It stands for that set in that state, and for nothing else.
 */

/** Items looked at together. */
const PAGE = 2_000;
/** Names and changes that are told one by one. */
const TOLD_MAX = 8;
/** A model that answered within it is in use. */
const CALLED_DAYS = 30;
/** What stays in Trash beside the selection is counted up to this. */
const OTHERS_MAX = 1_000;

/** An item as people tell it from others. */
export type NamedItem = Pick<
  SelectedItem,
  "type" | "id" | "name" | "projectName" | "number" | "trainingNumber" | "images"
>;

/** How an item is no longer as it was seen. */
export type Change = "restored" | "deleted_again" | "purged" | "holds_other";

export interface Changes {
  count: number;
  /** The first of them. */
  first: (NamedItem & { change: Change })[];
}

export interface PurgePreview {
  /** The token: the purge has to name it, within half an hour. */
  id: string;
  items: number;
  /** Trash held more than one act can take: these are its oldest. */
  more: boolean;
  /** The first of them, the whole before its parts, oldest first. */
  first: NamedItem[];
  /** What would be lost and freed in all; what lies in another item of the set counts once. */
  loss: Loss;
  /** Models that would be lost and answered calls in the last 30 days, the most called first. */
  calledModels: { count: number; first: { slug: string; calls: number }[] };
  /** What lies beside the set and is not touched. */
  stays: {
    /** Versions go whose project is not among the items: its source images stay. */
    sourceImages: boolean;
    /** Trainings go whose version is not: the version stays. */
    versions: boolean;
    /** Source images go whose project is not: the versions made of them stay. */
    versionsMade: boolean;
    /** Other items in Trash; counted no further than that many, if `moreItems`. */
    otherItems: number;
    moreItems: boolean;
  };
}

/** Of models in a selection. Joins from what is selected, so that it costs what that holds. */
const CALLED = statement({
  text: `
with item as materialized (select item_type, item_id from trash_selection_items where selection_id = $1), model as (
  select m.id, m.slug from item join versions v on v.project_id = item.item_id join models m on m.version_id = v.id where item.item_type = 'PROJECT'
  union select m.id, m.slug from item join models m on m.version_id = item.item_id where item.item_type = 'VERSION'
  union select m.id, m.slug from item join models m on m.training_id = item.item_id where item.item_type = 'TRAINING'
), called as (
  select model.slug, sum(c.calls)::int as calls from model join model_calls c on c.model_id = model.id
  where c.day > ($2::timestamptz at time zone 'UTC')::date - ${CALLED_DAYS} and c.calls > 0 group by model.slug
)
select slug, calls, (select count(*)::int from called) as count from called order by calls desc, slug limit ${TOLD_MAX}`,
});

/**
 * Foresees the purge of these items, for owners: what would be lost and freed, what stays, and the token that the purge has
 * to name. Throws `stale_selection` when one of the chosen items is no longer in Trash as it was listed.
 */
export async function previewPurge(
  ctx: Context,
  input: { workspaceSlug: string; set: TrashSet },
): Promise<PurgePreview> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const { id, items, more, asSeen } = await freezeTrash(ctx, input);
  const chosen = input.set !== "all" && "items" in input.set ? input.set.items.length : items;
  if (asSeen < chosen)
    throw new DomainError(
      "stale_selection",
      "What you chose is not in Trash any more as it was listed. Nothing was changed; look again.",
      { reason: "changed" },
    );
  const first: NamedItem[] = [];
  const [projects, versions] = [new Set<string>(), new Set<string>()];
  const stays = { sourceImages: false, versions: false, versionsMade: false };
  let loss = NOTHING;
  for await (const page of readSelected(id, PAGE)) {
    const { type } = page[0]!;
    const lossOf = await readLosses(
      type,
      page.map((item) => item.id),
    );
    for (const item of page) {
      if (first.length < TOLD_MAX) first.push(named(item));
      if (type === "PROJECT") projects.add(item.id);
      else if (projects.has(item.projectId)) continue; // with its project
      if (type === "VERSION") {
        versions.add(item.id);
        stays.sourceImages = true;
      } else if (type === "TRAINING") {
        if (versions.has(item.versionId!)) continue; // with its version
        stays.versions = true;
      } else if (type === "IMAGES") stays.versionsMade = true;
      loss = addLoss(loss, lossOf(item.id));
    }
    await keepHeld(
      id,
      page.map((item) => ({ ...item, held: lossOf(item.id) })),
    );
  }
  const called = await query<{ slug: string; calls: number; count: number }>(CALLED, [id, ctx.now]);
  const otherItems = (await countTrash(workspaceId, items + OTHERS_MAX)) - items;
  return {
    id,
    items,
    more,
    first,
    loss,
    calledModels: { count: called[0]?.count ?? 0, first: called.map(({ slug, calls }) => ({ slug, calls })) },
    stays: { ...stays, otherItems, moreItems: otherItems === OTHERS_MAX },
  };
}

/** What of a preview is not so any more, for the person who saw it. Throws `stale_selection` when it is too old. */
export async function findChanges(ctx: Context, input: { workspaceSlug: string; previewId: string }): Promise<Changes> {
  const { workspaceId } = authorize(ctx, "purge", input.workspaceSlug);
  const selection = await getSelection(ctx, workspaceId, input.previewId);
  return compare(selection.id);
}

/** A preview against what is there now. For who has authorized. */
export async function compare(selectionId: string): Promise<Changes> {
  const changes: Changes = { count: 0, first: [] };
  for await (const page of readSelected(selectionId, PAGE)) {
    const lossOf = await readLosses(
      page[0]!.type,
      page.map(({ id }) => id),
    );
    for (const item of page) {
      const change = changeOf(item, lossOf(item.id));
      if (change === null) continue;
      changes.count += 1;
      if (changes.first.length < TOLD_MAX) changes.first.push({ ...named(item), change });
    }
  }
  return changes;
}

function changeOf(item: SelectedItem, loss: Loss): Change | null {
  if (!isAsSeen(item)) return item.deletedAt ? "deleted_again" : item.exists ? "restored" : "purged";
  return item.held && sameLoss(item.held, loss) ? null : "holds_other";
}

const named = ({ type, id, name, projectName, number, trainingNumber, images }: SelectedItem): NamedItem => ({
  type,
  id,
  name,
  projectName,
  number,
  trainingNumber,
  images,
});
