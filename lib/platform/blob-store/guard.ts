import type { BlobStore, SealedFiles, WriteGrant } from "./store";

const KEY = /^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9._-]+)*$/;
const MAX_LENGTH = 512;

/** The blob store was asked for a key that it does not hold. */
export class BlobNotFoundError extends Error {
  override readonly name = "BlobNotFoundError";
  constructor(readonly key: string) {
    super(`No blob is stored as "${key}".`);
  }
}

/** A key or prefix is not one that the blob store accepts: a mistake in the caller, nothing was touched. */
export class BlobKeyError extends Error {
  override readonly name = "BlobKeyError";
}

/**
 * Guarantees that `key` names one place inside the store: segments of letters, digits, `.`, `_` and `-`
 * joined by single slashes, none of them `.` or `..`, the first beginning with a letter or digit, at most 512
 * characters. Narrow because a key becomes a path on disk. Throws BlobKeyError.
 */
export function assertBlobKey(key: string): void {
  if (!isKey(key)) throw new BlobKeyError(`Not a blob key: ${shown(key)}.`);
}

/**
 * The same for a prefix, which must end with a slash: without it `versions/1` would also take `versions/10`.
 * The empty prefix is refused, so that no caller can name the whole store. Throws BlobKeyError.
 */
export function assertBlobPrefix(prefix: string): void {
  if (!prefix.endsWith("/") || !isKey(prefix.slice(0, -1))) {
    throw new BlobKeyError(`Not a blob prefix (it must end with "/"): ${shown(prefix)}.`);
  }
}

/**
 * Guarantees for any store that no bad key or prefix reaches it, that a removal's arguments are sound before anything
 * is removed, that every failure names its blob and keeps its class and code, and that a body given to a failed `put`
 * is closed. The one gate in front of every store, so that disk and bucket cannot differ in what they accept.
 */
export function guardBlobStore(store: BlobStore): BlobStore {
  return {
    lateWritesMs: store.lateWritesMs,
    makeRoot(root, within) {
      return named(root, async () => {
        assertBlobPrefix(root);
        if (within !== undefined && (!within.endsWith("/") || !root.startsWith(within)))
          throw new BlobKeyError(`${shown(root)} is not under ${shown(within)}.`);
        await store.makeRoot(root, within);
      });
    },
    open(grant) {
      return named(grant.root, async () => {
        assertGrant(grant);
        await store.open(grant);
      });
    },
    put(key, body, grant) {
      return named(key, async () => {
        try {
          assertKeyUnder(key, grant);
          return await store.put(key, body, grant);
        } catch (error) {
          if (!(body instanceof Uint8Array)) body.destroy();
          throw error;
        }
      });
    },
    close(grant) {
      return named(grant.root, async () => {
        assertGrant(grant);
        await store.close(grant);
      });
    },
    get(key) {
      return named(key, async () => {
        assertBlobKey(key);
        return store.get(key);
      });
    },
    stream(key, range) {
      return named(key, async () => {
        assertBlobKey(key);
        return store.stream(key, range);
      });
    },
    async *list(prefix) {
      try {
        assertBlobPrefix(prefix);
        yield* store.list(prefix);
      } catch (error) {
        throw nameBlob(error, prefix);
      }
    },
    remove(keys) {
      return named(keys[0] ?? "", async () => {
        keys.forEach(assertBlobKey);
        await store.remove(keys);
      });
    },
    removePrefix(prefix) {
      return named(prefix, async () => {
        assertBlobPrefix(prefix);
        await store.removePrefix(prefix);
      });
    },
    seal(name, prefixes) {
      return named(prefixes[0] ?? "", async () => {
        assertSegment(name);
        prefixes.forEach(assertBlobPrefix);
        return namedFiles(prefixes[0] ?? "", await store.seal(name, prefixes));
      });
    },
    sealFiles(name, keys) {
      return named(keys[0] ?? "", async () => {
        assertSegment(name);
        keys.forEach(assertBlobKey);
        return namedFiles(keys[0] ?? "", await store.sealFiles(name, keys));
      });
    },
    presignPut(key, upload, grant) {
      return named(key, async () => {
        assertKeyUnder(key, grant);
        return store.presignPut(key, upload, grant);
      });
    },
  };
}

const namedFiles = (key: string, sealed: SealedFiles): SealedFiles => ({
  count: () => named(key, () => sealed.count()),
  remove: () => named(key, () => sealed.remove()),
  isGone: () => named(key, () => sealed.isGone()),
});

function assertSegment(name: string): void {
  if (!isKey(name) || name.includes("/")) throw new BlobKeyError(`Not a segment of a blob key: ${shown(name)}.`);
}

function assertGrant({ id, root }: Pick<WriteGrant, "id" | "root">): void {
  assertSegment(id);
  assertBlobPrefix(root);
}

function assertKeyUnder(key: string, grant: WriteGrant): void {
  assertBlobKey(key);
  assertGrant(grant);
  if (!key.startsWith(grant.root)) throw new BlobKeyError(`${shown(key)} is not under ${shown(grant.root)}.`);
}

/** Adds the blob's key to an I/O error's message, once, and gives the same error back, so that its code and class stay. */
export function nameBlob(error: unknown, key: string): unknown {
  if (!(error instanceof Error) || error instanceof BlobNotFoundError || error instanceof BlobKeyError) return error;
  if (!/ \(blob ".*"\)$/.test(error.message)) error.message = `${error.message} (blob "${key}")`;
  return error;
}

async function named<T>(key: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw nameBlob(error, key);
  }
}

function isKey(key: string): boolean {
  return key.length <= MAX_LENGTH && KEY.test(key) && !key.split("/").some((part) => part === "." || part === "..");
}

function shown(key: string): string {
  return JSON.stringify(key.length > 80 ? `${key.slice(0, 80)}…` : key);
}
