import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { CreateMultipartUploadCommand, ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { BlobNotFoundError, createBlobStore, type BlobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { s3Url, startS3 } from "@/lib/testing/s3";
import { grantFor, keysUnder, storeFile } from "@/lib/testing/store-file";

const MB = 1024 * 1024;
const png = { contentType: "image/png", sizeBytes: 4 };

let scratch: string;
let s3: Awaited<ReturnType<typeof startS3>>;
let place = 0;
let store: BlobStore;
let client: S3Client;
let grant: WriteGrant;
/** By how much the server's clock is ahead. */
let laterMs = 0;
/** What the server does with a request before it looks at it. */
let onRequest: (request: IncomingMessage) => void | Promise<void> = () => {};
const keys = (prefix: string) => keysUnder(store, prefix);

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "s3-"));
  vi.stubEnv("AWS_ACCESS_KEY_ID", "S3RVER");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "S3RVER");
  s3 = await startS3(path.join(scratch, "s3"), {
    now: () => Date.now() + laterMs,
    onRequest: (request) => onRequest(request),
  });
  const endpoint = new URL(s3.url("bucket")).searchParams.get("endpoint")!;
  client = new S3Client({ endpoint, region: "us-east-1", forcePathStyle: true });
});
afterAll(async () => {
  await s3.close();
  vi.unstubAllEnvs();
  await rm(scratch, { recursive: true, force: true });
});
beforeEach(async () => {
  place += 1;
  await s3.makeBucket(`bucket-${place}`);
  store = createBlobStore(s3.url(`bucket-${place}/outer`));
  const from = new Date();
  grant = { ...grantFor("v/1/"), from, until: new Date(from.getTime() + 60_000) };
});
afterEach(() => {
  laterMs = 0;
  onRequest = () => {};
});

/** What comes to the server, of writes alone. */
function recordWrites(): { method: string; query: URLSearchParams; bytes: number; request: IncomingMessage }[] {
  const seen: ReturnType<typeof recordWrites> = [];
  onRequest = (request) => {
    const { method = "", url = "", headers } = request;
    const query = new URL(url, "http://s3").searchParams;
    const bytes = Number(headers["content-length"] ?? 0);
    if (method === "PUT" || (method === "POST" && !query.has("delete"))) seen.push({ method, query, bytes, request });
  };
  return seen;
}

/** The server's answer to the first part that it was sent. */
async function firstPart(writes: ReturnType<typeof recordWrites>): Promise<void> {
  await expect.poll(() => writes.find(({ query }) => query.has("partNumber"))).toBeDefined();
  const { request } = writes.find(({ query }) => query.has("partNumber"))!;
  if (!request.closed) await once(request, "close");
}

/** Two full parts and a bit, of which the second is not there before `then` has run, after the first was taken. */
function threeParts(writes: ReturnType<typeof recordWrites>, then: () => void | Promise<void>): Readable {
  async function* parts() {
    yield Buffer.alloc(9 * MB, "a");
    await firstPart(writes);
    await then();
    yield Buffer.alloc(9 * MB, "b");
  }
  return Readable.from(parts(), { objectMode: false });
}

/** From when to when a presigned request holds, in milliseconds. */
function termOf(query: URLSearchParams): { from: number; until: number } {
  const date = query.get("X-Amz-Date")!.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5");
  return { from: Date.parse(date), until: Date.parse(date) + Number(query.get("X-Amz-Expires")) * 1000 };
}
const wholeSeconds = (date: Date): number => Math.floor(date.getTime() / 1000) * 1000;

describe("a write to s3", () => {
  it("is signed from its grant's instant to the grant's end, in every request", async () => {
    const writes = recordWrites();
    grant = { ...grant, from: new Date(Date.now() - 100_000), until: new Date(Date.now() + 30_000) };
    await store.put("v/1/x", Buffer.from("x"), grant);
    await store.put("v/1/y", Readable.from([Buffer.alloc(17 * MB)]), grant);
    expect(writes.map(({ method, query }) => `${method} ${query.get("x-id") ?? [...query.keys()].sort()[0]}`)).toEqual([
      "PUT PutObject",
      expect.stringContaining("POST"),
      ...Array(3).fill("PUT UploadPart"),
      expect.stringContaining("POST"),
    ]);
    for (const { query } of writes)
      expect(termOf(query)).toEqual({ from: wholeSeconds(grant.from), until: wholeSeconds(grant.until) });
  });

  it("is refused when it begins after its grant's end, and leaves nothing", async () => {
    laterMs = 61_000;
    await expect(store.put("v/1/x", Buffer.from("x"), grant)).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(store.put("v/1/y", Readable.from(["y"]), grant)).rejects.toMatchObject({ name: "AccessDenied" });
    await expect(store.put("v/1/z", Buffer.alloc(9 * MB), grant)).rejects.toMatchObject({ name: "AccessDenied" });
    await expectGone("v/1/");
  });

  it("is refused when it was on its way at the grant's end, and nothing was replaced", async () => {
    await store.put("v/1/x", Buffer.from("old"), grant);
    onRequest = ({ method }) => void (method === "PUT" && (laterMs = 61_000));
    await expect(store.put("v/1/x", Buffer.from("new"), grant)).rejects.toMatchObject({ name: "AccessDenied" });
    expect((await store.get("v/1/x")).toString()).toBe("old");
  });

  it("in parts is refused from the part on that begins after the grant's end, and leaves no part", async () => {
    const writes = recordWrites();
    const body = threeParts(writes, () => void (laterMs = 61_000));
    await expect(store.put("v/1/x", body, grant)).rejects.toMatchObject({ name: "AccessDenied" });
    expect(writes.filter(({ query }) => query.get("partNumber") === "1")).toHaveLength(1);
    await expectGone("v/1/");
  });

  it("in parts is not completed after the grant's end", async () => {
    const writes = recordWrites();
    const record = onRequest;
    onRequest = async (request) => {
      await record(request);
      if (request.method === "POST" && request.url!.includes("uploadId=")) laterMs = 61_000;
    };
    const body = threeParts(writes, () => {});
    await expect(store.put("v/1/x", body, grant)).rejects.toMatchObject({ name: "AccessDenied" });
    await expectGone("v/1/");
  });

  it("in parts goes on when the grant is renewed between two of them", async () => {
    const writes = recordWrites();
    const body = threeParts(writes, () => {
      laterMs = 61_000;
      Object.assign(grant, { from: new Date(Date.now() + 61_000), until: new Date(Date.now() + 121_000) });
    });
    expect(await store.put("v/1/x", body, grant)).toEqual({ sizeBytes: 18 * MB });
    const expected = Buffer.concat([Buffer.alloc(9 * MB, "a"), Buffer.alloc(9 * MB, "b")]);
    expect((await store.get("v/1/x")).equals(expected)).toBe(true);
    const ends = new Set(writes.map(({ query }) => termOf(query).until));
    expect(ends).toHaveProperty("size", 2);
  });

  it.each([
    ["a stream", () => Readable.from([Buffer.alloc(20 * MB, "s")])],
    ["bytes in memory", () => new Uint8Array(20 * MB).fill(115)],
  ])("sends %s in parts of 8 MB at most", async (_kind, body) => {
    const writes = recordWrites();
    expect(await store.put("v/1/x", body(), grant)).toEqual({ sizeBytes: 20 * MB });
    const parts = writes.filter(({ method }) => method === "PUT");
    expect(parts.map(({ query }) => query.get("partNumber")).sort()).toEqual(["1", "2", "3"]);
    expect(parts.map(({ bytes }) => bytes).sort((a, b) => b - a)).toEqual([8 * MB, 8 * MB, 4 * MB]);
    expect((await store.get("v/1/x")).equals(Buffer.alloc(20 * MB, "s"))).toBe(true);
  });

  it("of 8 MB in memory is one request", async () => {
    const writes = recordWrites();
    await store.put("v/1/x", Buffer.alloc(8 * MB), grant);
    expect(writes.map(({ bytes }) => bytes)).toEqual([8 * MB]);
  });

  it("under a grant without any time is not sent", async () => {
    const writes = recordWrites();
    await expect(store.put("v/1/x", Buffer.from("x"), { ...grant, until: grant.from })).rejects.toThrow(/over/);
    await expect(store.presignPut("v/1/x", png, { ...grant, until: grant.from })).rejects.toThrow(/over/);
    expect(writes).toEqual([]);
  });
});

describe("a URL to put a file to", () => {
  const send = (url: string, body = "file", contentType = "image/png") =>
    fetch(url, { method: "PUT", body, headers: { "Content-Type": contentType } });

  it("takes that file, and ends with its grant", async () => {
    const url = await store.presignPut("v/1/x", png, grant);
    expect(termOf(new URL(url).searchParams)).toEqual({
      from: wholeSeconds(grant.from),
      until: wholeSeconds(grant.until),
    });
    expect((await send(url)).status).toBe(200);
    laterMs = 61_000;
    expect((await send(url, "late")).status).toBe(403);
    expect((await store.get("v/1/x")).toString()).toBe("file");
  });

  it("is refused once anything of it is another", async () => {
    const url = await store.presignPut("v/1/x", png, grant);
    const changed: [string, string][] = [
      ["/v/1/x", "/v/1/y"],
      [`bucket-${place}`, "bucket"],
      ["X-Amz-Expires=60", "X-Amz-Expires=6000"],
      [/X-Amz-Date=\d{8}/.exec(url)![0], "X-Amz-Date=20991231"],
      ["X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost", "X-Amz-SignedHeaders=host"],
      [/X-Amz-Signature=./.exec(url)![0], "X-Amz-Signature=z"],
    ];
    for (const [part, other] of changed) {
      expect(url).toContain(part);
      expect((await send(url.replace(part, other))).status).toBe(403);
    }
    expect((await send(url.split("?")[0]!)).status).toBe(403);
    expect((await send(url, "a longer one")).status).toBe(403);
    expect((await send(url, "file", "text/html")).status).toBe(403);
    expect(await keys("v/1/")).toEqual([]);
  });
});

describe("what is sealed on s3", () => {
  const begin = (Key: string) =>
    client.send(new CreateMultipartUploadCommand({ Bucket: `bucket-${place}`, Key: `outer/${Key}` }));

  it("has its unfinished uploads ended, and none outside; it is not gone while one is listed", async () => {
    for (const key of ["v/1/a", "v/1/a", "v/1/b/c", "v/10/x"]) await begin(key);
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect(await sealed.isGone()).toBe(true);
    await begin("v/1/late");
    expect([await sealed.isGone(), await keys("v/1/")]).toEqual([false, []]);
    const again = await store.seal("receipt", ["v/1/"]);
    expect([await again.isGone(), await sealed.isGone()]).toEqual([true, true]);
    expect(await unfinished("v/")).toEqual(["v/10/x"]);
  });

  it("lets an upload fail that was under way, and nothing of it appears", async () => {
    const writes = recordWrites();
    const body = new PassThrough();
    const putting = store.put("v/1/x", body, grant).catch((error: Error) => error.name);
    body.write(Buffer.alloc(9 * MB));
    await firstPart(writes);
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect(await sealed.isGone()).toBe(true);
    body.end(Buffer.alloc(9 * MB));
    expect(await putting).toBe("NoSuchUpload");
    expect([await sealed.isGone(), await keys("v/1/")]).toEqual([true, []]);
  });

  it("has what came late found by the next", async () => {
    const sealed = await store.seal("receipt", ["v/1/"]);
    await storeFile("v/1/late", Buffer.from("late"), store);
    expect(await sealed.isGone()).toBe(false);
    const again = await store.seal("receipt", ["v/1/"]);
    expect(await again.count()).toEqual({ files: 1, bytes: 4 });
    await again.remove();
    expect(await sealed.isGone()).toBe(true);
  });

  it("is not taken for gone by an answer's first page", async () => {
    const upload = "<Upload><Key>outer/v/1/x</Key><UploadId>2</UploadId></Upload>";
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { searchParams } = new URL(request.url!, "http://s3");
      response.setHeader("content-type", "application/xml");
      if (!searchParams.has("uploads")) return void response.end("<ListBucketResult></ListBucketResult>");
      const marker = ["prefix", "key-marker", "upload-id-marker"].map((name) => searchParams.get(name) ?? "");
      asked.push(marker.join());
      const page = asked.length % 2 === 0 ? upload : "<IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>";
      const next = "<NextUploadIdMarker>u</NextUploadIdMarker>";
      response.end(`<ListMultipartUploadsResult>${page}${next}</ListMultipartUploadsResult>`);
    });
    const store = createBlobStore(await listen(server, "bucket/outer"));
    expect(await (await store.seal("receipt", ["v/1/"])).isGone()).toBe(false);
    expect(asked).toEqual(["outer/v/1/,,", "outer/v/1/,k,u", "outer/v/1/,,", "outer/v/1/,k,u"]);
  });

  it("is looked at by its objects alone in a store that cannot list unfinished uploads", async () => {
    let listing = "<Contents><Key>v/1/x</Key><Size>2</Size></Contents>";
    const server = createServer((request, response) => {
      response.setHeader("content-type", "application/xml");
      if (/[?&]uploads/.test(request.url!))
        response.writeHead(501).end("<Error><Code>NotImplemented</Code><Message>No.</Message></Error>");
      else response.end(`<ListBucketResult>${listing}</ListBucketResult>`);
    });
    const sealed = await createBlobStore(await listen(server, "bucket")).seal("receipt", ["v/1/"]);
    expect([await sealed.count(), await sealed.isGone()]).toEqual([{ files: 1, bytes: 2 }, false]);
    listing = "";
    expect(await sealed.isGone()).toBe(true);
  });
});

describe("a blob store on s3", () => {
  it("is let in by no other secret, to read or to write", async () => {
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "another");
    onTestFinished(() => void vi.stubEnv("AWS_SECRET_ACCESS_KEY", "S3RVER"));
    const stranger = createBlobStore(s3.url(`bucket-${place}/outer`));
    for (const attempt of [
      () => stranger.put("v/1/x", Buffer.from("x"), grant),
      () => stranger.get("v/1/x"),
      () => stranger.remove(["v/1/x"]),
      () => keysUnder(stranger, "v/1/"),
    ])
      await expect(attempt()).rejects.toMatchObject({ name: "SignatureDoesNotMatch" });
  });

  it("does not take a missing bucket for an empty one", async () => {
    const store = createBlobStore(s3.url("no-such-bucket"));
    await expect(store.removePrefix("v/1/")).rejects.toThrow(/\(blob "v\/1\/"\)$/);
    await expect(keysUnder(store, "v/1/")).rejects.toThrow();
    await expect(store.seal("receipt", ["v/1/"])).rejects.toThrow(/\(blob "v\/1\/"\)$/);
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

  it("sends the MD5 of what it asks to remove, for the stores that want one", async () => {
    const fits: boolean[] = [];
    const server = createServer(async (request, response) => {
      const hash = createHash("md5").update(Buffer.concat(await request.toArray()));
      fits.push(request.headers["content-md5"] === hash.digest("base64"));
      response.setHeader("content-type", "application/xml").end("<DeleteResult></DeleteResult>");
    });
    await createBlobStore(await listen(server, "bucket")).remove(["v/1/x"]);
    expect(fits).toEqual([true]);
  });

  it("takes a NoSuchKey in that answer for success", async () => {
    const answer = `<?xml version="1.0"?><DeleteResult><Error><Key>v/1/x</Key><Code>NoSuchKey</Code></Error></DeleteResult>`;
    const server = createServer(
      (_request, response) => void response.setHeader("content-type", "application/xml").end(answer),
    );
    await createBlobStore(await listen(server, "bucket")).remove(["v/1/x"]);
  });
});

/** Neither an object nor an unfinished upload is left under the prefix. */
async function expectGone(prefix: string): Promise<void> {
  expect(await keys(prefix)).toEqual([]);
  expect(await unfinished(prefix)).toEqual([]);
}

/** The keys of the uploads that nobody has completed, as the server lists them. */
async function unfinished(prefix: string): Promise<string[]> {
  const command = new ListMultipartUploadsCommand({ Bucket: `bucket-${place}`, Prefix: `outer/${prefix}` });
  const { Uploads = [] } = await client.send(command);
  return Uploads.map(({ Key = "" }) => Key.replace("outer/", "")).sort();
}

async function listen(server: Server, bucket: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return s3Url((server.address() as AddressInfo).port, bucket);
}
