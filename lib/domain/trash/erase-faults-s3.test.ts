import { mkdtempSync, rmSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { sourceImageKey, thumbnailKey } from "@/lib/domain/images";
import { eraseFiles, getReceipt, purgeItem, trashImages, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildImages, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { startS3 } from "@/lib/testing/s3";
import { keysUnder, storeFile, testStore } from "@/lib/testing/store-file";

/* A store over HTTP that fails: the others proceed, the receipt says why, and ends verified once the store is well. */

const S3Error = createRequire(import.meta.url)("s3rver/lib/models/error") as new (code: string, text: string) => Error;
const folder = mkdtempSync(path.join(tmpdir(), "erase-faults-"));
let s3: Awaited<ReturnType<typeof startS3>>;
/** What the server does with a request before it looks at it. */
let fault: (request: IncomingMessage) => void | Promise<void> = () => {};
let world: World;
let owner: Context;
let job: Context;

beforeAll(async () => {
  s3 = await startS3(path.join(folder, "s3"), { onRequest: (request) => fault(request) });
  const [id, secret] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  Object.assign(process.env, { BLOB_STORE: s3.url("bucket/purged"), [id]: "S3RVER", [secret]: "S3RVER" });
});
afterAll(async () => {
  await s3.close();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  job = await systemContext("erase-files");
});
afterEach(async () => {
  fault = () => {};
  await prisma().purgeReceipt.deleteMany(); // a run takes every workspace's receipts
});

const FILES = 4;
async function purgedVersion() {
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { images: FILES });
  await prisma().version.update({ where: { id: version.id }, data: { files: FILES, sizeBytes: FILES } });
  for (let i = 0; i < FILES; i++) await storeFile(`versions/${version.id}/images/${i}.png`, Buffer.from("x"));
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  return version;
}
const erase = () => eraseFiles(job, UNBOUNDED);
const rowOf = (item: { id: string }) => prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: item.id } });
const receiptOf = async (item: { id: string }) =>
  getReceipt(owner, { workspaceSlug: world.workspace.slug, receiptId: (await rowOf(item)).id });
const passTime = () =>
  prisma().purgeReceipt.updateMany({ where: { verifiedAt: null }, data: { nextAttemptAt: null, writersUntil: null } });
const left = (item: { id: string }) => keysUnder(testStore(), `versions/${item.id}/`);
const whole = { removedFiles: FILES, missingFiles: 0, lateFiles: 0, lastError: null, verifiedAt: expect.any(Date) };

const refuse = ({ headers }: IncomingMessage) => void (headers.authorization = "AWS4-HMAC-SHA256 nobody's");
const breakWith = (code: string) => () => {
  throw new S3Error(code, "not now");
};
const isAbout = ({ id }: { id: string }, { url = "" }: IncomingMessage) => decodeURIComponent(url).includes(id);
const isRemoval = ({ method, url = "" }: IncomingMessage) => method === "POST" && /[?&]delete/.test(url);

describe.each([
  ["refuses (403)", refuse, /^The store refused to remove the files \(\w+\)\. Whoever runs this server has to give/],
  ["times out", breakWith("RequestTimeout"), /^The store did not answer in time \(RequestTimeout\)\. It is tried/],
  [
    "is too busy (503)",
    breakWith("ServiceUnavailable"),
    /^The store was too busy \(ServiceUnavailable\)\. It is tried/,
  ],
])("a store that %s", (_how, fail, sentence) => {
  test("for one item keeps no other; its receipt says why and when it is tried again, and ends verified", async () => {
    const [stuck, fine] = [await purgedVersion(), await purgedVersion()];
    fault = (request) => (isAbout(stuck, request) ? fail(request) : undefined);
    expect(await erase()).toEqual({ verified: 1, postponed: 1 });
    expect(await receiptOf(fine)).toMatchObject(whole);
    expect(await receiptOf(stuck)).toMatchObject({ verifiedAt: null, lastError: expect.stringMatching(sentence) });
    expect((await rowOf(stuck)).nextAttemptAt!.getTime()).toBeGreaterThan((await rowOf(stuck)).purgedAt.getTime());
    fault = () => {};
    expect(await left(stuck)).toHaveLength(FILES);
    await passTime();
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect([await left(stuck), await receiptOf(stuck)]).toEqual([[], expect.objectContaining(whole)]);
  });

  test("at the removal, after the files were counted, has them counted once", async () => {
    const version = await purgedVersion();
    fault = (request) => (isRemoval(request) ? fail(request) : undefined);
    for (let times = 0; times < 2; times++) {
      expect(await erase()).toEqual({ verified: 0, postponed: 1 });
      await passTime();
    }
    expect(await receiptOf(version)).toMatchObject({ verifiedAt: null, lastError: expect.stringMatching(sentence) });
    fault = () => {};
    expect(await erase()).toEqual({ verified: 1, postponed: 0 });
    expect(await receiptOf(version)).toMatchObject(whole);
  });
});

test("a store that does not answer for one item has answered for the others meanwhile", async () => {
  const [slow, fine] = [await purgedVersion(), await purgedVersion()];
  let answer = () => {};
  const hangs = new Promise<void>((resolve) => (answer = resolve));
  fault = (request) => (isAbout(slow, request) ? hangs : undefined);
  const erasing = erase();
  await expect.poll(async () => (await receiptOf(fine)).verifiedAt, { timeout: 10_000 }).not.toBeNull();
  expect((await receiptOf(slow)).verifiedAt).toBeNull();
  answer();
  expect(await erasing).toEqual({ verified: 2, postponed: 0 });
});

test("images are removed file by file, counted once, and the others of their project stay", async () => {
  const project = await buildProject(world);
  const images = await buildImages(project, 3);
  const keysOf = (id: string) => [sourceImageKey(project.id, id), thumbnailKey(project.id, id)];
  for (const key of images.flatMap(keysOf)) await storeFile(key, Buffer.from("xy"));
  const imageIds = images.slice(0, 2);
  const removal = await trashImages(owner, {
    ...{ workspaceSlug: world.workspace.slug, projectSlug: project.slug, images: { imageIds } },
  });
  if (removal.outcome !== "trashed") throw new Error(removal.outcome);
  await purgeItem(owner, itemRef(world, "IMAGES", removal), UNBOUNDED);
  fault = (request) => (isRemoval(request) ? breakWith("ServiceUnavailable")() : undefined);
  expect(await erase()).toEqual({ verified: 0, postponed: 1 });
  fault = () => {};
  await passTime();
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  expect(await receiptOf(removal)).toMatchObject({ removedFiles: 4, removedBytes: 8, lateFiles: 0 });
  expect(await keysUnder(testStore(), `projects/${project.id}/`)).toEqual(keysOf(images[2]!).sort());
});

test("a missing file is no failure, and stands on the receipt", async () => {
  const version = await purgedVersion();
  await testStore().remove([`versions/${version.id}/images/0.png`]);
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  expect(await receiptOf(version)).toMatchObject({ ...whole, removedFiles: FILES - 1, missingFiles: 1 });
});
