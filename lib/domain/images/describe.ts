import { statement, transaction, type Transaction } from "@/lib/platform/db";
import { recordBatch } from "@/lib/domain/audit";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { IMAGES_PER_CALL_MAX, METADATA_KEYS_MAX, TAGS_PER_IMAGE_MAX } from "@/lib/domain/limits";
import { LIVE_IMAGE, projectLock, takeLocks } from "@/lib/domain/locks";
import { authorize } from "@/lib/domain/permissions";
import { parseMetadata, parseMetadataKeys, parseTags, type Metadata } from "./description";
import { imagesEvent } from "./images";

/** What to change of one image's tags and metadata; what is not named stays. */
export interface DescriptionChange {
  imageId: string;
  metadata?: unknown;
  removeMetadata?: readonly string[] | undefined;
  addTags?: readonly string[] | undefined;
  removeTags?: readonly string[] | undefined;
}

/** Why an image was left as it was. */
export type NotDescribed = "missing" | "too_many";

export interface Described {
  /** Those that are now as was asked, whether that changed them or not. */
  done: string[];
  left: { imageId: string; reason: NotDescribed }[];
}

interface Change {
  id: string;
  add: string[];
  remove: string[];
  put: Metadata;
  unset: readonly string[];
}

const refuse = (sentence: string, field: string): DomainError => new DomainError("invalid_input", sentence, { field });

function parseChange({ imageId, metadata, removeMetadata, addTags, removeTags }: DescriptionChange): Change {
  if (metadata === undefined && !removeMetadata?.length && !addTags?.length && !removeTags?.length)
    throw refuse("Say what to change: metadata, removeMetadata, addTags or removeTags.", "metadata");
  const change = {
    id: imageId,
    add: parseTags(addTags ?? [], "addTags"),
    remove: parseTags(removeTags ?? [], "removeTags"),
    put: metadata === undefined ? {} : parseMetadata(metadata),
    unset: parseMetadataKeys(removeMetadata ?? []),
  };
  const tag = change.add.find((one) => change.remove.includes(one));
  if (tag !== undefined) throw refuse(`The tag "${tag}" cannot be added and removed at once.`, "removeTags");
  const key = change.unset.find((one) => Object.hasOwn(change.put, one));
  if (key !== undefined) throw refuse(`The key "${key}" cannot be set and removed at once.`, "removeMetadata");
  return change;
}

/** Whose projects the images are, to lock those: an image's project is its project for good. */
const PROJECTS_OF = statement({
  text: `
select distinct p.id from images i join projects p on p.id = i.project_id
where i.id = any($2::text[]) and ${LIVE_IMAGE} and p.workspace_id = $1 and p.deleted_at is null order by p.id`,
});

/** A set, its rows locked in the order of the house. $1: projects that are live under their locks. */
const DESCRIBE = statement({
  text: `
with given as (
  select * from jsonb_to_recordset($2::jsonb) as g (id text, add text[], remove text[], put jsonb, unset text[])
), held as (
  select id, project_id, tags, metadata from images
  where id in (select id from given) and project_id = any($1::text[]) and ${LIVE_IMAGE} order by id for no key update
), made as (
  select h.id, h.project_id, h.tags, h.metadata, (h.metadata - g.unset) || g.put as new_metadata, (
    select coalesce(array_agg(t collate "C" order by t collate "C"), '{}') from (
      select t from unnest(h.tags) t where t <> all (g.remove) union select unnest(g.add)
    ) kept (t)
  ) as new_tags
  from held h join given g on g.id = h.id
), weighed as (
  select *, cardinality(new_tags) <= ${TAGS_PER_IMAGE_MAX}
    and (select count(*) from jsonb_object_keys(new_metadata)) <= ${METADATA_KEYS_MAX} as bounded
  from made
), changed as (
  update images i set tags = w.new_tags, metadata = w.new_metadata from weighed w
  where i.id = w.id and ${LIVE_IMAGE} and w.bounded and (i.tags <> w.new_tags or i.metadata <> w.new_metadata)
)
select w.id, w.bounded, p.id as "projectId", p.name as "projectName", w.tags <> w.new_tags as tagged, w.metadata <> w.new_metadata as noted
from weighed w join projects p on p.id = w.project_id`,
});

interface DescribedRow {
  id: string;
  bounded: boolean;
  projectId: string;
  projectName: string;
  tagged: boolean;
  noted: boolean;
}

/**
 * Changes tags and metadata of images of a workspace's live projects, at most IMAGES_PER_CALL_MAX at once; in one
 * transaction, with what `then` writes. What of it cannot be (no such image, too many tags) is left and told. Versions that
 * exist know nothing of it. Throws `invalid_input` for a change that cannot be understood, and then nothing is changed.
 */
export async function describeImages(
  ctx: Context,
  workspaceSlug: string,
  changes: readonly DescriptionChange[],
  then: (tx: Transaction, described: Described) => Promise<void> = async () => {},
): Promise<Described> {
  const { workspaceId } = authorize(ctx, "upload images", workspaceSlug);
  if (changes.length === 0 || changes.length > IMAGES_PER_CALL_MAX)
    throw refuse(`Name 1 to ${IMAGES_PER_CALL_MAX} images at a time.`, "updates");
  const parsed = changes.map(parseChange);
  const ids = parsed.map(({ id }) => id);
  if (new Set(ids).size < ids.length) throw refuse("Name each image once.", "updates");
  return transaction(async (tx) => {
    const projects = await tx.query<{ id: string }>(PROJECTS_OF, [workspaceId, ids]);
    const projectIds = projects.map(({ id }) => id);
    await takeLocks(tx, ...projectIds.map((id) => projectLock(id, "share")));
    const live = await tx.project.findMany({
      where: { id: { in: projectIds }, deletedAt: null },
      select: { id: true },
    });
    const rows = await tx.query<DescribedRow>(DESCRIBE, [live.map(({ id }) => id), JSON.stringify(parsed)]);
    const found = new Map(rows.map((row) => [row.id, row]));
    const described: Described = {
      done: ids.filter((id) => found.get(id)?.bounded),
      left: ids.flatMap((imageId) => {
        const row = found.get(imageId);
        return row?.bounded ? [] : [{ imageId, reason: row ? ("too_many" as const) : ("missing" as const) }];
      }),
    };
    await then(tx, described);
    await record(
      tx,
      ctx,
      workspaceId,
      rows.filter(({ bounded }) => bounded),
    );
    return described;
  });
}

async function record(
  tx: Transaction,
  ctx: Context,
  workspaceId: string,
  rows: readonly DescribedRow[],
): Promise<void> {
  const projects = new Map(rows.map(({ projectId, projectName }) => [projectId, projectName]));
  for (const id of [...projects.keys()].sort()) {
    const event = { id, name: projects.get(id)! };
    const own = rows.filter(({ projectId }) => projectId === id);
    const [tagged, noted] = [own.filter((row) => row.tagged).length, own.filter((row) => row.noted).length];
    if (noted > 0)
      await recordBatch(tx, ctx, imagesEvent("image.metadata_changed", workspaceId, event), { images: noted });
    if (tagged > 0) await recordBatch(tx, ctx, imagesEvent("image.tagged", workspaceId, event), { images: tagged });
  }
}

/** The same for one image. Throws `not_found` for one that is not there, `invalid_input`. */
export async function describeImage(ctx: Context, workspaceSlug: string, change: DescriptionChange): Promise<void> {
  const { left } = await describeImages(ctx, workspaceSlug, [change]);
  if (left[0]?.reason === "missing") throw new DomainError("not_found", "There is no such image in this workspace.");
  if (left[0])
    throw refuse(
      `An image has at most ${TAGS_PER_IMAGE_MAX} tags and ${METADATA_KEYS_MAX} keys of metadata. Remove some first.`,
      "addTags",
    );
}
