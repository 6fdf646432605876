import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { beforeEach, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { exportPath, requestExport } from "@/lib/domain/exports";
import { eraseFiles, purgeItem, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, storeFolder, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { storeVersion, type StoredFile } from "@/lib/testing/stored-version";
import { sweepFiles } from "@/lib/work/sweep";
import { buildExports } from "./builder";

/* A worker in a process of its own, which dies or sleeps in the middle of a zip. */

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  await prisma().export.deleteMany({ where: { status: { not: "READY" } } });
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
});

type Version = Awaited<ReturnType<typeof storeVersion>>;

function* randomFiles(): Generator<StoredFile> {
  for (let i = 0; i < 50; i++) yield { bytes: randomBytes(400_000) };
}

const build = async () => buildExports(await systemContext("downloads"), UNBOUNDED);
const request = (version: Version) =>
  requestExport(owner, { ...versionRef(world, project, version), format: "FOLDER" });
const row = (version: Version) => prisma().export.findFirstOrThrow({ where: { versionId: version.id } });
const filesOf = (version: Version, folder: string): string[] => {
  const place = path.join(storeFolder(), versionPrefix(version.id), folder);
  if (!existsSync(place)) return [];
  const found = readdirSync(place, { recursive: true, withFileTypes: true, encoding: "utf8" });
  return found.flatMap((entry) => (entry.isFile() ? [entry.name] : []));
};
const passLease = () =>
  prisma().$executeRaw`update exports set lease_until = now() - interval '1 second' where status = 'RUNNING'`;

async function zipHash(version: Version): Promise<string> {
  const { id, attemptId, format } = await row(version);
  return createHash("sha256")
    .update(await blobStore().get(`${versionPrefix(version.id)}${exportPath(id, attemptId, format)}`))
    .digest("hex");
}

/** Resolves once the worker is in the middle of a zip: a part of it lies in the folder of its grant. */
async function untilWriting(child: ChildProcess, version: Version): Promise<void> {
  const folder = path.join(storeFolder(), versionPrefix(version.id));
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the worker ended with ${child.exitCode}`);
    const writing = readdirSync(folder).find((name) => name.startsWith(".writing-"));
    if (writing !== undefined && readdirSync(path.join(folder, writing)).length > 0) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const startWorker = () =>
  spawn(process.execPath, ["--import", "tsx", "lib/testing/run-job.ts", "build-exports"], { stdio: "inherit" });

test("killed in the middle is followed by another, which makes the same bytes and clears up after it", async () => {
  const version = await storeVersion(world, project, randomFiles());
  const asked = await request(version);
  const child = startWorker();
  await untilWriting(child, version);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(filesOf(version, "exports")).toEqual([]);
  expect(filesOf(version, "")).toHaveLength(50 + 2); // images, manifest, and a part of a zip
  expect(await row(version)).toMatchObject({ status: "RUNNING", attempts: 1 });
  expect(await build()).toEqual({ built: 0, failed: 0 });
  await passLease();
  expect(await build()).toEqual({ built: 1, failed: 0 });
  expect(filesOf(version, "exports")).toEqual(["folder.zip"]);
  await prisma().$executeRaw`update grants set until = now()`;
  await sweepFiles(await systemContext("sweep"), UNBOUNDED);
  expect(filesOf(version, "")).toHaveLength(50 + 2); // the zip instead of the part

  const afterDeath = await zipHash(version);
  await prisma().export.updateMany({ where: { id: asked.id }, data: { status: "QUEUED", endedAt: null } });
  expect(await build()).toEqual({ built: 1, failed: 0 });
  expect(await zipHash(version)).toBe(afterDeath); // an undisturbed one is the same
});

test("paused past the purge and resumed leaves nothing, and the receipt is not verified before its lease is over", async () => {
  const version = await storeVersion(world, project, randomFiles());
  await request(version);
  const eraser = await systemContext("erase-files");
  const child = startWorker();
  try {
    await untilWriting(child, version);
    child.kill("SIGSTOP");
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
    expect(await eraseFiles(eraser, UNBOUNDED)).toEqual({ verified: 0, postponed: 1 });
    const receipt = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
    expect(receipt).toMatchObject({ expectedFiles: 51, removedFiles: 52, verifiedAt: null }); // the part of a zip is beyond what was expected
    expect(receipt.nextAttemptAt).toEqual(receipt.writersUntil);
    await prisma().$executeRaw`update purge_receipts set next_attempt_at = now(), writers_until = now()`;
    expect(await eraseFiles(eraser, UNBOUNDED)).toEqual({ verified: 1, postponed: 0 });
    child.kill("SIGCONT");
    await once(child, "exit");
    expect(child.exitCode).toBe(0);
    expect(existsSync(path.join(storeFolder(), versionPrefix(version.id)))).toBe(false);
  } finally {
    child.kill("SIGKILL");
  }
});
