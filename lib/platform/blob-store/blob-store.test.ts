import { createHash, randomBytes } from "node:crypto";
import { watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { BlobKeyError, BlobNotFoundError, createBlobStore, type BlobStore } from "@/lib/platform/blob-store";
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

let place = 0;
const kinds: [string, number, () => string][] = [
  ["disk", 2105, () => `file://${scratch}/disk-${place}`],
  ["s3", 1105, () => s3.url(`bucket-${place}`)],
  ["s3 with a prefix of its own", 5, () => s3.url(`bucket/deep/er-${place}`)],
];

describe.each(kinds)("a blob store on %s", (_kind, many, url) => {
  let store: BlobStore;
  beforeEach(async () => {
    place += 1;
    await s3.makeBucket(`bucket-${place}`);
    store = createBlobStore(url(), { durable: false });
    await store.put("neighbours/keep.txt", Buffer.from("keep"));
  });

  it("gives back exactly the bytes that were put, and their number", async () => {
    const bytes = randomBytes(4321);
    expect(await store.put("a/b/c.bin", bytes)).toEqual({ sizeBytes: 4321 });
    expect(await store.get("a/b/c.bin")).toEqual(bytes);
    expect(await store.put("a/empty", new Uint8Array())).toEqual({ sizeBytes: 0 });
    expect(await store.get("a/empty")).toHaveLength(0);
  });

  it("stores a stream of 20 MB and streams it back unchanged", async () => {
    const chunks = Array.from({ length: 20 }, (_, i) => createHash("sha512").update(String(i)).digest());
    const parts = chunks.map((chunk) => Buffer.alloc(1024 * 1024, chunk));
    expect(await store.put("a/large.bin", Readable.from(parts))).toEqual({ sizeBytes: 20 * 1024 * 1024 });
    const expected = createHash("sha256");
    parts.forEach((part) => expected.update(part));
    const actual = createHash("sha256");
    for await (const chunk of await store.stream("a/large.bin")) actual.update(chunk);
    expect(actual.digest("hex")).toBe(expected.digest("hex"));
  });

  it("overwrites", async () => {
    await store.put("a/x", Buffer.from("a longer first text"));
    await store.put("a/x", Readable.from([Buffer.from("second")]));
    expect((await store.get("a/x")).toString()).toBe("second");
  });

  it("keeps the old bytes when a stream breaks in the middle, and leaves nothing else behind", async () => {
    await store.put("a/x", Buffer.from("old"));
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(9 * 1024 * 1024);
        throw new Error("the upload was cut");
      })(),
    );
    await expect(store.put("a/x", broken)).rejects.toThrow("the upload was cut");
    expect((await store.get("a/x")).toString()).toBe("old");
    expect(await keys(store, "a/")).toEqual(["a/x"]);
  });

  it("says which blob is missing", async () => {
    await store.put("a/b/c", Buffer.from("x"));
    for (const key of ["a/none", "none/none", "a/b"]) {
      await expect(store.get(key)).rejects.toThrow(new BlobNotFoundError(key));
      await expect(store.stream(key)).rejects.toBeInstanceOf(BlobNotFoundError);
    }
  });

  it("lists everything under a prefix with sizes, and nothing beside it", async () => {
    await store.put("v/1/manifest.json", Buffer.from("{}"));
    await store.put("v/1/images/train/one.png", Buffer.from("one"));
    await store.put("v/10/other.png", Buffer.from("other"));
    const found = [];
    for await (const blob of store.list("v/1/")) found.push(blob);
    expect(found.sort((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: "v/1/images/train/one.png", sizeBytes: 3 },
      { key: "v/1/manifest.json", sizeBytes: 2 },
    ]);
    expect(await keys(store, "v/2/")).toEqual([]);
  });

  it("removes keys, takes a missing one for done, and does not take a key for a prefix", async () => {
    await store.put("a/1", Buffer.from("1"));
    await store.put("a/2/deep", Buffer.from("2"));
    await store.remove(["a/1", "a/none", "nowhere/none", "a/2"]);
    expect(await keys(store, "a/")).toEqual(["a/2/deep"]);
    await store.remove([]);
  });

  it(`removes ${many} blobs under a prefix, counts them, and nothing outside it`, { timeout: 30_000 }, async () => {
    const inside = Array.from({ length: many }, (_, i) => `v/1/images/${String(i).padStart(5, "0")}.png`);
    await each(inside, (key) => store.put(key, Buffer.from("1234")));
    await store.put("v/1/manifest.json", Buffer.from("12"));
    await store.put("v/10/x", Buffer.from("x"));
    await store.put("v/1x", Buffer.from("x"));
    expect(await store.removePrefix("v/1/", { last: ["v/1/manifest.json"] })).toEqual({
      files: many + 1,
      bytes: 4 * many + 2,
    });
    expect(await keys(store, "v/")).toEqual(["v/10/x", "v/1x"]);
    expect((await store.get("neighbours/keep.txt")).toString()).toBe("keep");
    expect(await store.removePrefix("v/1/", { last: ["v/1/manifest.json"] })).toEqual({ files: 0, bytes: 0 });
  });

  it("removes a list of 1,100 keys, most of which are missing", async () => {
    const all = Array.from({ length: 1100 }, (_, i) => `v/2/${i}`);
    await each(all.slice(990, 1010), (key) => store.put(key, Buffer.from("x")));
    await store.remove(all);
    expect(await keys(store, "v/2/")).toEqual([]);
  });

  it("carries on with a removal that stopped half way, and counts only what was left", async () => {
    for (const name of ["1", "2", "3", "manifest.json"]) await store.put(`v/1/${name}`, Buffer.from("xx"));
    await store.remove(["v/1/1", "v/1/2"]);
    expect(await store.removePrefix("v/1/", { last: ["v/1/manifest.json"] })).toEqual({ files: 2, bytes: 4 });
  });

  it("removes twice at once without an error", async () => {
    await each(
      Array.from({ length: 200 }, (_, i) => `v/1/${i % 7}/${i}`),
      (key) => store.put(key, Buffer.from("x")),
    );
    await Promise.all([store.removePrefix("v/1/"), store.removePrefix("v/1/")]);
    expect(await keys(store, "v/1/")).toEqual([]);
  });

  it.each([
    "",
    "/",
    "/etc/passwd",
    "a/../b",
    "..",
    "a/..",
    "./a",
    "a/.",
    "a//b",
    "a/",
    ".hidden",
    "-a",
    "a b",
    "a\\b",
    "a\0b",
    "a%2e",
    "ä",
    "a\n",
    "a".repeat(513),
  ])("refuses the key %j everywhere and touches nothing", async (key) => {
    const body = Readable.from([Buffer.from("x")]);
    await expect(store.put(key, body)).rejects.toBeInstanceOf(BlobKeyError);
    expect(body.destroyed).toBe(true);
    await expect(store.get(key)).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.stream(key)).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.remove(["neighbours/keep.txt", key])).rejects.toBeInstanceOf(BlobKeyError);
    await expect(
      store.presignPut(key, { contentType: "image/png", sizeBytes: 1, expiresSeconds: 1 }),
    ).rejects.toBeInstanceOf(BlobKeyError);
    expect((await store.get("neighbours/keep.txt")).toString()).toBe("keep");
  });

  it.each(["", "/", "neighbours", "../", "a/../", "neighbours//", "./", "*/", "neighbours/../neighbours/"])(
    "refuses the prefix %j and removes nothing",
    async (prefix) => {
      await expect(store.removePrefix(prefix)).rejects.toBeInstanceOf(BlobKeyError);
      await expect(keys(store, prefix)).rejects.toBeInstanceOf(BlobKeyError);
      expect((await store.get("neighbours/keep.txt")).toString()).toBe("keep");
    },
  );

  it("refuses a last key outside the prefix before it removes anything", async () => {
    await store.put("v/1/x", Buffer.from("x"));
    await expect(store.removePrefix("v/1/", { last: ["neighbours/keep.txt"] })).rejects.toBeInstanceOf(BlobKeyError);
    expect(await keys(store, "v/1/")).toEqual(["v/1/x"]);
  });
});

describe("a blob store on disk", () => {
  let root: string;
  let store: BlobStore;
  beforeEach(async () => {
    place += 1;
    root = path.join(scratch, `disk-${place}`);
    store = createBlobStore(`file://${root}`);
    await store.put("v/1/x.png", Buffer.from("x"));
  });

  it("has no URL to send a file to", async () => {
    await expect(
      store.presignPut("v/1/y", { contentType: "image/png", sizeBytes: 1, expiresSeconds: 60 }),
    ).rejects.toThrow("no URLs");
  });

  it("keeps what it writes from other users of the machine", async () => {
    expect((await stat(path.join(root, "v/1/x.png"))).mode & 0o777).toBe(0o600);
    for (const folder of ["", "v", "v/1"]) expect((await stat(path.join(root, folder))).mode & 0o777).toBe(0o700);
  });

  it("never shows a reader a part of a blob while it is being replaced", async () => {
    const [first, second] = [Buffer.alloc(300_000, "a"), Buffer.alloc(500_000, "b")];
    await store.put("v/1/y", first);
    const stop = new AbortController();
    const writing = (async () => {
      for (let i = 0; i < 40; i++) await store.put("v/1/y", i % 2 ? first : Readable.from([second]));
      stop.abort();
    })();
    while (!stop.signal.aborted) {
      const seen = await store.get("v/1/y");
      expect(seen.equals(first) || seen.equals(second)).toBe(true);
    }
    await writing;
  });

  it("removes the empty folders of a prefix, and leaves those above it", async () => {
    await store.put("v/1/images/train/1.png", Buffer.from("x"));
    await store.put("v/1/a/manifest.json", Buffer.from("x"));
    await store.removePrefix("v/1/", { last: ["v/1/a/manifest.json"] });
    expect(await readdir(path.join(root, "v"))).toEqual([]);
  });

  it("removes the last keys after all others", async () => {
    for (const name of ["a", "manifest.json", "z"]) await store.put(`v/3/${name}`, Buffer.from("x"));
    const gone: string[] = [];
    const watcher = watch(path.join(root, "v/3"), (_event, name) => void gone.push(name ?? ""));
    onTestFinished(() => watcher.close());
    await store.removePrefix("v/3/", { last: ["v/3/manifest.json"] });
    await expect.poll(() => gone).toContain("manifest.json");
    const order = gone.filter((name) => ["a", "manifest.json", "z"].includes(name));
    expect(order).toHaveLength(3);
    expect(order.at(-1)).toBe("manifest.json");
  });

  it("lists and removes what a crashed upload left", async () => {
    await writeFile(path.join(root, "v/1/.tmp-left"), "part");
    expect(await keys(store, "v/1/")).toEqual(["v/1/.tmp-left", "v/1/x.png"]);
    expect(await store.removePrefix("v/1/")).toEqual({ files: 2, bytes: 5 });
  });

  it("never follows a symbolic link: unlinks one inside a prefix, refuses one on the way", async () => {
    const outside = path.join(scratch, `outside-${place}`);
    await mkdir(outside);
    await writeFile(path.join(outside, "precious"), "precious");
    await symlink(outside, path.join(root, "v/1/folder"));
    await symlink(path.join(outside, "precious"), path.join(root, "v/1/file"));
    await symlink(outside, path.join(root, "linked"));
    await symlink(path.join(outside, "nothing"), path.join(root, "dangling"));

    for (const key of ["v/1/folder/precious", "v/1/file", "linked/precious"])
      await expect(store.get(key)).rejects.toThrow(/symbolic link/);
    for (const key of ["linked/new", "dangling/new"]) {
      await expect(store.put(key, Buffer.from("x"))).rejects.toThrow(/symbolic link/);
      await expect(store.remove([key])).rejects.toThrow(/symbolic link/);
    }
    for (const prefix of ["linked/", "dangling/", "v/1/folder/"]) {
      await expect(store.removePrefix(prefix)).rejects.toThrow(/symbolic link/);
      await expect(keys(store, prefix)).rejects.toThrow(/symbolic link/);
    }
    expect((await store.removePrefix("v/1/")).files).toBe(3);
    expect(await readdir(outside)).toEqual(["precious"]);
    expect(await readFile(path.join(outside, "precious"), "utf8")).toBe("precious");
  });

  it("does not take a store that is away for an empty one", async () => {
    await rename(root, `${root}-away`);
    await expect(store.removePrefix("v/1/")).rejects.toThrow(/folder is missing/);
    await expect(keys(store, "v/1/")).rejects.toThrow(/folder is missing/);
    await expect(store.remove(["v/1/x.png"])).rejects.toThrow(/folder is missing/);
    await expect(store.get("v/1/x.png")).rejects.toThrow(/folder is missing/);
    await rename(`${root}-away`, root);
    expect(await store.removePrefix("v/1/")).toEqual({ files: 1, bytes: 1 });
  });

  it("throws the original error with the key in it", async () => {
    const failure = store.put("v/1/x.png/below", Buffer.from("x"));
    await expect(failure).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOTDIR|EEXIST)$/),
      message: expect.stringContaining('(blob "v/1/x.png/below")'),
    });
  });

  it("survives uploads and removals of one prefix at the same time", async () => {
    const uploads = Array.from({ length: 150 }, (_, i) =>
      store.put(`v/2/${i % 5}/${i}`, Buffer.from("x")).catch((error: { code?: string }) => error.code),
    );
    const removals = Array.from({ length: 20 }, () => store.removePrefix("v/2/"));
    await Promise.all(removals);
    for (const outcome of await Promise.all(uploads)) expect([{ sizeBytes: 1 }, "ENOENT"]).toContainEqual(outcome);
    await store.removePrefix("v/2/");
    expect(await keys(store, "v/2/")).toEqual([]);
    expect(await readdir(path.join(root, "v"))).toEqual(["1"]);
  });
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

describe("the blob store's URL", () => {
  it.each([
    ["nonsense", /begin with/],
    ["http://bucket", /begin with/],
    ["file:///", /root folder/],
    ["file://host/x", /file:\/\/\//],
    ["file:///x?durable=false", /file:\/\/\//],
    ["s3:///x", /no bucket/],
    ["s3://id:secret@bucket", /credentials/],
    ["s3://bucket/a/../../b//c", /prefix/],
    ["s3://bucket?forcePathStyle=yes", /forcePathStyle/],
    ["s3://bucket?endpont=http://localhost", /endpont/],
  ])("%s is refused with a sentence", (url, sentence) => {
    expect(() => createBlobStore(url)).toThrow(sentence);
    expect(() => createBlobStore(url)).not.toThrow(/secret/);
  });
});

async function keys(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}

async function each<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += 20) await Promise.all(items.slice(start, start + 20).map(work));
}

async function listen(server: Server, bucket: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  return s3Url((server.address() as AddressInfo).port, bucket);
}
