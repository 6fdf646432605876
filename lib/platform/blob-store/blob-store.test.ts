import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BlobKeyError, BlobNotFoundError, createBlobStore, type BlobStore } from "@/lib/platform/blob-store";
import { startS3 } from "@/lib/testing/s3";
import { grantFor, keysUnder, storeFile } from "@/lib/testing/store-file";

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

const PNG = { contentType: "image/png", sizeBytes: 1 };
let place = 0;
const kinds: [string, number, () => string][] = [
  ["disk", 2105, () => `file://${scratch}/disk-${place}`],
  ["s3", 1105, () => s3.url(`bucket-${place}`)],
  ["s3 with a prefix of its own", 5, () => s3.url(`bucket/deep/er-${place}`)],
];

describe.each(kinds)("a blob store on %s", (_kind, many, url) => {
  let store: BlobStore;
  const put = (key: string, body: Uint8Array | Readable) => storeFile(key, body, store);
  const keys = (prefix: string) => keysUnder(store, prefix);
  beforeEach(async () => {
    place += 1;
    await s3.makeBucket(`bucket-${place}`);
    store = createBlobStore(url(), { durable: false });
    await put("neighbours/keep.txt", Buffer.from("keep"));
  });

  it("gives back exactly the bytes that were put, and their number", async () => {
    const bytes = randomBytes(4321);
    expect(await put("a/b/c.bin", bytes)).toEqual({ sizeBytes: 4321 });
    expect(await store.get("a/b/c.bin")).toEqual(bytes);
    expect(await put("a/empty", new Uint8Array())).toEqual({ sizeBytes: 0 });
    expect(await store.get("a/empty")).toHaveLength(0);
  });

  it("stores a stream of 20 MB and streams it back unchanged", async () => {
    const chunks = Array.from({ length: 20 }, (_, i) => createHash("sha512").update(String(i)).digest());
    const parts = chunks.map((chunk) => Buffer.alloc(1024 * 1024, chunk));
    expect(await put("a/large.bin", Readable.from(parts))).toEqual({ sizeBytes: 20 * 1024 * 1024 });
    const expected = createHash("sha256");
    parts.forEach((part) => expected.update(part));
    const actual = createHash("sha256");
    for await (const chunk of await store.stream("a/large.bin")) actual.update(chunk);
    expect(actual.digest("hex")).toBe(expected.digest("hex"));
    const part = await buffer(await store.stream("a/large.bin", { start: 1024 * 1024 - 2, end: 1024 * 1024 + 1 }));
    expect(part).toEqual(Buffer.concat([parts[0]!.subarray(-2), parts[1]!.subarray(0, 2)]));
    expect(await buffer(await store.stream("a/large.bin", { start: 5, end: 5 }))).toEqual(parts[0]!.subarray(5, 6));
  });

  it("overwrites", async () => {
    await put("a/x", Buffer.from("a longer first text"));
    await put("a/x", Readable.from([Buffer.from("second")]));
    expect((await store.get("a/x")).toString()).toBe("second");
  });

  it("keeps the old bytes when a stream breaks in the middle, and leaves nothing else behind", async () => {
    await put("a/x", Buffer.from("old"));
    const broken = Readable.from(
      (function* () {
        yield Buffer.alloc(9 * 1024 * 1024);
        throw new Error("the upload was cut");
      })(),
    );
    await expect(put("a/x", broken)).rejects.toThrow("the upload was cut");
    expect((await store.get("a/x")).toString()).toBe("old");
    expect(await keys("a/")).toEqual(["a/x"]);
  });

  it("says which blob is missing", async () => {
    await put("a/b/c", Buffer.from("x"));
    for (const key of ["a/none", "none/none", "a/b"]) {
      await expect(store.get(key)).rejects.toThrow(new BlobNotFoundError(key));
      await expect(store.stream(key)).rejects.toBeInstanceOf(BlobNotFoundError);
    }
  });

  it("lists everything under a prefix with sizes, and nothing beside it", async () => {
    await put("v/1/manifest.json", Buffer.from("{}"));
    await put("v/1/images/train/one.png", Buffer.from("one"));
    await put("v/10/other.png", Buffer.from("other"));
    const found = [];
    for await (const blob of store.list("v/1/")) found.push(blob);
    expect(found.sort((a, b) => a.key.localeCompare(b.key))).toEqual([
      { key: "v/1/images/train/one.png", sizeBytes: 3 },
      { key: "v/1/manifest.json", sizeBytes: 2 },
    ]);
    expect(await keys("v/2/")).toEqual([]);
  });

  it("removes keys, takes a missing one for done, and does not take a key for a prefix", async () => {
    await put("a/1", Buffer.from("1"));
    await put("a/2/deep", Buffer.from("2"));
    await store.remove(["a/1", "a/none", "nowhere/none", "a/2"]);
    expect(await keys("a/")).toEqual(["a/2/deep"]);
    await store.remove([]);
  });

  it(
    `seals ${many} blobs under two prefixes, counts and removes them, and nothing outside`,
    { timeout: 30_000 },
    async () => {
      const inside = Array.from({ length: many }, (_, i) => `v/1/images/${String(i).padStart(5, "0")}.png`);
      await putMany(store, "v/1/", inside, Buffer.from("1234"));
      await put("v/1/manifest.json", Buffer.from("12"));
      await put("u/1/x", Buffer.from("123"));
      await put("v/10/x", Buffer.from("x"));
      await put("v/1x", Buffer.from("x"));
      const sealed = await store.seal("receipt", ["v/1/", "u/1/", "none/1/"]);
      expect(await sealed.isGone()).toBe(false);
      const total = { files: many + 2, bytes: 4 * many + 5 };
      expect([await sealed.count(), await sealed.count()]).toEqual([total, total]);
      await sealed.remove();
      expect(await sealed.isGone()).toBe(true);
      expect(await sealed.count()).toEqual({ files: 0, bytes: 0 });
      expect([await keys("v/"), await keys("u/")]).toEqual([["v/10/x", "v/1x"], []]);
      expect((await store.get("neighbours/keep.txt")).toString()).toBe("keep");
      const again = await store.seal("receipt", ["v/1/", "u/1/", "none/1/"]);
      expect([await again.count(), await again.isGone()]).toEqual([{ files: 0, bytes: 0 }, true]);
      await again.remove();
    },
  );

  it("seals single files of folders that others write to, counts and removes them, and leaves what lies beside them", async () => {
    const named = ["p/1/images/a", "p/1/thumbs/a", "p/1/images/none", "p/none/images/a"];
    for (const key of ["p/1/images/a", "p/1/images/ab", "p/1/images/b", "p/1/thumbs/a", "p/10/images/a"])
      await put(key, Buffer.from("12"));
    const sealed = await store.sealFiles("receipt", named);
    expect(await sealed.isGone()).toBe(false);
    expect(await sealed.count()).toEqual({ files: 2, bytes: 4 });
    await put("p/1/images/later", Buffer.from("12"));
    await sealed.remove();
    expect(await sealed.isGone()).toBe(true);
    const left = ["p/1/images/ab", "p/1/images/b", "p/1/images/later", "p/10/images/a"];
    expect(await keys("p/")).toEqual(left);
    await put("p/1/images/a", Buffer.from("late"));
    expect(await sealed.isGone()).toBe(false);
    const again = await store.sealFiles("receipt", named);
    expect(await again.count()).toEqual({ files: 1, bytes: 4 });
    await Promise.all([again.remove(), again.remove()]);
    expect([await again.isGone(), await keys("p/")]).toEqual([true, left]);
    expect(await (await store.sealFiles("receipt", [])).isGone()).toBe(true);
  });

  it("removes a prefix, twice as well, and nothing outside it", async () => {
    for (const key of ["v/1/a/b", "v/1/manifest.json", "v/10/x", "v/1x"]) await put(key, Buffer.from("x"));
    await store.removePrefix("v/1/");
    await store.removePrefix("v/1/");
    expect(await keys("v/")).toEqual(["v/10/x", "v/1x"]);
  });

  it("removes a list of 1,100 keys, most of which are missing", async () => {
    const all = Array.from({ length: 1100 }, (_, i) => `v/2/${i}`);
    await putMany(store, "v/2/", all.slice(990, 1010), Buffer.from("x"));
    await store.remove(all);
    expect(await keys("v/2/")).toEqual([]);
  });

  it("carries on with a removal that stopped half way, and counts only what was left", async () => {
    for (const name of ["1", "2", "3", "manifest.json"]) await put(`v/1/${name}`, Buffer.from("xx"));
    await store.remove(["v/1/1", "v/1/2"]);
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect(await sealed.count()).toEqual({ files: 2, bytes: 4 });
    await sealed.remove();
    await sealed.remove();
    expect(await sealed.isGone()).toBe(true);
  });

  it("removes twice at once without an error", async () => {
    const all = Array.from({ length: 200 }, (_, i) => `v/1/${i % 7}/${i}`);
    await putMany(store, "v/1/", all, Buffer.from("x"));
    await Promise.all([store.removePrefix("v/1/"), store.removePrefix("v/1/")]);
    expect(await keys("v/1/")).toEqual([]);

    await putMany(
      store,
      "v/2/",
      all.map((key) => key.replace("v/1/", "v/2/")),
      Buffer.from("x"),
    );
    const sealed = await Promise.all([store.seal("receipt", ["v/2/"]), store.seal("receipt", ["v/2/"])]);
    await Promise.all(sealed.map((files) => files.remove()));
    expect(await Promise.all(sealed.map((files) => files.isGone()))).toEqual([true, true]);
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
    await expect(store.put(key, body, grantFor("neighbours/"))).rejects.toBeInstanceOf(BlobKeyError);
    expect(body.destroyed).toBe(true);
    await expect(store.get(key)).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.stream(key)).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.remove(["neighbours/keep.txt", key])).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.presignPut(key, PNG, grantFor("neighbours/"))).rejects.toBeInstanceOf(BlobKeyError);
    await expect(store.sealFiles("receipt", ["neighbours/keep.txt", key])).rejects.toBeInstanceOf(BlobKeyError);
    expect((await store.get("neighbours/keep.txt")).toString()).toBe("keep");
  });

  it.each(["", "/", "neighbours", "../", "a/../", "neighbours//", "./", "*/", "neighbours/../neighbours/"])(
    "refuses the prefix %j everywhere and removes nothing",
    async (prefix) => {
      const grant = grantFor(prefix);
      for (const attempt of [
        () => store.removePrefix(prefix),
        () => keys(prefix),
        () => store.seal("receipt", ["neighbours/", prefix]),
        () => store.makeRoot(prefix),
        () => store.open(grant),
        () => store.put("neighbours/x", Buffer.from("x"), grant),
        () => store.close(grant),
      ])
        await expect(attempt()).rejects.toBeInstanceOf(BlobKeyError);
      expect(await keys("neighbours/")).toEqual(["neighbours/keep.txt"]);
    },
  );

  it("writes nothing outside the root of its grant, and makes no root outside another's", async () => {
    const grant = grantFor("v/1/");
    await store.makeRoot(grant.root);
    await store.open(grant);
    for (const key of ["v/10/x", "v/x", "neighbours/keep.txt"]) {
      const body = Readable.from([Buffer.from("x")]);
      await expect(store.put(key, body, grant)).rejects.toBeInstanceOf(BlobKeyError);
      expect(body.destroyed).toBe(true);
      await expect(store.presignPut(key, PNG, grant)).rejects.toBeInstanceOf(BlobKeyError);
    }
    for (const within of ["v/2/", "v/1", "", "/"])
      await expect(store.makeRoot("v/1/trainings/2/", within)).rejects.toBeInstanceOf(BlobKeyError);
    expect([await keys("v/"), (await store.get("neighbours/keep.txt")).toString()]).toEqual([[], "keep"]);
  });

  it.each(["", ".", "..", "a/b", "../x", ".hidden"])(
    "takes no %j for the name of a grant or of what is sealed",
    async (name) => {
      const grant = { ...grantFor("neighbours/"), id: name };
      await expect(store.open(grant)).rejects.toBeInstanceOf(BlobKeyError);
      await expect(store.close(grant)).rejects.toBeInstanceOf(BlobKeyError);
      await expect(store.put("neighbours/x", Buffer.from("x"), grant)).rejects.toBeInstanceOf(BlobKeyError);
      await expect(store.seal(name, ["neighbours/"])).rejects.toBeInstanceOf(BlobKeyError);
      await expect(store.sealFiles(name, ["neighbours/keep.txt"])).rejects.toBeInstanceOf(BlobKeyError);
      expect(await keys("neighbours/")).toEqual(["neighbours/keep.txt"]);
    },
  );
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

/** Puts the same bytes at many keys, under one grant, twenty at a time. */
async function putMany(store: BlobStore, root: string, keys: readonly string[], body: Uint8Array): Promise<void> {
  const grant = grantFor(root);
  await store.makeRoot(root);
  await store.open(grant);
  for (let start = 0; start < keys.length; start += 20)
    await Promise.all(keys.slice(start, start + 20).map((key) => store.put(key, body, grant)));
  await store.close(grant);
}
