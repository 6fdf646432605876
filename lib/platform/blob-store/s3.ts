import { Readable } from "node:stream";
import {
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { assertBlobPrefix, BlobNotFoundError, guardBlobStore, nameBlob } from "./guard";
import type { BlobStore } from "./store";

const DELETE_BATCH = 1000; // the most that one DeleteObjects takes
const PART_BYTES = 8 * 1024 * 1024; // 10,000 parts at most: blobs up to 80 GB
const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;

/** Where the blobs lie: `prefix` is empty or ends with a slash; what is left out comes from the AWS SDK's environment. */
export interface S3Location {
  bucket: string;
  prefix: string;
  endpoint?: string;
  region?: string;
  forcePathStyle: boolean;
}

/**
 * A blob store in an S3-compatible bucket. Retries are the SDK's; a store that answers nothing fails after a minute
 * instead of hanging its caller. A streamed blob is uploaded in parts and appears only when it is complete.
 * Checksums go along only where S3 asks for them, because many compatible stores do not know the SDK's own kind.
 */
export function createS3BlobStore(location: S3Location): BlobStore {
  const { bucket: Bucket, prefix: outer } = location;
  if (outer !== "") assertBlobPrefix(outer);
  const client = new S3Client({
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint }),
    ...(location.region === undefined ? {} : { region: location.region }),
    forcePathStyle: location.forcePathStyle,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  });

  async function put(key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }> {
    const Key = outer + key;
    if (body instanceof Uint8Array) {
      await client.send(new PutObjectCommand({ Bucket, Key, Body: body, ContentLength: body.byteLength }));
      return { sizeBytes: body.byteLength };
    }
    const read: { sizeBytes: number; failure?: unknown } = { sizeBytes: 0 };
    const Body = Readable.from(countBytes(body, read), { objectMode: false });
    try {
      await new Upload({ client, params: { Bucket, Key, Body }, partSize: PART_BYTES, queueSize: 2 }).done();
    } catch (error) {
      throw read.failure ?? error; // not the failure to abort the upload that the source's own failure led to
    }
    return { sizeBytes: read.sizeBytes };
  }

  async function getBody(key: string) {
    try {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: outer + key }));
      if (Body === undefined) throw new Error("The object store answered without a body.");
      return Body;
    } catch (error) {
      throw error instanceof Error && error.name === "NoSuchKey" ? new BlobNotFoundError(key) : error;
    }
  }

  async function* listPages(prefix: string): AsyncGenerator<{ key: string; sizeBytes: number }[]> {
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(
        new ListObjectsV2Command({
          Bucket,
          Prefix: outer + prefix,
          ...(ContinuationToken === undefined ? {} : { ContinuationToken }),
        }),
      );
      yield (page.Contents ?? []).map(({ Key = "", Size = 0 }) => ({ key: Key.slice(outer.length), sizeBytes: Size }));
      ContinuationToken = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (ContinuationToken !== undefined);
  }

  async function remove(keys: readonly string[]): Promise<void> {
    for (let start = 0; start < keys.length; start += DELETE_BATCH) {
      const Objects = keys.slice(start, start + DELETE_BATCH).map((key) => ({ Key: outer + key }));
      const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      const failures = Errors.filter(({ Code }) => Code !== "NoSuchKey");
      const first = failures[0];
      if (first === undefined) continue;
      const key = (first.Key ?? "").slice(outer.length);
      const error = new Error(
        `The object store kept ${failures.length} of ${Objects.length} blobs: ${first.Code ?? "unknown"} ${first.Message ?? ""}`.trim(),
      );
      throw nameBlob(Object.assign(error, { code: first.Code }), key);
    }
  }

  async function removePrefix(prefix: string, last: readonly string[]): Promise<{ files: number; bytes: number }> {
    const total = { files: 0, bytes: 0 };
    const kept = new Map(last.map((key) => [key, -1])); // bytes, or -1 while not seen
    const count = (sizeBytes: number) => {
      total.files += 1;
      total.bytes += sizeBytes;
    };
    for await (const page of listPages(prefix)) {
      const going = page.filter(({ key }) => !kept.has(key));
      for (const { key, sizeBytes } of page) if (kept.has(key)) kept.set(key, sizeBytes);
      await remove(going.map(({ key }) => key));
      for (const { sizeBytes } of going) count(sizeBytes);
    }
    for (const [key, sizeBytes] of kept) {
      await remove([key]);
      if (sizeBytes >= 0) count(sizeBytes);
    }
    return total;
  }

  return guardBlobStore({
    put,
    remove,
    async get(key) {
      return Buffer.from(await (await getBody(key)).transformToByteArray());
    },
    async stream(key) {
      const body = await getBody(key);
      if (!(body instanceof Readable)) throw new Error("The object store's answer is not a Node stream.");
      return body;
    },
    async *list(prefix) {
      for await (const page of listPages(prefix)) yield* page;
    },
    removePrefix(prefix, { last = [] } = {}) {
      return removePrefix(prefix, last);
    },
    presignPut(key, { contentType: ContentType, sizeBytes: ContentLength, expiresSeconds: expiresIn }) {
      const command = new PutObjectCommand({ Bucket, Key: outer + key, ContentType, ContentLength });
      // left to itself, the presigner does not sign the type
      return getSignedUrl(client, command, {
        expiresIn,
        signableHeaders: new Set(["host", "content-type", "content-length"]),
      });
    },
  });
}

async function* countBytes(body: Readable, read: { sizeBytes: number; failure?: unknown }): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      read.sizeBytes += bytes.byteLength;
      yield bytes;
    }
  } catch (error) {
    read.failure = error;
    throw error;
  }
}
