import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { atomic, prisma, query, statement, transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { takeGrant, versionPrefix } from "@/lib/domain/grants";
import { LIVE_VERSION, lockLiveVersion, versionLock } from "@/lib/domain/locks";
import { GrantLost } from "@/lib/domain/writer";

/*
 * Thumbnails that are kept for a version. Each has a row, so that what a version holds is known to the byte without asking
 * the store; the sums stand in the version's row, where whoever reads what it holds finds them.
 */

const FOLDER = "thumbs/";
const SUFFIX = ".webp";

/** Named for the image's bytes: equal images share one. Relative to the version's folder. */
export const thumbnailPath = (sha256: string): string => `${FOLDER}${sha256}${SUFFIX}`;

/** The right to keep thumbnails of a live version. Throws GrantLost when it is in Trash or gone. */
export async function takeThumbnailsGrant(versionId: string, leaseMs: number): Promise<WriteGrant> {
  return transaction(async (tx) => {
    if (!(await lockLiveVersion(tx, versionId, "share")))
      throw new GrantLost(`The version ${versionId} is in Trash or gone.`);
    const item = await tx.version.findUniqueOrThrow({
      where: { id: versionId },
      select: { workspaceId: true, projectId: true },
    });
    return takeGrant(tx, newId(), "THUMBNAILS", { ...item, versionId }, leaseMs);
  });
}

/** hot: for each thumbnail. Locks the grant, so that no sweep takes what is being named; the version is locked before. */
const KEEP = statement({
  name: "thumbnail-keep",
  text: `
with granted as (
  select id from grants where id = $2 and ended_at is null for share
), live as (
  select v.id from granted, versions v join projects p on p.id = v.project_id where v.id = $1 and ${LIVE_VERSION}
), before as (
  select size_bytes from thumbnails where version_id = $1 and sha256 = $3
), kept as (
  insert into thumbnails (version_id, sha256, size_bytes) select id, $3, $4 from live
  on conflict (version_id, sha256) do update set size_bytes = excluded.size_bytes
  returning version_id
)
update versions v set thumbnail_files = v.thumbnail_files + 1 - (select count(*)::int from before),
  thumbnail_bytes = v.thumbnail_bytes + $4 - coalesce((select size_bytes from before), 0)
from kept where v.id = kept.version_id returning v.id`,
});

/**
 * Counts a thumbnail that was published under a grant; one that was made anew takes the place of the one before. Throws
 * GrantLost when the version went to Trash meanwhile, or the grant was swept: then it is nobody's, unless somebody else's
 * is there.
 */
export async function keepThumbnail(
  versionId: string,
  grantId: string,
  { sha256, sizeBytes }: { sha256: string; sizeBytes: number },
): Promise<void> {
  const kept = await atomic([
    versionLock(versionId, "write"),
    { statement: KEEP, values: [versionId, grantId, sha256, sizeBytes] },
  ]);
  if (kept.length > 0) return;
  const named = await prisma().thumbnail.count({ where: { versionId, sha256 } });
  if (named === 0) await blobStore().remove([`${versionPrefix(versionId)}${thumbnailPath(sha256)}`]);
  throw new GrantLost(`The version ${versionId} is in Trash or gone.`);
}

/** The paths of the thumbnails that count, relative to the version's folder. For a sweep. */
export async function listNamedThumbnails(versionId: string): Promise<Set<string>> {
  const rows = await prisma().thumbnail.findMany({ where: { versionId }, select: { sha256: true } });
  return new Set(rows.map(({ sha256 }) => thumbnailPath(sha256)));
}

/** A set, with its sums; only what builds before left unmeasured. */
const MEASURED = statement({
  name: "thumbnails-measured",
  text: `
with found as (
  insert into thumbnails (version_id, sha256, size_bytes)
  select $1, t.sha256, t.bytes from unnest($2::text[], $3::int[]) t (sha256, bytes) where t.bytes > 0
  on conflict (version_id, sha256) do update set size_bytes = excluded.size_bytes
  returning size_bytes
)
update versions set thumbnail_files = (select count(*) from found), thumbnail_bytes = (select coalesce(sum(size_bytes), 0) from found)
where id = $1 and thumbnail_files is null`,
});

const MEASURED_AT_ONCE = 1_000;

/** Counts the thumbnails that builds before kept. For a migration, before anybody keeps more; repeating changes nothing. */
export async function measureVersionThumbnails(): Promise<void> {
  for (;;) {
    const versions = await prisma().version.findMany({
      where: { thumbnailFiles: null },
      orderBy: { id: "asc" },
      take: MEASURED_AT_ONCE,
      select: { id: true },
    });
    if (versions.length === 0) return;
    for (const { id } of versions) {
      const folder = `${versionPrefix(id)}${FOLDER}`;
      const found: { sha256: string; bytes: number }[] = [];
      for await (const { key, sizeBytes } of blobStore().list(folder))
        if (key.endsWith(SUFFIX)) found.push({ sha256: key.slice(folder.length, -SUFFIX.length), bytes: sizeBytes });
      await query(MEASURED, [id, found.map(({ sha256 }) => sha256), found.map(({ bytes }) => bytes)]);
    }
  }
}
