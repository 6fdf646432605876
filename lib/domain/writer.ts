import { Readable } from "node:stream";
import { blobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { forgetGrant, renewGrant, type Term } from "./grants";

/** The item went to Trash or is gone, or is another's to write: what was being written for it must not appear. */
export class GrantLost extends Error {
  override readonly name = "GrantLost";
}

/** Publishes files of one item, under a grant. */
export interface Writer {
  readonly grant: WriteGrant;
  /**
   * Publishes a file at a path relative to the grant's root, whole or not at all. A stream is cut off, within a second, once
   * the grant is lost. Throws GrantLost, and then the file is not there, or at a place that no row names.
   */
  put(path: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }>;
  /** Gives the grant up. Whoever has written what no row names takes that away before. */
  close(): Promise<void>;
}

/** How often the grant is renewed while a stream is written, so that a stream which nobody wants ends soon. */
const STREAM_RENEWAL_MS = 1_000;

/**
 * A writer under a grant that was just taken, renewed while it works, by `renew` where that belongs to something larger
 * (a worker's heartbeat). It stops by itself once the item goes to Trash; that nothing appears when it could not, since its
 * process was paused, is the store's to see to. Throws GrantLost when the item is gone already.
 * Elapsed time is the monotonic clock's: no wall clock decides.
 */
export async function openWriter(
  grant: WriteGrant,
  { leaseMs, renew = () => renewGrant(grant.id, leaseMs) }: { leaseMs: number; renew?: () => Promise<Term | null> },
): Promise<Writer> {
  const store = blobStore();
  let renewedAt = 0;

  async function hold(): Promise<void> {
    const asked = performance.now();
    const term = await renew();
    if (!term) throw new GrantLost(`What is at ${grant.root} is in Trash or gone, or another's to write.`);
    Object.assign(grant, term);
    renewedAt = asked;
  }

  /** The stream under the grant: it ends only when that was renewed once more, since the store publishes right after. */
  async function* underGrant(body: Readable): AsyncGenerator<Uint8Array> {
    yield* body;
    await hold();
  }

  /** Renews the grant until it is called off, however long the body or the store takes. Only a lost one ends the body. */
  function keepHolding(body: Readable): () => void {
    const timer = setInterval(
      () => void hold().catch((error: unknown) => error instanceof GrantLost && body.destroy(error)),
      Math.min(STREAM_RENEWAL_MS, leaseMs / 4),
    );
    return () => clearInterval(timer);
  }

  async function publish(key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }> {
    if (body instanceof Uint8Array) return store.put(key, body, grant);
    body.on("error", () => {}); // it may fail before the store reads from it, which is then told
    const stop = keepHolding(body);
    try {
      return await store.put(key, Readable.from(underGrant(body), { objectMode: false }), grant);
    } finally {
      stop();
      body.destroy();
    }
  }

  /** What the store refuses because the grant is lost is told as that. */
  async function explained<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (error) {
      await hold();
      throw error;
    }
  }

  await explained(() => store.open(grant));
  try {
    await hold(); // a sweep may have been here between the row and its folder
  } catch (error) {
    await store.close(grant).catch(() => {});
    throw error;
  }
  return {
    grant,
    put(path, body) {
      return explained(async () => {
        if (performance.now() - renewedAt > leaseMs / 4) await hold();
        return publish(`${grant.root}${path}`, body);
      });
    },
    async close() {
      await store.close(grant);
      await forgetGrant(grant.id);
    },
  };
}
