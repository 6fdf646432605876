import { mkdir, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";

const S3rver = createRequire(import.meta.url)("s3rver");

/** BLOB_STORE for a bucket of the server at that port of this machine. */
export function s3Url(port: number, bucketAndPrefix: string): string {
  return `s3://${bucketAndPrefix}?endpoint=${encodeURIComponent(`http://127.0.0.1:${port}`)}&region=us-east-1&forcePathStyle=true`;
}

/**
 * An S3 server in this process, with three faults of its own made good: it answers a put before the file is flushed,
 * deletes of one request stumble over each other while they tidy empty folders, and its continuation tokens need a
 * cipher that OpenSSL 3 no longer has. It checks no signature. Its bucket lets pages of `corsOrigin` put files into it.
 */
export async function startS3(directory: string, { corsOrigin }: { corsOrigin?: string } = {}) {
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
  store.putObject = async (object: { bucket: string; key: string }) => {
    const result: { size: number } = await putObject(object);
    const file: string = store.getResourcePath(object.bucket, object.key, "object");
    while ((await stat(file)).size !== result.size) await new Promise((resolve) => setImmediate(resolve));
    return result;
  };
  store.deleteObject = async (bucket: string, key: string) => {
    for (const part of ["object", "object.md5", "metadata.json"])
      await rm(store.getResourcePath(bucket, key, part), { force: true });
  };
  const beforeRouter = server.middleware.length - 1;
  server.middleware.splice(
    beforeRouter,
    0,
    async (ctx: { path: string; query: Record<string, string>; body: unknown }, next: () => Promise<void>) => {
      const bucket = ctx.path.replaceAll("/", "");
      if (ctx.query["list-type"] !== "2" || !(await store.getBucket(bucket))) return next();
      const page = await store.listObjects(bucket, {
        prefix: ctx.query["prefix"],
        startAfter: ctx.query["continuation-token"],
        maxKeys: 1000,
      });
      const Contents = page.objects.map(({ key, size }: { key: string; size: number }) => ({ Key: key, Size: size }));
      ctx.body = {
        ListBucketResult: { IsTruncated: page.isTruncated, NextContinuationToken: Contents.at(-1)?.Key, Contents },
      };
    },
  );
  const { port }: AddressInfo = await server.run();
  return {
    url: (bucketAndPrefix: string) => s3Url(port, bucketAndPrefix),
    makeBucket: (name: string): Promise<unknown> => store.putBucket(name),
    close: (): Promise<void> => server.close(),
  };
}

const allowPut = (origin: string): string =>
  `<CORSConfiguration><CORSRule><AllowedOrigin>${origin}</AllowedOrigin><AllowedMethod>PUT</AllowedMethod><AllowedHeader>content-type</AllowedHeader></CORSRule></CORSConfiguration>`;
