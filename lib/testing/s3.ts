import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import path from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { findSignatureFault } from "./sigv4";

const require = createRequire(import.meta.url);
const S3rver = require("s3rver");
const S3Error = require("s3rver/lib/models/error");

/** BLOB_STORE for a bucket of the server at that port of this machine. */
export function s3Url(port: number, bucketAndPrefix: string): string {
  return `s3://${bucketAndPrefix}?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}&region=us-east-1&forcePathStyle=true`;
}

interface Exchange {
  req: IncomingMessage;
  method: string;
  path: string;
  query: Record<string, string>;
  status: number;
  body: unknown;
}

/**
 * An S3 server in this process, whose key and secret are both S3RVER. Its bucket lets pages of `corsOrigin` put files into
 * it. It refuses what has no good signature, or one that is over by `now` once `onRequest` has let the request in, as S3
 * does when a request begins.
 *
 * Faults of its own are made good: it shows an object, and takes a part, before all of its bytes are there; deletes of one
 * request stumble over each other while they tidy empty folders; its continuation tokens need a cipher that OpenSSL 3 no
 * longer has; it neither lists unfinished uploads nor ends them, and takes parts of those that it does not know.
 */
export async function startS3(
  directory: string,
  {
    corsOrigin,
    now = Date.now,
    onRequest,
  }: { corsOrigin?: string; now?: () => number; onRequest?: (request: IncomingMessage) => void | Promise<void> } = {},
) {
  await mkdir(directory);
  const server = new S3rver({
    port: 0,
    address: "127.0.0.1",
    silent: true,
    directory,
    vhostBuckets: false,
    configureBuckets: [{ name: "bucket", configs: corsOrigin === undefined ? [] : [allowPut(corsOrigin)] }],
  });
  const { store } = server;
  const putObject = store.putObject.bind(store);
  store.putObject = async (object: { bucket: string; key: string; content: Buffer | Readable }) => {
    if (!Buffer.isBuffer(object.content)) object.content = await buffer(object.content);
    const result: { size: number } = await putObject(object);
    const file: string = store.getResourcePath(object.bucket, object.key, "object");
    while ((await stat(file).catch(() => null))?.size !== result.size)
      await new Promise((resolve) => setImmediate(resolve));
    return result;
  };
  store.deleteObject = async (bucket: string, key: string) => {
    for (const part of ["object", "object.md5", "metadata.json"])
      await rm(store.getResourcePath(bucket, key, part), { force: true });
  };

  const uploadsOf = (bucket: string): string => store.getResourcePath(bucket, undefined, "uploads");
  /** The folder of an upload that is neither completed nor ended. */
  async function findUpload(bucket: string, id: string): Promise<string> {
    const folder = path.join(uploadsOf(bucket), id);
    if (!(await stat(folder).catch(() => null))) throw new S3Error("NoSuchUpload", "The upload does not exist.");
    return folder;
  }
  store.putPart = async (bucket: string, id: string, number: string, content: Readable) => {
    const bytes = await buffer(content);
    await writeFile(path.join(await findUpload(bucket, id), number), bytes);
    return { size: bytes.length, md5: createHash("md5").update(bytes).digest("hex") };
  };
  const putObjectMultipart = store.putObjectMultipart.bind(store);
  store.putObjectMultipart = async (bucket: string, id: string, parts: unknown) => {
    await findUpload(bucket, id);
    return putObjectMultipart(bucket, id, parts);
  };

  async function listObjects(bucket: string, query: Exchange["query"]) {
    const page = await store.listObjects(bucket, {
      prefix: query["prefix"],
      startAfter: query["continuation-token"],
      maxKeys: 1000,
    });
    const Contents = page.objects.map(({ key, size }: { key: string; size: number }) => ({ Key: key, Size: size }));
    return {
      ListBucketResult: { IsTruncated: page.isTruncated, NextContinuationToken: Contents.at(-1)?.Key, Contents },
    };
  }

  async function listUploads(bucket: string, { prefix = "" }: Exchange["query"]) {
    const Upload = [];
    for (const UploadId of await readdir(uploadsOf(bucket)).catch(() => [])) {
      const Key = await readFile(path.join(uploadsOf(bucket), UploadId, "key"), "utf8").catch(() => null);
      if (Key?.startsWith(prefix)) Upload.push({ Key, UploadId });
    }
    return { ListMultipartUploadsResult: { IsTruncated: false, Upload } };
  }

  server.middleware.unshift(async ({ req, method }: Exchange, next: () => Promise<void>) => {
    await onRequest?.(req);
    const fault = method === "OPTIONS" ? null : findSignatureFault(req, "S3RVER", now());
    if (fault) throw new S3Error(fault, "The request has no signature that holds.");
    return next();
  });
  const beforeRouter = server.middleware.length - 1;
  server.middleware.splice(beforeRouter, 0, async (ctx: Exchange, next: () => Promise<void>) => {
    const { method, query } = ctx;
    const [, bucket = "", key = ""] = ctx.path.split("/");
    if (!(await store.getBucket(bucket))) return next();
    if (method === "GET" && key === "" && query["list-type"] === "2") ctx.body = await listObjects(bucket, query);
    else if (method === "GET" && key === "" && "uploads" in query) ctx.body = await listUploads(bucket, query);
    else if (method === "DELETE" && query["uploadId"]) {
      await rm(await findUpload(bucket, query["uploadId"]), { recursive: true });
      ctx.status = 204;
    } else return next();
  });
  const { port }: AddressInfo = await server.run();
  return {
    url: (bucketAndPrefix: string) => s3Url(port, bucketAndPrefix),
    makeBucket: (name: string): Promise<unknown> => store.putBucket(name),
    close: (): Promise<void> => server.close(),
  };
}

const allowPut = (origin: string): string =>
  `<CORSConfiguration><CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedHeader>content-type</AllowedHeader></CORSRule></CORSConfiguration>`;
