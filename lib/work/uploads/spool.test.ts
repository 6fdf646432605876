import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { expect, test } from "vitest";
import { spool, withTemporaryFile } from "./spool";

const parts = (count: number) => Array.from({ length: count }, (_, i) => Buffer.alloc(1000, i));

test("what was sent lies in a file of its own, readable by nobody else, and is gone afterwards", async () => {
  const sent = Buffer.concat(parts(5));
  const file = await withTemporaryFile(async (name) => {
    expect(await spool(parts(5), name, 5000)).toEqual({
      sha256: createHash("sha256").update(sent).digest("hex"),
      sizeBytes: 5000,
    });
    expect(await readFile(name)).toEqual(sent);
    expect((await stat(name)).mode & 0o777).toBe(0o600);
    return name;
  });
  expect(existsSync(file)).toBe(false);
});

test("the first byte too many ends the reading, and the file goes with the failure", async () => {
  let read = 0;
  let file = "";
  async function* sent() {
    for (const part of parts(1000)) {
      read += 1;
      yield part;
    }
  }
  await expect(
    withTemporaryFile((name) => {
      file = name;
      return spool(sent(), name, 2999);
    }),
  ).rejects.toMatchObject({ code: "payload_too_large", details: { field: "image" } });
  expect(read).toBeLessThan(10);
  expect(existsSync(file)).toBe(false);
});

test("a sender's own failure comes through, and a file that is gone is not made again", async () => {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("x");
    throw new Error("the sender went away");
  }
  await expect(withTemporaryFile((name) => spool(broken(), name, 100))).rejects.toThrow("the sender went away");
  const gone = await withTemporaryFile(async (name) => name);
  await expect(spool(parts(1), gone, 5000)).rejects.toMatchObject({ code: "ENOENT" });
  expect(existsSync(gone)).toBe(false);
});
