import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test } from "vitest";
import { createBlobStore, type BlobStore } from "@/lib/platform/blob-store";
import { grantFor, storeFile } from "@/lib/testing/store-file";

test("nothing appears on disk through a process that was stopped in a put and wakes up after the removal", async () => {
  const root = await mkdtemp(path.join(tmpdir(), "disk-long-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const store = createBlobStore(`file://${root}`);
  const names = (folder: string) => readdir(path.join(root, folder));
  await storeFile("v/1/x.png", Buffer.from("x"), store);
  const grant = grantFor("v/1/");
  await store.open(grant);
  const child = spawn(
    process.execPath,
    ["--import", "tsx", "lib/testing/slow-put.ts", `file://${root}`, "v/1/late/y", JSON.stringify(grant)],
    { stdio: ["pipe", "pipe", "inherit"] },
  );
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  expect((await lines.next()).value).toBe("half");
  await expect.poll(() => listedBytes(store)).toBe(1024 * 1024 + 1);
  child.kill("SIGSTOP");
  const sealed = await store.seal("receipt", ["v/1/"]);
  expect(await sealed.count()).toEqual({ files: 2, bytes: 1024 * 1024 + 1 });
  await sealed.remove();
  expect(await sealed.isGone()).toBe(true);
  child.stdin.write("go on\n");
  const ended = once(child, "exit");
  child.kill("SIGCONT");
  expect((await lines.next()).value).toBe("failed: ENOENT");
  await ended;
  expect([await sealed.isGone(), await names("v"), await names("erased")]).toEqual([true, [], []]);
});

async function listedBytes(store: BlobStore): Promise<number> {
  let bytes = 0;
  for await (const { sizeBytes } of store.list("v/1/")) bytes += sizeBytes;
  return bytes;
}
