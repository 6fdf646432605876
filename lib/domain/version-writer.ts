import { blobStore } from "@/lib/platform/blob-store";
import { renewWriterLease, WRITER_LEASE_MS } from "./generation";

/** The version went to Trash or is gone: what was being written for it must not appear. */
export class WriterLeaseLost extends Error {
  override readonly name = "WriterLeaseLost";
}

export const versionPrefix = (versionId: string): string => `versions/${versionId}/`;

/** Publishes files under one version, for a generator, an exporter or a trainer. */
export interface VersionWriter {
  /** Publishes a file at a path relative to the version. Throws WriterLeaseLost, and then the file is not there. */
  put(path: string, bytes: Uint8Array): Promise<void>;
}

/**
 * A writer that publishes only under a lease on its version, renewed while it works. If the process is paused between
 * asking and publishing (a stopped container, a sleeping laptop) until a purge has proved the prefix empty, it finds
 * that its lease is over right after publishing, and takes the file away again.
 * Elapsed time is the monotonic clock's: no wall clock decides.
 */
export async function openVersionWriter(versionId: string, { leaseMs = WRITER_LEASE_MS } = {}): Promise<VersionWriter> {
  const store = blobStore();
  let renewedAt = 0;

  async function renew(): Promise<void> {
    const asked = performance.now();
    if (!(await renewWriterLease(versionId, leaseMs))) throw new WriterLeaseLost(`The version ${versionId} is in Trash or gone.`);
    renewedAt = asked;
  }

  await renew();
  return {
    async put(path, bytes) {
      if (performance.now() - renewedAt > leaseMs / 4) await renew();
      const key = `${versionPrefix(versionId)}${path}`;
      await store.put(key, bytes);
      if (performance.now() - renewedAt < leaseMs) return;
      try {
        await renew();
      } catch (error) {
        await store.remove([key]);
        throw error;
      }
    },
  };
}
