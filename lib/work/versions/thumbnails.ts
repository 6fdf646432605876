import { Readable } from "node:stream";
import { openVersionWriter, versionPrefix, type VersionWriter, WriterLeaseLost } from "@/lib/domain/versions";
import { makeThumbnail } from "@/lib/engine/generate";
import type { ManifestFile } from "@/lib/engine/manifest";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { log } from "@/lib/platform/log";
import { createGate } from "@/lib/work/gate";

/*
 * Small pictures of a version's images, made when somebody first looks, and kept under the version's prefix, where a purge
 * finds them. The images are the truth: a thumbnail that is missing is made again.
 */

const SIDE_PX = 256;
/** An image no larger than this is its own thumbnail. */
const SMALL_BYTES = 32 * 1024;

/** At once in this process: the web server has other things to do. */
const render = createGate(2);

/** The writers' leases end soon after the last thumbnail, because a purge has to wait for them with its proof. */
const LEASE_MS = 15_000;
const WRITERS_MAX = 50;

export const isSmall = ({ width, height, sizeBytes }: ManifestFile): boolean =>
  Math.max(width, height) <= SIDE_PX && sizeBytes <= SMALL_BYTES;

/** Named for the image's bytes: equal images share one. */
const thumbnailPath = (file: ManifestFile): string => `thumbs/${file.sha256}.webp`;

/** Those under way, so that a picture which many ask for at once is made once. */
const underWay = new Map<string, Promise<Buffer>>();

/**
 * The thumbnail of a version's image: WebP, at most 256 px. Of a version in Trash, which nothing may be written to, it is
 * made for this one time. Throws BlobNotFoundError when the image is gone.
 */
export async function openThumbnail(versionId: string, file: ManifestFile): Promise<Readable> {
  const key = `${versionPrefix(versionId)}${thumbnailPath(file)}`;
  let making = underWay.get(key);
  if (!making) {
    making = readOrMake(versionId, file, key).finally(() => underWay.delete(key));
    underWay.set(key, making);
  }
  return Readable.from([await making]);
}

async function readOrMake(versionId: string, file: ManifestFile, key: string): Promise<Buffer> {
  const store = blobStore();
  try {
    return await store.get(key);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
  }
  const bytes = await render(async () =>
    makeThumbnail(await store.get(`${versionPrefix(versionId)}${file.path}`), SIDE_PX),
  );
  await publish(versionId, thumbnailPath(file), bytes);
  return bytes;
}

/** One for a version while it is looked at, the last used ones: a page of thumbnails renews one lease. */
const writers = new Map<string, Promise<VersionWriter>>();

async function publish(versionId: string, path: string, bytes: Buffer): Promise<void> {
  const writer = writers.get(versionId) ?? openVersionWriter(versionId, { leaseMs: LEASE_MS });
  writers.delete(versionId);
  writers.set(versionId, writer);
  for (const oldest of writers.keys()) if (writers.size > WRITERS_MAX) writers.delete(oldest);
  try {
    await (await writer).put(path, bytes);
  } catch (error) {
    if (writers.get(versionId) === writer) writers.delete(versionId);
    // whoever looks gets the picture all the same
    if (!(error instanceof WriterLeaseLost)) log().warn({ err: error, versionId }, "a thumbnail could not be kept");
  }
}
