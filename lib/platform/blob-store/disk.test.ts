import { watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createBlobStore, type BlobStore } from "@/lib/platform/blob-store";

let scratch: string;

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "blob-store-"));
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

let place = 0;

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

async function keys(store: BlobStore, prefix: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix)) found.push(key);
  return found.sort();
}
