import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { BlobNotFoundError, createBlobStore, type BlobStore } from "@/lib/platform/blob-store";
import { s3Url, startS3 } from "@/lib/testing/s3";

let scratch: string;
let s3: Awaited<ReturnType<typeof startS3>>;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "blob-store-"));
  vi.stubEnv("AWS_ACCESS_KEY_ID", "S3RVER");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "S3RVER");
  s3 = await startS3(path.join(scratch, "s3"));
});

afterAll(async () => {
  await s3.close();
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true, force: true });
});

describe("a blob store on s3", () => {
  it("does not take a missing bucket for an empty one", async () => {
    const store = createBlobStore(s3.url("no-such-bucket"));
    await expect(store.removePrefix("v/1/")).rejects.toThrow(/\(blob "v\/1\/"\)$/);
    await expect(keys(store, "v/1/")).rejects.toThrow();
    await expect(store.get("v/1/x")).rejects.not.toBeInstanceOf(BlobNotFoundError);
  });

  it("reports a key that the store refuses to delete, although the answer as a whole is 200", async () => {
    const answer = `<?xml version="1.0"?><DeleteResult><Error><Key>v/1/x</Key><Code>AccessDenied</Code><Message>Locked</Message></Error></DeleteResult>`;
    const server = createServer(
      (_request, response) => void response.setHeader("content-type", "application/xml").end(answer),
    );
    const store = createBlobStore(await listen(server, "bucket"));
    await expect(store.remove(["v/1/w", "v/1/x"])).rejects.toMatchObject({
      code: "AccessDenied",
      message: 'The object store kept 1 of 2 blobs: AccessDenied Locked (blob "v/1/x")',
    });
  });

  it("asks for no more than the 1,000 keys that one request may name", async () => {
    const sizes: number[] = [];
    const server = createServer(async (request, response) => {
      sizes.push((await request.toArray()).join("").split("<Key>").length - 1);
      response.setHeader("content-type", "application/xml").end("<DeleteResult></DeleteResult>");
    });
    await createBlobStore(await listen(server, "bucket")).remove(Array.from({ length: 2001 }, (_, i) => `v/1/${i}`));
    expect(sizes).toEqual([1000, 1000, 1]);
  });

  it("takes a NoSuchKey in that answer for success", async () => {
    const answer = `<?xml version="1.0"?><DeleteResult><Error><Key>v/1/x</Key><Code>NoSuchKey</Code></Error></DeleteResult>`;
    const server = createServer(
      (_request, response) => void response.setHeader("content-type", "application/xml").end(answer),
    );
    await createBlobStore(await listen(server, "bucket")).remove(["v/1/x"]);
  });

  it("deletes the last keys in requests of their own after all others", async () => {
    const deleted: string[][] = [];
    const listing = `<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated>${["a", "manifest.json", "z"].map((name) => `<Contents><Key>v/1/${name}</Key><Size>2</Size></Contents>`).join("")}</ListBucketResult>`;
    const server = createServer(async (request, response) => {
      const body = (await request.toArray()).join("");
      if (request.method === "POST")
        deleted.push([...body.matchAll(/<Key>([^<]*)<\/Key>/g)].map((match) => match[1] ?? ""));
      response
        .setHeader("content-type", "application/xml")
        .end(request.method === "POST" ? "<DeleteResult></DeleteResult>" : listing);
    });
    const store = createBlobStore(await listen(server, "bucket"));
    expect(await store.removePrefix("v/1/", { last: ["v/1/manifest.json"] })).toEqual({ files: 3, bytes: 6 });
    expect(deleted).toEqual([["v/1/a", "v/1/z"], ["v/1/manifest.json"]]);
  });
});

async function keys(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}

async function listen(server: Server, bucket: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return s3Url((server.address() as AddressInfo).port, bucket);
}
