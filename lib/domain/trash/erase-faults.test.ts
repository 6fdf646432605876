import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { eraseFiles, getReceipt, purgeItem, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, storeFolder, UNBOUNDED, versionRef, writeFiles } from "@/lib/testing/lifecycle";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

/* A disk that fails for some: the others proceed, the receipt says why, and ends verified once the disk is well. */

leavesBroken("its files are written by hand, beside the rows");

let world: World;
let owner: Context;
let job: Context;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  job = await systemContext("erase-files");
});
// A run takes every workspace's receipts: none is left to the next test.
afterEach(() => prisma().purgeReceipt.deleteMany());

const FILES = 5;
async function purgedVersion() {
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { images: FILES - 1 });
  await prisma().version.update({ where: { id: version.id }, data: { files: FILES, sizeBytes: 10 * (FILES - 1) + 2 } });
  writeFiles(`versions/${version.id}/`, FILES - 1);
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  return version;
}
const erase = () => eraseFiles(job, UNBOUNDED);
const rowOf = (item: { id: string }) => prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: item.id } });
const receiptOf = async (item: { id: string }) =>
  getReceipt(owner, { workspaceSlug: world.workspace.slug, receiptId: (await rowOf(item)).id });
const passTime = () => prisma().purgeReceipt.updateMany({ where: { verifiedAt: null }, data: { nextAttemptAt: null } });
const whole = { removedFiles: FILES, missingFiles: 0, lateFiles: 0, lastError: null, verifiedAt: expect.any(Date) };

/** A file where the eraser needs a folder of that receipt's own. */
async function putFileInTheWay(version: { id: string }): Promise<() => void> {
  const { id } = await rowOf(version);
  const place = path.join(storeFolder(), "erased", id);
  mkdirSync(path.dirname(place), { recursive: true });
  writeFileSync(place, "in the way");
  return () => rmSync(place);
}

test("what is in the way of one receipt keeps no other; it says so, when it is tried again, and ends verified", async () => {
  const [stuck, fine] = [await purgedVersion(), await purgedVersion()];
  const repair = await putFileInTheWay(stuck);
  expect(await erase()).toEqual({ verified: 1, postponed: 1 });
  expect(await receiptOf(fine)).toMatchObject(whole);
  expect(await receiptOf(stuck)).toMatchObject({
    verifiedAt: null,
    removedFiles: 0,
    lastError: expect.stringMatching(
      /^Something is in the way where the files lie \(E(EXIST|NOTDIR)\)\. .* by itself\.$/,
    ),
  });
  expect((await rowOf(stuck)).nextAttemptAt!.getTime()).toBeGreaterThan((await rowOf(stuck)).purgedAt.getTime());
  expect(await erase()).toEqual({ verified: 0, postponed: 0 }); // not before its time

  repair();
  await passTime();
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  expect(await receiptOf(stuck)).toMatchObject(whole);
  expect(existsSync(path.join(storeFolder(), "versions", stuck.id))).toBe(false);
});

test("a missing file is no failure, and stands on the receipt; a folder that nobody made goes with the others", async () => {
  const [missing, crowded] = [await purgedVersion(), await purgedVersion()];
  const folder = (version: { id: string }, ...below: string[]) =>
    path.join(storeFolder(), "versions", version.id, ...below);
  rmSync(folder(missing, "images", "image-0.png"));
  rmSync(folder(crowded, "manifest.json"));
  mkdirSync(folder(crowded, "manifest.json", "deep", "empty"), { recursive: true }); // where a file was
  expect(await erase()).toEqual({ verified: 2, postponed: 0 });
  for (const version of [missing, crowded]) {
    expect(await receiptOf(version)).toMatchObject({ ...whole, removedFiles: FILES - 1, missingFiles: 1 });
    expect(existsSync(folder(version))).toBe(false);
  }
});

test("a file where the item's folder should be is removed with it", async () => {
  const version = await purgedVersion();
  const place = path.join(storeFolder(), "versions", version.id);
  rmSync(place, { recursive: true });
  writeFileSync(place, "a file");
  expect(await erase()).toEqual({ verified: 1, postponed: 0 });
  expect(existsSync(place)).toBe(false);
});
