import type { Readable } from "node:stream";

/**
 * The right to write files below a root, from one instant of the database's clock to another. Whoever renews it moves
 * both. The store holds to it whatever the process that has it believes: see `put`, `close` and `seal`.
 */
export interface WriteGrant {
  /** A segment of a key, no other grant's. */
  readonly id: string;
  /** The folder of the item that it is for, with a "/" at its end. */
  readonly root: string;
  from: Date;
  until: Date;
}

/**
 * Files by key, on disk or in an object store. Keys are `a/b/c` (guard.ts); no key may be a prefix of another
 * at a slash (`a` and `a/b`), because a disk cannot hold both. An I/O failure throws the original error with the
 * key in its message; a store that is not there at all (no folder, no bucket) is a failure, never "nothing stored".
 */
export interface BlobStore {
  /** How long after its grant's end a write may still arrive that began before it. */
  readonly lateWritesMs: number;
  /**
   * Makes an item's folder, before its row commits; what is below it is made by `put`. With `within`, the folder of the
   * item that this one belongs to, which must be there: throws once it is gone. Repeating changes nothing.
   */
  makeRoot(root: string, within?: string): Promise<void>;
  /** Prepares for what is written under a grant, once, before the first `put`. Throws when the root is gone. */
  open(grant: WriteGrant): Promise<void>;
  /**
   * Stores `body` whole or not at all: a reader sees the old bytes or the new ones, never a part. Overwrites.
   * Nothing appears once the grant is closed or its root sealed (disk), or by a request that begins after `until` (object
   * store): then it throws.
   */
  put(key: string, body: Uint8Array | Readable, grant: WriteGrant): Promise<{ sizeBytes: number }>;
  /**
   * Takes away what was begun under a grant and not published. On disk nothing can be published under it from then on, be
   * its process paused at whatever step. Repeating does nothing.
   */
  close(grant: Pick<WriteGrant, "id" | "root">): Promise<void>;
  /** The whole blob in memory. Throws BlobNotFoundError. */
  get(key: string): Promise<Buffer>;
  /** The blob as a stream, or some of its bytes, both ends included; opened before the promise resolves. Throws BlobNotFoundError. */
  stream(key: string, range?: { start: number; end: number }): Promise<Readable>;
  /** Every blob under `prefix` (which ends with "/"), unfinished uploads on disk included, in no particular order. Memory stays flat. */
  list(prefix: string): AsyncIterable<{ key: string; sizeBytes: number }>;
  /** Removes the keys; a missing one is success. */
  remove(keys: readonly string[]): Promise<void>;
  /** Removes everything under `prefix` (which ends with "/") and nothing outside it. Memory stays flat; a missing blob is success. */
  removePrefix(prefix: string): Promise<void>;
  /**
   * Takes everything under the prefixes out of its writers' reach, under a name of its own (a segment of a key), to be
   * counted and removed. On disk it is complete and cannot grow any more: the folders are renamed. An object store cannot
   * do that: its unfinished uploads are ended, and what is late is found by the next `seal`. Repeating, also after a crash,
   * goes on with what is left.
   */
  seal(name: string, prefixes: readonly string[]): Promise<SealedFiles>;
  /**
   * The same for single files, in folders that others go on writing to. On disk each is renamed out of them, and only those
   * that are there; whoever is reading one reads on.
   */
  sealFiles(name: string, keys: readonly string[]): Promise<SealedFiles>;
  /**
   * A URL to which anybody may PUT `key` until the grant is over, with exactly these headers and this many bytes. Only an
   * object store has such URLs: on disk this throws.
   */
  presignPut(key: string, upload: PresignedUpload, grant: WriteGrant): Promise<string>;
}

/** What `seal` took. */
export interface SealedFiles {
  count(): Promise<{ files: number; bytes: number }>;
  /** Memory stays flat; a call after a crash carries on. */
  remove(): Promise<void>;
  /**
   * Reads back: nothing is left of it, and nothing lies under the prefixes, not even an empty folder or an unfinished upload;
   * or none of the keys is there.
   */
  isGone(): Promise<boolean>;
}

export interface PresignedUpload {
  contentType: string;
  sizeBytes: number;
}
