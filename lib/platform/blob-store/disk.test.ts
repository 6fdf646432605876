import { existsSync, renameSync, watch } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { PassThrough, Readable } from "node:stream";
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createBlobStore, type BlobStore, type WriteGrant } from "@/lib/platform/blob-store";
import { grantFor, keysUnder, storeFile } from "@/lib/testing/store-file";

let scratch: string;
let place = 0;
let root: string;
let store: BlobStore;
const put = (key: string, body: Uint8Array | Readable) => storeFile(key, body, store);
const keys = (prefix: string) => keysUnder(store, prefix);
const names = async (folder: string) => (await readdir(path.join(root, folder))).sort();
const x = Buffer.from("x");

beforeAll(async () => {
  scratch = await mkdtemp(path.join(tmpdir(), "disk-"));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));
beforeEach(async () => {
  place += 1;
  root = path.join(scratch, `disk-${place}`);
  store = createBlobStore(`file://${root}`);
  await put("v/1/x.png", x);
});

/** A grant that its store is prepared for. */
async function openGrant(folder: string): Promise<WriteGrant> {
  const grant = grantFor(folder);
  await store.makeRoot(folder);
  await store.open(grant);
  return grant;
}

/** A put that has written 200,000 bytes and waits for the rest; `outcome` is its error's code once it got that. */
async function beginPut(key: string, grant: WriteGrant): Promise<{ end: () => Promise<unknown> }> {
  const body = new PassThrough();
  const putting = store.put(key, body, grant).catch((error: { code?: string }) => error.code);
  body.write(Buffer.alloc(200_000));
  await expect.poll(() => unfinishedBytes(grant)).toBe(200_000);
  return {
    end() {
      body.end(Buffer.alloc(100_000));
      return putting;
    },
  };
}

async function unfinishedBytes({ id, root }: WriteGrant): Promise<number> {
  for await (const { key, sizeBytes } of store.list(root)) if (key.includes(id)) return sizeBytes;
  return 0;
}

describe("a blob store on disk", () => {
  it("has no URL to send a file to", async () => {
    await expect(
      store.presignPut("v/1/y", { contentType: "image/png", sizeBytes: 1 }, grantFor("v/1/")),
    ).rejects.toThrow("no URLs");
  });

  it("keeps what it writes from other users of the machine", async () => {
    await put("v/1/deep/er/x.png", x);
    const grant = await openGrant("v/2/");
    await (await store.seal("receipt", ["v/3/"])).count();
    await put("v/3/x", x);
    await store.seal("receipt", ["v/3/"]);
    expect((await stat(path.join(root, "v/1/x.png"))).mode & 0o777).toBe(0o600);
    const folders = ["", "v", "v/1", "v/1/deep/er", `v/2/.writing-${grant.id}`, "erased", "erased/receipt"];
    for (const folder of folders) expect((await stat(path.join(root, folder))).mode & 0o777).toBe(0o700);
  });

  it("never shows a reader a part of a blob while it is being replaced", async () => {
    const [first, second] = [Buffer.alloc(300_000, "a"), Buffer.alloc(500_000, "b")];
    await put("v/1/y", first);
    const stop = new AbortController();
    const writing = (async () => {
      for (let i = 0; i < 40; i++) await put("v/1/y", i % 2 ? first : Readable.from([second]));
      stop.abort();
    })();
    while (!stop.signal.aborted) {
      const seen = await store.get("v/1/y");
      expect(seen.equals(first) || seen.equals(second)).toBe(true);
    }
    await writing;
  });

  it("removes the empty folders of a prefix, and leaves those above it", async () => {
    await put("v/1/images/train/1.png", x);
    await put("v/1/a/manifest.json", x);
    await store.removePrefix("v/1/");
    expect(await names("v")).toEqual([]);
  });

  it("lists and removes what a crashed upload left", async () => {
    const grant = await openGrant("v/1/");
    await writeFile(path.join(root, `v/1/.writing-${grant.id}/left`), "part");
    expect(await keys("v/1/")).toEqual([`v/1/.writing-${grant.id}/left`, "v/1/x.png"]);
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect(await sealed.count()).toEqual({ files: 2, bytes: 5 });
  });

  it("never follows a symbolic link: unlinks one inside a prefix, refuses one on the way", async () => {
    const outside = path.join(scratch, `outside-${place}`);
    await mkdir(outside);
    await writeFile(path.join(outside, "precious"), "precious");
    await symlink(outside, path.join(root, "v/1/folder"));
    await symlink(path.join(outside, "precious"), path.join(root, "v/1/file"));
    await symlink(outside, path.join(root, "linked"));
    await symlink(path.join(outside, "nothing"), path.join(root, "dangling"));

    const within = await openGrant("v/1/");
    await expect(store.put("v/1/folder/new", x, within)).rejects.toThrow(/symbolic link/);
    for (const key of ["v/1/folder/precious", "v/1/file", "linked/precious"])
      await expect(store.get(key)).rejects.toThrow(/symbolic link/);
    for (const key of ["linked/new", "dangling/new"]) {
      const grant = grantFor(key.replace("new", ""));
      for (const attempt of [
        () => put(key, x),
        () => store.makeRoot(grant.root),
        () => store.open(grant),
        () => store.put(key, x, grant),
        () => store.close(grant),
        () => store.remove([key]),
      ])
        await expect(attempt()).rejects.toThrow(/symbolic link/);
    }
    for (const prefix of ["linked/", "dangling/", "v/1/folder/"]) {
      await expect(store.removePrefix(prefix)).rejects.toThrow(/symbolic link/);
      await expect(store.seal("receipt", [prefix])).rejects.toThrow(/symbolic link/);
      await expect(keys(prefix)).rejects.toThrow(/symbolic link/);
    }
    await store.close(within);
    await symlink(outside, path.join(root, "erased"));
    await expect(store.seal("receipt", ["v/1/"])).rejects.toThrow(/symbolic link/);
    await unlink(path.join(root, "erased"));
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect((await sealed.count()).files).toBe(3);
    await sealed.remove();
    expect(await sealed.isGone()).toBe(true);
    expect(await readdir(outside)).toEqual(["precious"]);
    expect(await readFile(path.join(outside, "precious"), "utf8")).toBe("precious");
  });

  it("does not take a store that is away for an empty one", async () => {
    const grant = await openGrant("v/1/");
    const sealed = await store.seal("receipt", ["v/2/"]);
    await rename(root, `${root}-away`);
    for (const attempt of [
      () => store.removePrefix("v/1/"),
      () => keys("v/1/"),
      () => store.remove(["v/1/x.png"]),
      () => store.get("v/1/x.png"),
      () => store.open(grant),
      () => store.put("v/1/y", x, grant),
      () => store.close(grant),
      () => store.seal("receipt", ["v/1/"]),
      () => sealed.count(),
      () => sealed.remove(),
      () => sealed.isGone(),
    ])
      await expect(attempt()).rejects.toThrow(/folder is missing/);
    await rename(`${root}-away`, root);
    await store.close(grant);
    expect(await (await store.seal("receipt", ["v/1/"])).count()).toEqual({ files: 1, bytes: 1 });
  });

  it("throws the original error with the key in it", async () => {
    const grant = await openGrant("v/1/");
    const failure = store.put("v/1/x.png/below", x, grant);
    await expect(failure).rejects.toMatchObject({
      code: expect.stringMatching(/^(ENOTDIR|EEXIST)$/),
      message: expect.stringContaining('(blob "v/1/x.png/below")'),
    });
    expect(await keys("v/1/")).toEqual(["v/1/x.png"]);
  });

  it("survives uploads and removals of one prefix at the same time", async () => {
    const uploads = Array.from({ length: 150 }, (_, i) =>
      put(`v/2/${i % 5}/${i}`, x).catch((error: { code?: string }) => error.code),
    );
    const removals = Array.from({ length: 20 }, () => store.removePrefix("v/2/"));
    await Promise.all(removals);
    for (const outcome of await Promise.all(uploads)) expect([{ sizeBytes: 1 }, "ENOENT"]).toContainEqual(outcome);
    await store.removePrefix("v/2/");
    expect(await keys("v/2/")).toEqual([]);
    expect(await names("v")).toEqual(["1"]);
  });
});

describe("folders on disk", () => {
  it("are made below a root that is there, and the root never again", async () => {
    const grant = await openGrant("v/2/");
    await store.put("v/2/a/b/c/y", x, grant);
    await rename(path.join(root, "v/2"), path.join(root, "elsewhere"));
    for (const attempt of [() => store.put("v/2/a/b/d/z", x, grant), () => store.open(grant)])
      await expect(attempt()).rejects.toMatchObject({ code: "ENOENT" });
    await store.close(grant);
    expect(await names("v")).toEqual(["1"]);
  });

  it("of an item within another are made while that is there, and never after it", async () => {
    await store.makeRoot("v/1/trainings/2/", "v/1/");
    await store.makeRoot("v/1/trainings/2/", "v/1/");
    await put("v/1/trainings/2/w", x);
    const sealed = await store.seal("receipt", ["v/1/"]);
    for (const again of ["v/1/trainings/2/", "v/1/trainings/3/"])
      await expect(store.makeRoot(again, "v/1/")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await names("v")).toEqual([]);
    await sealed.remove();
    await expect(store.makeRoot("v/1/trainings/2/", "v/1/")).rejects.toMatchObject({ code: "ENOENT" });
    expect(await sealed.isGone()).toBe(true);
  });

  it("are made one level at a time, so that none brings back a root that goes between two", async () => {
    const grant = await openGrant("v/2/");
    const watcher = watch(path.join(root, "v/2"), (_event, name) => {
      if (name !== "a" || !existsSync(path.join(root, "v/2"))) return;
      renameSync(path.join(root, "v/2"), path.join(root, "elsewhere"));
    });
    onTestFinished(() => watcher.close());
    const putting = store.put(`v/2/${"a/".repeat(240)}y`, x, grant);
    await expect(putting).rejects.toMatchObject({ code: "ENOENT" });
    expect(await names("v")).toEqual(["1"]);
  });

  it("do not come back through many puts that are under way while their root is sealed", async () => {
    const grant = await openGrant("v/2/");
    const outcomes: unknown[] = [];
    let sealing: ReturnType<BlobStore["seal"]> | undefined;
    async function putInTurn(lane: number): Promise<void> {
      for (let i = 0; i < 20; i++) {
        const outcome = await store.put(`v/2/${lane}/${i}/b/c`, x, grant).catch(({ code }: { code?: string }) => code);
        if (outcomes.push(outcome) === 50) sealing = store.seal("receipt", ["v/2/"]);
      }
    }
    await Promise.all(Array.from({ length: 10 }, (_, lane) => putInTurn(lane)));
    const sealed = await sealing!;
    for (const outcome of outcomes) expect([{ sizeBytes: 1 }, "ENOENT"]).toContainEqual(outcome);
    expect(outcomes).toContain("ENOENT");
    expect(await names("v")).toEqual(["1"]);
    await sealed.remove();
    expect([await sealed.isGone(), await names("erased")]).toEqual([true, []]);
  });
});

describe("a closed grant on disk", () => {
  it("lets a put that has written half of its file fail, and leaves nothing of it", async () => {
    const grant = await openGrant("v/1/");
    const late = await beginPut("v/1/late/y", grant);
    await store.close(grant);
    expect([await keys("v/1/"), await names("erased")]).toEqual([["v/1/x.png"], []]);
    expect(await late.end()).toBe("ENOENT");
    expect([await keys("v/1/"), await names("v/1"), await names("erased")]).toEqual([["v/1/x.png"], ["x.png"], []]);
  });

  it("lets a put that begins later fail, also one that would replace a file", async () => {
    const grant = await openGrant("v/1/");
    await store.close(grant);
    await store.close(grant);
    for (const key of ["v/1/y", "v/1/x.png", "v/1/deep/y"])
      await expect(store.put(key, Buffer.from("other"), grant)).rejects.toMatchObject({ code: "ENOENT" });
    expect([await names("v/1"), (await store.get("v/1/x.png")).toString()]).toEqual([["x.png"], "x"]);
  });

  it("keeps what was published under it, and another's file that is under way", async () => {
    const [mine, theirs] = [await openGrant("v/1/"), await openGrant("v/1/")];
    await store.put("v/1/mine", x, mine);
    const [lost, kept] = [await beginPut("v/1/lost", mine), await beginPut("v/1/theirs", theirs)];
    await store.close(mine);
    expect([await lost.end(), await kept.end()]).toEqual(["ENOENT", { sizeBytes: 300_000 }]);
    await store.close(theirs);
    expect(await names("v/1")).toEqual(["mine", "theirs", "x.png"]);
  });

  it("has nothing left once it is closed again after a crash in its removal", async () => {
    const grant = await openGrant("v/1/");
    await mkdir(path.join(root, "erased", grant.id), { recursive: true });
    await writeFile(path.join(root, `v/1/.writing-${grant.id}/left`), "part");
    await rename(path.join(root, `v/1/.writing-${grant.id}`), path.join(root, "erased", grant.id, "moved"));
    await store.close(grant);
    expect([await names("erased"), await keys("v/1/")]).toEqual([[], ["v/1/x.png"]]);
  });
});

describe("a sealed root on disk", () => {
  it("takes a put that has written half of its file along, and lets it fail", async () => {
    const grant = await openGrant("v/1/");
    const late = await beginPut("v/1/late/y", grant);
    const sealed = await store.seal("receipt", ["v/1/"]);
    const counted = { files: 2, bytes: 200_001 };
    expect([await sealed.count(), await sealed.count()]).toEqual([counted, counted]);
    expect(await late.end()).toBe("ENOENT");
    await sealed.remove();
    expect([await sealed.isGone(), await names("v"), await names("erased")]).toEqual([true, [], []]);
    await expect(store.put("v/1/y", x, grant)).rejects.toMatchObject({ code: "ENOENT" });
    await store.close(grant);
    expect([await sealed.isGone(), await names("v"), await names("erased")]).toEqual([true, [], []]);
  });

  it("lets a put fail that had all of its bytes and was about to publish, before and after the removal", async () => {
    for (const removed of [false, true]) {
      const grant = await openGrant("v/2/");
      let sealed!: Awaited<ReturnType<BlobStore["seal"]>>;
      async function* sealAtEnd() {
        yield Buffer.alloc(200_000);
        sealed = await store.seal("receipt", ["v/2/"]);
        if (removed) await sealed.remove();
      }
      const body = Readable.from(sealAtEnd(), { objectMode: false });
      await expect(store.put("v/2/y", body, grant)).rejects.toMatchObject({ code: "ENOENT" });
      await sealed.remove();
      expect([await sealed.isGone(), await names("v"), await names("erased")]).toEqual([true, ["1"], []]);
    }
  });

  it("counts what was published and what was unfinished, wherever it goes, and leaves its neighbours", async () => {
    await put("v/1/images/train/1.png", Buffer.alloc(100));
    await put("u/1/y", Buffer.alloc(10));
    await put("v/10/x.png", x);
    const neighbour = await beginPut("v/10/later", await openGrant("v/10/"));
    await beginPut("v/1/late", await openGrant("v/1/"));
    const sealed = await store.seal("receipt", ["v/1/", "u/1/"]);
    expect(await sealed.count()).toEqual({ files: 4, bytes: 200_111 });
    expect([await names("v"), await names("u")]).toEqual([["10"], []]);
    expect(await neighbour.end()).toEqual({ sizeBytes: 300_000 });
    await sealed.remove();
    expect((await store.get("v/10/x.png")).toString()).toBe("x");
  });

  it("is not gone while anything is left of it or lies at its place, be it an empty folder or a file", async () => {
    const sealed = await store.seal("receipt", ["v/1/"]);
    expect(await sealed.isGone()).toBe(false);
    await sealed.remove();
    expect(await sealed.isGone()).toBe(true);
    for (const left of ["v/1", "erased/receipt"]) {
      await mkdir(path.join(root, left));
      expect(await sealed.isGone()).toBe(false);
      await rm(path.join(root, left), { recursive: true });
      await writeFile(path.join(root, left), "");
      expect(await sealed.isGone()).toBe(false);
      await unlink(path.join(root, left));
    }
    expect(await sealed.isGone()).toBe(true);
  });

  it("goes on after a crash, with folders not moved yet and a removal half done, and ends gone", async () => {
    for (const key of ["v/1/a/1", "v/1/a/2", "v/1/b/3", "u/1/4"]) await put(key, Buffer.alloc(10));
    const moved = path.join(root, "erased/receipt/moved");
    await mkdir(path.dirname(moved), { recursive: true });
    await rename(path.join(root, "v/1"), moved);
    await rm(path.join(moved, "a"), { recursive: true });
    const sealed = await store.seal("receipt", ["v/1/", "u/1/"]);
    expect(await sealed.isGone()).toBe(false);
    expect(await sealed.count()).toEqual({ files: 3, bytes: 21 });
    await sealed.remove();
    expect([await sealed.isGone(), await names("erased"), await names("u")]).toEqual([true, [], []]);
  });
});
