import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import { createBlobStore, type BlobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { env } from "@/lib/platform/env";

/** A right to write below a root, for a while that no test lasts. */
export const grantFor = (root: string): WriteGrant => ({
  id: randomUUID(),
  root,
  from: new Date(),
  until: new Date(Date.now() + 600_000),
});

/** The store of the test, which need not wait for the disk. */
export const testStore = (): BlobStore => createBlobStore(env().blobStore, { durable: false });

/**
 * Puts a file where a test wants one, whoever may write there: under a grant that no row knows, given up at once. The
 * item's folder, the first two parts of the key's path, is made where it is not there.
 */
export async function storeFile(
  key: string,
  body: Uint8Array | Readable,
  store: BlobStore = testStore(),
): Promise<{ sizeBytes: number }> {
  const grant = grantFor(`${key.split("/").slice(0, -1).slice(0, 2).join("/")}/`);
  await store.makeRoot(grant.root);
  await store.open(grant);
  try {
    return await store.put(key, body, grant);
  } finally {
    await store.close(grant);
  }
}

/** The keys under a prefix, in order. */
export async function keysUnder(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}
