import { AsyncLocalStorage } from "node:async_hooks";
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import {
  AbortMultipartUploadCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl, S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import { assertBlobPrefix, BlobNotFoundError, guardBlobStore, nameBlob } from "./guard";
import type { BlobStore, SealedFiles, WriteGrant } from "./store";

const DELETE_BATCH = 1000; // the most that one DeleteObjects takes
const HEADS_AT_ONCE = 16;
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

/** The grant under which the requests of this call are made. */
const writing = new AsyncLocalStorage<WriteGrant>();

/**
 * A blob store in an S3-compatible bucket. Retries are the SDK's; a store that answers nothing fails after a minute
 * instead of hanging its caller. A streamed or large blob is uploaded in parts and appears only when it is complete.
 * Checksums go along only where S3 asks for them, because many compatible stores do not know the SDK's own kind.
 *
 * Every request that writes carries a signature from the database's instant at which its grant was last given, to the
 * grant's end: one that begins later is refused, whatever the process that makes it believes. A request that began in time
 * ends within minutes, a part having 8 MB at most.
 */
export function createS3BlobStore(location: S3Location, { lateWritesMs }: { lateWritesMs: number }): BlobStore {
  const { bucket: Bucket, prefix: outer } = location;
  if (outer !== "") assertBlobPrefix(outer);
  const config: S3ClientConfig = {
    ...(location.endpoint === undefined ? {} : { endpoint: location.endpoint }),
    ...(location.region === undefined ? {} : { region: location.region }),
    forcePathStyle: location.forcePathStyle,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: IDLE_TIMEOUT_MS },
  };
  const client = new S3Client(config);
  const presigner = new S3RequestPresigner(client.config);
  const writer = new S3Client({
    ...config,
    signer: {
      sign(...[request, options]: Parameters<S3RequestPresigner["presign"]>) {
        for (const name of ["x-amz-user-agent", "amz-sdk-invocation-id", "amz-sdk-request"])
          delete request.headers[name];
        // to end an upload is no write: it must also work once the grant is over
        const term = request.method === "DELETE" ? {} : termOf(writing.getStore()!);
        return presigner.presign(request, { ...options, ...term });
      },
    },
  });

  function put(key: string, body: Uint8Array | Readable, grant: WriteGrant): Promise<{ sizeBytes: number }> {
    return writing.run(grant, () => send(outer + key, body));
  }

  async function send(Key: string, body: Uint8Array | Readable): Promise<{ sizeBytes: number }> {
    if (body instanceof Uint8Array && body.byteLength <= PART_BYTES) {
      await writer.send(new PutObjectCommand({ Bucket, Key, Body: body, ContentLength: body.byteLength }));
      return { sizeBytes: body.byteLength };
    }
    const read: { sizeBytes: number; failure?: unknown } = { sizeBytes: 0 };
    const stream = body instanceof Uint8Array ? Readable.from([body], { objectMode: false }) : body;
    const Body = Readable.from(countBytes(stream, read), { objectMode: false });
    try {
      await new Upload({ client: writer, params: { Bucket, Key, Body }, partSize: PART_BYTES, queueSize: 2 }).done();
    } catch (error) {
      throw read.failure ?? error; // not the failure to abort the upload that the source's own failure led to
    }
    return { sizeBytes: read.sizeBytes };
  }

  async function getBody(key: string, range?: { start: number; end: number }) {
    try {
      const part = range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` };
      const { Body, ContentRange } = await client.send(new GetObjectCommand({ Bucket, Key: outer + key, ...part }));
      if (Body === undefined) throw new Error("The object store answered without a body.");
      if (range !== undefined && !ContentRange?.startsWith(`bytes ${range.start}-${range.end}/`))
        throw new Error("The object store answered with another part than was asked for.");
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
      const command = new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } });
      command.middlewareStack.add(
        (next) => (args) => {
          addMd5(args.request);
          return next(args);
        },
        { step: "build" },
      );
      const { Errors = [] } = await client.send(command);
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

  async function removePrefix(prefix: string): Promise<void> {
    for await (const page of listPages(prefix)) await remove(page.map(({ key }) => key));
  }

  /** Uploads in parts that nobody has completed, an answer at a time. A store that cannot list them shows none to anybody. */
  async function* listUnfinished(prefix: string): AsyncGenerator<{ Key: string; UploadId: string }[]> {
    let after: { KeyMarker?: string; UploadIdMarker?: string } | undefined = {};
    while (after !== undefined) {
      const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
        Bucket,
        Prefix: outer + prefix,
        ...after,
      });
      const page: ListMultipartUploadsCommandOutput | null = await client.send(command).catch(nullWhenNotImplemented);
      if (page === null) return;
      yield (page.Uploads ?? []).map(({ Key = "", UploadId = "" }) => ({ Key, UploadId }));
      after = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker ?? "", UploadIdMarker: page.NextUploadIdMarker ?? "" }
        : undefined;
    }
  }

  /** Of the keys under a prefix, those of `only`; all unless said. */
  async function endUnfinished(prefix: string, only?: ReadonlySet<string>): Promise<void> {
    for await (const uploads of listUnfinished(prefix))
      for (const upload of uploads)
        if (!only || only.has(upload.Key))
          await client.send(new AbortMultipartUploadCommand({ Bucket, ...upload })).catch((error: unknown) => {
            if (!(error instanceof Error && error.name === "NoSuchUpload")) throw error;
          });
  }

  async function seal(_name: string, prefixes: readonly string[]): Promise<SealedFiles> {
    for (const prefix of prefixes) await endUnfinished(prefix);
    return {
      async count() {
        const total = { files: 0, bytes: 0 };
        for (const prefix of prefixes)
          for await (const page of listPages(prefix))
            for (const { sizeBytes } of page) {
              total.files += 1;
              total.bytes += sizeBytes;
            }
        return total;
      },
      async remove() {
        for (const prefix of prefixes) await removePrefix(prefix);
      },
      async isGone() {
        for (const prefix of prefixes) {
          for await (const page of listPages(prefix)) if (page.length > 0) return false;
          for await (const uploads of listUnfinished(prefix)) if (uploads.length > 0) return false;
        }
        return true;
      },
    };
  }

  /** A file's size; null: it is not there. */
  async function findSize(key: string): Promise<number | null> {
    try {
      return (await client.send(new HeadObjectCommand({ Bucket, Key: outer + key }))).ContentLength ?? 0;
    } catch (error) {
      if (error instanceof Error && (error.name === "NotFound" || error.name === "NoSuchKey")) return null;
      throw error;
    }
  }

  /** The sizes of those of the keys that are there, some asked for at once: what a folder holds beside them costs nothing. */
  async function* findSizes(keys: readonly string[]): AsyncGenerator<number> {
    for (let start = 0; start < keys.length; start += HEADS_AT_ONCE) {
      const sizes = await Promise.all(keys.slice(start, start + HEADS_AT_ONCE).map(findSize));
      for (const size of sizes) if (size !== null) yield size;
    }
  }

  async function sealFiles(_name: string, keys: readonly string[]): Promise<SealedFiles> {
    const folders = [...new Set(keys.map((key) => key.slice(0, key.lastIndexOf("/") + 1)))];
    const own = new Set(keys.map((key) => outer + key));
    for (const folder of folders) await endUnfinished(folder, own);
    return {
      async count() {
        const total = { files: 0, bytes: 0 };
        for await (const size of findSizes(keys)) {
          total.files += 1;
          total.bytes += size;
        }
        return total;
      },
      remove: () => remove(keys),
      async isGone() {
        for await (const _size of findSizes(keys)) return false;
        for (const folder of folders)
          for await (const uploads of listUnfinished(folder)) if (uploads.some(({ Key }) => own.has(Key))) return false;
        return true;
      },
    };
  }

  return guardBlobStore({
    lateWritesMs,
    async makeRoot() {}, // a key needs no folder
    async open() {},
    put,
    async close() {}, // what was begun and is never completed is not there; its parts go with the item, or by a rule of the bucket
    remove,
    async get(key) {
      return Buffer.from(await (await getBody(key)).transformToByteArray());
    },
    async stream(key, range) {
      const body = await getBody(key, range);
      if (!(body instanceof Readable)) throw new Error("The object store's answer is not a Node stream.");
      return body;
    },
    async *list(prefix) {
      for await (const page of listPages(prefix)) yield* page;
    },
    removePrefix,
    seal,
    sealFiles,
    presignPut(key, { contentType: ContentType, sizeBytes: ContentLength }, grant) {
      const command = new PutObjectCommand({ Bucket, Key: outer + key, ContentType, ContentLength });
      // left to itself, the presigner does not sign the type
      const signableHeaders = new Set(["host", "content-type", "content-length"]);
      return getSignedUrl(client, command, { ...termOf(grant), signableHeaders });
    },
  });
}

/** A signature's term, in the whole seconds that it has: it ends with the grant, or a little earlier. */
function termOf({ from, until }: WriteGrant): { signingDate: Date; expiresIn: number } {
  const expiresIn = Math.floor(until.getTime() / 1000) - Math.floor(from.getTime() / 1000);
  if (expiresIn < 1) throw new Error("The grant is over.");
  return { signingDate: from, expiresIn };
}

/** Adds the MD5 of a request's body, which some compatible stores ask of a removal instead of the SDK's own checksum. */
function addMd5(request: unknown): void {
  const { body, headers } = request as { body: string; headers: Record<string, string> };
  headers["content-md5"] = createHash("md5").update(body).digest("base64");
}

function nullWhenNotImplemented(error: unknown): null {
  if (error instanceof Error && error.name === "NotImplemented") return null;
  throw error;
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
