import type { Readable } from "node:stream";

/**
 * Files by key, on disk or in an object store. Keys are `a/b/c` (guard.ts); no key may be a prefix of another
 * at a slash (`a` and `a/b`), because a disk cannot hold both. An I/O failure throws the original error with the
 * key in its message; a store that is not there at all (no folder, no bucket) is a failure, never "nothing stored".
 */
export interface BlobStore {
  /** Stores `body` whole or not at all: a reader sees the old bytes or the new ones, never a part. Overwrites. */
  put(key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }>;
  /** The whole blob in memory. Throws BlobNotFoundError. */
  get(key: string): Promise<Buffer>;
  /** The blob as a stream, opened before the promise resolves. Throws BlobNotFoundError. */
  stream(key: string): Promise<Readable>;
  /** Every blob under `prefix` (which ends with "/"), unfinished uploads on disk included, in no particular order. Memory stays flat. */
  list(prefix: string): AsyncIterable<{ key: string; sizeBytes: number }>;
  /** Removes the keys; a missing one is success. */
  remove(keys: readonly string[]): Promise<void>;
  /**
   * Removes everything under `prefix` (which ends with "/") and nothing outside it; the keys in `last` go after all
   * others, in their order. Memory stays flat, a missing blob is success, and a call after a crash carries on.
   * Gives back the files and bytes that this call found and removed.
   */
  removePrefix(prefix: string, options?: { last?: readonly string[] }): Promise<{ files: number; bytes: number }>;
  /**
   * A URL to which anybody may PUT `key` for a while, with exactly these headers and this many bytes. Only an object store
   * has such URLs: on disk this throws.
   */
  presignPut(key: string, upload: PresignedUpload): Promise<string>;
}

export interface PresignedUpload {
  contentType: string;
  sizeBytes: number;
  expiresSeconds: number;
}
