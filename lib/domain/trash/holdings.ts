import { query, statement, type Statement, type Queries } from "@/lib/platform/db";
import type { ItemType } from "@/lib/platform/generated/enums";
import type { Context } from "@/lib/domain/context";
import { ITEM_TYPES } from "@/lib/domain/item-types";
import { EVERY_IMAGE } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { fromTrash, ROW_OF } from "./items";
import type { TrashItem } from "./list";

/*
 * What an item holds, and so what its purge loses and frees, said once: previews, the list of Trash, the usage page and
 * receipts all add up these rows, and agree to the byte with each other and with what lies in the store
 * (lib/work/holdings.test.ts).
 */

/** Of a source image `i`: its own file, and its thumbnail. */
export const IMAGE_FILES = `1 + (coalesce(i.thumbnail_bytes, 0) > 0)::int`;
export const IMAGE_BYTES = `i.size_bytes + coalesce(i.thumbnail_bytes, 0)`;

type UnderVersion = (row: string, table: string) => string;
const JOINED: UnderVersion = (row, table) => `${table} ${row} join versions v on v.id = ${row}.version_id`;
/** From versions to what is theirs, and never the other way, which reads all versions of all workspaces where few have any. */
const DOWNWARDS: UnderVersion = (row, table) =>
  `versions v cross join lateral (select * from ${table} where version_id = v.id offset 0) ${row}`;

const rowsHeld = (under: UnderVersion): string => `
select v.workspace_id, v.project_id, v.id as version_id, null::text as training_id, null::text as removal_id,
  v.deleted_at is not null as version_in_trash, false as training_in_trash,
  v.counted_images as images, v.files + coalesce(v.thumbnail_files, 0) as files,
  v.size_bytes + coalesce(v.thumbnail_bytes, 0) as bytes, 1 as versions, 0 as trainings, 0 as models, 0 as source_images
from versions v
union all
select t.workspace_id, v.project_id, t.version_id, t.id, null, v.deleted_at is not null, t.deleted_at is not null, 0, 0, 0, 0, 1, 0, 0
from ${under("t", "trainings")}
union all
select v.workspace_id, v.project_id, c.version_id, null, null, v.deleted_at is not null, false, 0, c.files, c.size_bytes, 0, 0, 0, 0
from ${under("c", "generation_chunks")}
union all
select t.workspace_id, v.project_id, t.version_id, t.id, null, v.deleted_at is not null, t.deleted_at is not null, 0, 1, t.weights_bytes, 0, 0, 0, 0
from ${under("t", "trainings")} where t.weights_id is not null
union all
select m.workspace_id, v.project_id, m.version_id, m.training_id, null, v.deleted_at is not null, t.deleted_at is not null, 0, m.files, m.size_bytes, 0, 0, 1, 0
from ${under("m", "models")} join trainings t on t.id = m.training_id
union all
select v.workspace_id, v.project_id, e.version_id, null, null, v.deleted_at is not null, false, 0, 1, e.size_bytes, 0, 0, 0, 0
from ${under("e", "exports")} where e.status = 'READY'
union all
select t.workspace_id, t.project_id, null, null, null, false, false, 0, 1, t.file_bytes, 0, 0, 0, 0
from tasks t where t.file_id is not null
union all
select p.workspace_id, i.project_id, null, null, i.removal_id, false, false, 0, ${IMAGE_FILES}, ${IMAGE_BYTES}, 0, 0, 0, 1
from images i join projects p on p.id = i.project_id and ${EVERY_IMAGE}`;

/**
 * Everything that takes room, a row each; also a zip of images that waits to be unpacked. Files and bytes are what a
 * version's, a model's, an export's or an uploaded image's own row says, thumbnails included; of a version that is not
 * ready, the chunks that are made. Whether something is in Trash by itself, its project aside, stands in
 * `version_in_trash` and `training_in_trash`, and for a source image in `removal_id`.
 */
export const HELD = rowsHeld(JOINED);
/** The same, for who asks for projects. */
const HELD_BY_PROJECT = rowsHeld(DOWNWARDS);

/** A project holds all its source images and versions, a version all its trainings, whether in Trash or not. */
const KEYS: Record<ItemType, string> = {
  PROJECT: "project_id",
  VERSION: "version_id",
  TRAINING: "training_id",
  IMAGES: "removal_id",
};

const heldBy = (type: ItemType): string => (type === "PROJECT" ? HELD_BY_PROJECT : HELD);

/** The bytes that one item holds, in SQL; `id` is where its id stands. Probes of indexes, for who writes it down with a trash. */
export const bytesHeldBy = (type: ItemType, id: string): string =>
  `(select coalesce(sum(h.bytes), 0)::bigint from (${heldBy(type)}) h where h.${KEYS[type]} = ${id})`;

/** What a purge of an item would lose and free. */
export interface Loss {
  /** Generated images given back to the quota. */
  images: number;
  files: number;
  bytes: number;
  versions: number;
  trainings: number;
  models: number;
  /** Uploaded images. */
  sourceImages: number;
}

export const NOTHING: Loss = { images: 0, files: 0, bytes: 0, versions: 0, trainings: 0, models: 0, sourceImages: 0 };

const FIGURES = Object.keys(NOTHING) as (keyof Loss)[];

export const addLoss = (a: Loss, b: Loss): Loss =>
  Object.fromEntries(FIGURES.map((figure) => [figure, a[figure] + b[figure]])) as unknown as Loss;

export const sameLoss = (a: Loss, b: Loss): boolean => FIGURES.every((figure) => a[figure] === b[figure]);

/** hot: for every page of Trash, and for every batch of a purge. */
const lossesOf = (type: ItemType): Statement =>
  statement({
    name: `losses-of-${type.toLowerCase()}s`,
    text: `
select h.${KEYS[type]} as id, sum(h.images)::int as images, sum(h.files)::int as files, sum(h.bytes)::float8 as bytes,
  sum(h.versions)::int as versions, sum(h.trainings)::int as trainings, sum(h.models)::int as models, sum(h.source_images)::int as "sourceImages"
from (${heldBy(type)}) h
where h.${KEYS[type]} = any($1::text[])
group by 1`,
  });

const LOSSES: Record<ItemType, Statement> = {
  PROJECT: lossesOf("PROJECT"),
  VERSION: lossesOf("VERSION"),
  TRAINING: lossesOf("TRAINING"),
  IMAGES: lossesOf("IMAGES"),
};

/**
 * What each of the items holds, by its id. Within a transaction that has locked them it is what their removal frees. For
 * who has authorized.
 */
export async function readLosses(
  type: ItemType,
  ids: readonly string[],
  run: Queries["query"] = query,
): Promise<(id: string) => Loss> {
  const rows = ids.length === 0 ? [] : await run<Loss & { id: string }>(LOSSES[type], [ids]);
  const losses = new Map(rows.map(({ id, ...loss }) => [id, loss]));
  return (id) => losses.get(id) ?? NOTHING;
}

/** The items of a page with what each would free, in their order. For pages of listTrash: bounded, and authorized. */
export async function withLosses(items: readonly TrashItem[]): Promise<(TrashItem & { loss: Loss })[]> {
  const idsOf = (type: ItemType) => items.filter((item) => item.type === type).map(({ id }) => id);
  const read = async (type: ItemType) => [type, await readLosses(type, idsOf(type))] as const;
  const losses = new Map(await Promise.all(ITEM_TYPES.map(read)));
  return items.map((item) => ({ ...item, loss: losses.get(item.type)!(item.id) }));
}

const among = (type: ItemType): string => `(select id from item where type = '${type}')`;
/** As an array, so that each is looked up in an index: joined, they would be sought in all rows of all workspaces. */
const heldByThose = (type: ItemType): string =>
  `select h.* from (${heldBy(type)}) h where exists ${among(type)} and h.${KEYS[type]} = any(array${among(type)})`;

/**
 * The rows of what items hold together, each once, be they in one another: a version that was trashed before its project is
 * its own item, and so is a training. `item` is a CTE of their types and ids.
 */
export const HELD_TOGETHER = `
  ${heldByThose("PROJECT")}
  union all
  ${heldByThose("VERSION")} and h.project_id not in ${among("PROJECT")}
  union all
  ${heldByThose("TRAINING")} and h.version_id not in ${among("VERSION")} and h.project_id not in ${among("PROJECT")}
  union all
  ${heldByThose("IMAGES")} and h.project_id not in ${among("PROJECT")}`;

/**
 * Beyond this many items the figures of a summary are of the first so many, and `more` says so: every page of Trash asks.
 * The usage page and a preview add up all of it.
 */
export const SUMMARY_MAX = 1_000;

export interface TrashSummary {
  items: number;
  images: number;
  files: number;
  bytes: number;
  more: boolean;
  /** The earliest scheduled purge; null when Trash is empty. */
  nextPurgeAt: Date | null;
}

const itemsOf = (type: ItemType): string => {
  const row = ROW_OF[type];
  return `(select '${type}' as type, ${row}.id, ${row}.deleted_at, ${row}.purge_after ${fromTrash(type)} order by ${row}.deleted_at desc, ${row}.id desc limit ${SUMMARY_MAX + 1})`;
};

/** hot: for every page of Trash. */
const SUMMARY = statement({
  name: "trash-summary",
  text: `
with item as materialized (
  select * from (${ITEM_TYPES.map(itemsOf).join(" union all ")}) every limit ${SUMMARY_MAX + 1}
), held as (${HELD_TOGETHER})
select (select count(*)::int from item) as items, (select min(purge_after) from item) as "nextPurgeAt",
  coalesce(sum(images), 0)::int as images, coalesce(sum(files), 0)::int as files, coalesce(sum(bytes), 0)::float8 as bytes
from held`,
});

/** How much waits in Trash and when the next of it is due. Versions of a trashed project count with the project. */
export async function summarizeTrash(ctx: Context, workspaceSlug: string): Promise<TrashSummary> {
  const { workspaceId } = authorize(ctx, "read trash", workspaceSlug);
  const [row] = await query<Omit<TrashSummary, "more">>(SUMMARY, [workspaceId]);
  return { ...row!, items: Math.min(row!.items, SUMMARY_MAX), more: row!.items > SUMMARY_MAX };
}
