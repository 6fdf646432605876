import { fileURLToPath } from "node:url";
import { createDiskBlobStore } from "./disk";
import { createS3BlobStore } from "./s3";
import { env } from "@/lib/platform/env";

import type { BlobStore } from "./store";

export { BlobKeyError, BlobNotFoundError } from "./guard";
export type { BlobStore, PresignedUpload, WriteGrant } from "./store";

/** A request to an object store that began within its grant has ended this long after. */
const LATE_WRITES_MS = 15 * 60_000;

/**
 * The blob store that `url` names; touches neither disk nor network yet.
 * - `file:///absolute/folder`
 * - `s3://bucket/optional/prefix?endpoint=…&region=…&forcePathStyle=true`, each parameter optional; credentials, and
 *   the region when it is left out, come from the AWS SDK's own environment
 *
 * `durable: false` lets a disk store return before the bytes have reached the disk: for tests. `lateWritesMs` is how long
 * an object store may take to finish a request; default 15 minutes.
 * Throws a sentence for anything else; the sentence never repeats the URL, which could hold a secret.
 */
export function createBlobStore(url: string, options: { durable?: boolean; lateWritesMs?: number } = {}): BlobStore {
  const parsed = parse(url);
  if (parsed.username || parsed.password)
    throw new Error("The blob store's URL must not hold credentials; give them in the AWS environment variables.");
  if (parsed.protocol === "file:") {
    if (parsed.host || parsed.search || parsed.hash)
      throw new Error("A blob store on disk is named file:///absolute/folder and nothing else.");
    const folder = fileURLToPath(parsed);
    if (folder === "/") throw new Error("The blob store cannot be the root folder of the machine.");
    return createDiskBlobStore(folder, options);
  }
  if (parsed.protocol === "s3:")
    return createS3BlobStore(readS3Location(parsed), { lateWritesMs: options.lateWritesMs ?? LATE_WRITES_MS });
  throw new Error("The blob store's URL must begin with file:/// or s3://.");
}

function parse(url: string): URL {
  try {
    return new URL(url);
  } catch {
    throw new Error("The blob store's URL must begin with file:/// or s3://.");
  }
}

function readS3Location(url: URL) {
  const known = ["endpoint", "region", "forcePathStyle"];
  const unknown = [...url.searchParams.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new Error(`The blob store's URL has an unknown parameter "${unknown}"; known are ${known.join(", ")}.`);
  if (!url.host) throw new Error("The blob store's URL names no bucket: s3://bucket/optional/prefix.");
  const forcePathStyle = url.searchParams.get("forcePathStyle") ?? "false";
  if (forcePathStyle !== "true" && forcePathStyle !== "false")
    throw new Error("forcePathStyle in the blob store's URL must be true or false.");
  const endpoint = url.searchParams.get("endpoint");
  const region = url.searchParams.get("region");
  const prefix = url.pathname.replace(/^\//, "").replace(/\/$/, "");
  return {
    bucket: url.host,
    prefix: prefix === "" ? "" : `${prefix}/`,
    forcePathStyle: forcePathStyle === "true",
    ...(endpoint === null ? {} : { endpoint }),
    ...(region === null ? {} : { region }),
  };
}

let configured: BlobStore | undefined;

/** The blob store of this process, as BLOB_STORE names it. */
export function blobStore(): BlobStore {
  return (configured ??= createBlobStore(env().blobStore, { lateWritesMs: env().storeLateWritesMs }));
}
