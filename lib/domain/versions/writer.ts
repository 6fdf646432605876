import { Readable } from "node:stream";
import { blobStore } from "@/lib/platform/blob-store";
import { query, statement } from "@/lib/platform/db";

/** How long a writer may take between two renewals before its lease is over. */
export const WRITER_LEASE_MS = 60_000;

const RENEW_LEASE = statement({
  name: "writer-renew-lease",
  text: `update versions v set writers_until = greatest(v.writers_until, now() + $2 * interval '1 millisecond')
         from projects p
         where v.id = $1 and v.deleted_at is null and p.id = v.project_id and p.deleted_at is null
         returning v.id`,
});

/**
 * Takes or renews the right to write files under a version, for `leaseMs` of the database's clock.
 * False: the version is in Trash or gone, and the writer must stop and take away what it wrote. A purge waits with its
 * proof until every lease that was given is over, so ask again before publishing and once more after.
 */
export async function renewWriterLease(versionId: string, leaseMs: number): Promise<boolean> {
  return (await query(RENEW_LEASE, [versionId, leaseMs])).length > 0;
}

/** The version went to Trash or is gone, or is another's to write: what was being written for it must not appear. */
export class WriterLeaseLost extends Error {
  override readonly name = "WriterLeaseLost";
}

export const versionPrefix = (versionId: string): string => `versions/${versionId}/`;

/** Publishes files under one version, for a generator, an exporter or a trainer. */
export interface VersionWriter {
  /**
   * Publishes a file at a path relative to the version, whole or not at all. A stream is cut off, within a second, once the
   * lease is lost. Throws WriterLeaseLost, and then the file is not there.
   */
  put(path: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }>;
}

/** How often the lease is renewed while a stream is written, so that a stream which nobody wants ends soon. */
const STREAM_RENEWAL_MS = 1_000;

/**
 * A writer that publishes only under a lease on its version, renewed while it works. If the process is paused between
 * asking and publishing (a stopped container, a sleeping laptop) until a purge has proved the prefix empty, it finds
 * that its lease is over right after publishing, and takes the file away again.
 * With `renew` the lease is one that the writer shares with what it writes for, and can be another's by then: the file
 * stays if the version is live, so a path must always get the same bytes, whoever writes it.
 * Elapsed time is the monotonic clock's: no wall clock decides.
 */
export async function openVersionWriter(
  versionId: string,
  { leaseMs = WRITER_LEASE_MS, renew }: { leaseMs?: number; renew?: () => Promise<boolean> } = {},
): Promise<VersionWriter> {
  const store = blobStore();
  let renewedAt = 0;

  async function hold(): Promise<void> {
    const asked = performance.now();
    const held = renew ? await renew() : await renewWriterLease(versionId, leaseMs);
    if (!held) throw new WriterLeaseLost(`The version ${versionId} is in Trash or gone, or another's to write.`);
    renewedAt = asked;
  }

  /** The stream under the lease: it ends only when that was renewed once more, since the store publishes right after. */
  async function* underLease(body: Readable): AsyncGenerator<Uint8Array> {
    yield* body;
    await hold();
  }

  /** Renews the lease until it is called off, however long the body or the store takes. Only a lost lease ends the body. */
  function keepHolding(body: Readable): () => void {
    const timer = setInterval(
      () => void hold().catch((error: unknown) => error instanceof WriterLeaseLost && body.destroy(error)),
      Math.min(STREAM_RENEWAL_MS, leaseMs / 4),
    );
    return () => clearInterval(timer);
  }

  async function publish(key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }> {
    if (body instanceof Uint8Array) return store.put(key, body);
    body.on("error", () => {}); // it may fail before the store reads from it, which is then told
    const stop = keepHolding(body);
    try {
      return await store.put(key, Readable.from(underLease(body), { objectMode: false }));
    } finally {
      stop();
      body.destroy();
    }
  }

  await hold();
  return {
    async put(path, body) {
      if (performance.now() - renewedAt > leaseMs / 4) await hold();
      const key = `${versionPrefix(versionId)}${path}`;
      const published = await publish(key, body).catch(async (error: unknown) => {
        await hold(); // a purge takes the folder from under a writer that was paused: then that is what happened
        throw error;
      });
      if (performance.now() - renewedAt < leaseMs) return published;
      let wanted = renew !== undefined; // while nobody can say
      try {
        wanted = await renewWriterLease(versionId, leaseMs);
      } finally {
        if (!wanted) await store.remove([key]);
      }
      await hold();
      return published;
    },
  };
}
