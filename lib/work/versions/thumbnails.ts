import { Readable } from "node:stream";
import { versionPrefix } from "@/lib/domain/grants";
import { keepThumbnail, takeThumbnailsGrant, thumbnailPath } from "@/lib/domain/versions";
import { GrantLost } from "@/lib/domain/writer";
import { makeThumbnail } from "@/lib/engine/generate";
import type { ManifestFile } from "@/lib/engine/manifest";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { log } from "@/lib/platform/log";
import { createGate } from "@/lib/work/gate";
import { createKeptWriters } from "@/lib/work/kept-writers";

/*
 * Small pictures of a version's images, made when somebody first looks, and kept under the version's prefix, where a purge
 * finds them, each with a row, so that it is counted. The images are the truth: a thumbnail that is missing is made again.
 */

const SIDE_PX = 256;
/** An image no larger than this is its own thumbnail. */
const SMALL_BYTES = 32 * 1024;

/** At once in this process: the web server has other things to do. */
const render = createGate(2);

/** Short, because a purge has to wait with its proof until the grant is over. */
const LEASE_MS = 15_000;

export const isSmall = ({ width, height, sizeBytes }: ManifestFile): boolean =>
  Math.max(width, height) <= SIDE_PX && sizeBytes <= SMALL_BYTES;

/** Those under way, so that a picture which many ask for at once is made once. */
const underWay = new Map<string, Promise<Buffer>>();

/**
 * The thumbnail of a version's image: WebP, at most 256 px. Of a version in Trash, which nothing may be written to, it is
 * made for this one time. Throws BlobNotFoundError when the image is gone.
 */
export async function openThumbnail(versionId: string, file: ManifestFile): Promise<Readable> {
  const key = `${versionPrefix(versionId)}${thumbnailPath(file.sha256)}`;
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
  await publish(versionId, file.sha256, bytes);
  return bytes;
}

const writers = createKeptWriters({ leaseMs: LEASE_MS });

async function publish(versionId: string, sha256: string, bytes: Buffer): Promise<void> {
  try {
    await writers.use(
      versionId,
      () => takeThumbnailsGrant(versionId, LEASE_MS),
      async (writer) => {
        const { sizeBytes } = await writer.put(thumbnailPath(sha256), bytes);
        await keepThumbnail(versionId, writer.grant.id, { sha256, sizeBytes });
      },
    );
  } catch (error) {
    // whoever looks gets the picture all the same
    if (!(error instanceof GrantLost)) log().warn({ err: error, versionId }, "a thumbnail could not be kept");
  }
}
