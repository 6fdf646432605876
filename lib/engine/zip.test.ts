import { execFileSync, spawnSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ZipEntry, zipStream } from "@/lib/engine/zip";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "zip-test-"));
  await writeFile(path.join(folder, "image.bin"), Buffer.alloc(300_000, 7));
});
afterAll(() => rm(folder, { recursive: true }));

const image = (at: string): ZipEntry => ({
  path: at,
  open: async () => createReadStream(path.join(folder, "image.bin")),
  sizeBytes: 300_000,
});
const text = (at: string, content: string): ZipEntry => ({ path: at, open: async () => content, deflate: true });
const some = () => [
  text("data.yaml", "names: [cat]\n".repeat(500)),
  image("train/images/猫.jpg"),
  text("train/labels/猫.txt", ""),
  { path: "coco.json", open: async () => Readable.from(["[1,", "2]"]), deflate: true },
];

async function readBack(zip: Buffer): Promise<{ path: string; content: Buffer; stored: boolean }[]> {
  const reader = new ZipReader(new Uint8ArrayReader(zip), { useWebWorkers: false, checkSignature: true });
  const read = [];
  for (const entry of await reader.getEntries()) {
    if (entry.directory) throw new Error("a folder");
    read.push({
      path: entry.filename,
      content: Buffer.from(await entry.getData(new Uint8ArrayWriter())),
      stored: entry.compressionMethod === 0,
    });
  }
  return read;
}

describe("zipStream", () => {
  it("gives back every entry in order, images stored and text deflated", async () => {
    const zip = await buffer(zipStream(some()));
    const read = await readBack(zip);
    expect(read.map((entry) => [entry.path, entry.content.length, entry.stored])).toEqual([
      ["data.yaml", 6500, false],
      ["train/images/猫.jpg", 300_000, true],
      ["train/labels/猫.txt", 0, expect.any(Boolean)],
      ["coco.json", 5, false],
    ]);
    expect(read[1]?.content.equals(Buffer.alloc(300_000, 7))).toBe(true);
    expect(zip.length).toBeLessThan(302_000);
  });

  it("is read by unzip, where there is one", async () => {
    if (spawnSync("unzip", ["-v"]).error) return;
    const at = path.join(folder, "whole.zip");
    await writeFile(at, zipStream(some()));
    expect(execFileSync("unzip", ["-t", at], { encoding: "utf8" })).toContain("No errors detected");
  });

  it("gives the same bytes for the same entries, in whatever time zone", async () => {
    const first = await buffer(zipStream(some()));
    const zone = process.env.TZ;
    process.env.TZ = "Asia/Tokyo";
    try {
      expect((await buffer(zipStream(some()))).equals(first)).toBe(true);
    } finally {
      if (zone === undefined) delete process.env.TZ;
      else process.env.TZ = zone;
    }
  });

  it("opens an entry only when those before it have been read", async () => {
    const opened: number[] = [];
    async function* entries(): AsyncGenerator<ZipEntry> {
      for (let at = 0; at < 50; at += 1)
        yield { ...image(`${at}.jpg`), open: async () => (opened.push(at), Buffer.alloc(300_000)) };
    }
    const zip = zipStream(entries());
    let bytes = 0;
    for await (const chunk of zip) {
      bytes += chunk.length;
      expect(opened.length).toBeLessThanOrEqual(Math.floor(bytes / 300_000) + 2);
    }
    expect(opened).toHaveLength(50);
  });

  it("reads no faster than it is read: of 128 MB less than a quarter is under way", async () => {
    const part = Buffer.alloc(1024 * 1024, 1);
    let [taken, given, ahead] = [0, 0, 0];
    const parts = async function* () {
      for (let n = 0; n < 128; n++) {
        taken += part.length;
        yield part;
      }
    };
    for await (const chunk of zipStream([{ path: "large.bin", open: async () => Readable.from(parts()) }])) {
      given += chunk.length;
      ahead = Math.max(ahead, taken - given);
    }
    expect(given).toBeGreaterThan(128 * 1024 * 1024);
    expect(ahead).toBeLessThan(32 * 1024 * 1024);
  });

  it("fails with the error of an entry that cannot be opened, or breaks while it is read", async () => {
    const missing = { path: "a.jpg", open: async () => Promise.reject(new Error("gone")) };
    await expect(buffer(zipStream([text("b.txt", "b"), missing]))).rejects.toThrow("gone");
    const broken = {
      path: "a.jpg",
      open: async () =>
        Readable.from(
          (async function* () {
            yield Buffer.alloc(10);
            throw new Error("broke");
          })(),
        ),
    };
    await expect(buffer(zipStream([broken, text("b.txt", "b")]))).rejects.toThrow("broke");
    const absent = { path: "a.jpg", open: async () => createReadStream(path.join(folder, "absent")) };
    await expect(buffer(zipStream([absent]))).rejects.toThrow("ENOENT");
  });

  it("refuses a path that comes twice", async () => {
    await expect(buffer(zipStream([text("a.txt", "1"), text("a.txt", "2")]))).rejects.toThrow();
  });

  it("stops at an abort with its reason, closes the entry being read and opens no other", async () => {
    const aborted = new AbortController();
    const endless = Readable.from(
      (async function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const opened: string[] = [];
    const zip = zipStream(
      [
        { path: "a", open: async () => endless },
        { path: "b", open: async () => (opened.push("b"), "b") },
      ],
      aborted.signal,
    );
    const read = (async () => {
      for await (const _ of zip) aborted.abort(new Error("stop"));
    })();
    await expect(read).rejects.toThrow("stop");
    await expect.poll(() => endless.destroyed).toBe(true);
    expect(opened).toEqual([]);
    await expect(buffer(zipStream(some(), AbortSignal.abort(new Error("before"))))).rejects.toThrow("before");
  });

  it("closes the entry being read when the reader goes away", async () => {
    const endless = Readable.from(
      (async function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    const zip = zipStream([{ path: "a", open: async () => endless }]);
    await expect.poll(() => zip.readableLength).toBeGreaterThan(0);
    expect(endless.destroyed).toBe(false);
    zip.destroy();
    await expect.poll(() => endless.destroyed).toBe(true);
  });
});
