import { createHash, randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Uint8ArrayReader, Uint8ArrayWriter, ZipReader } from "@zip.js/zip.js";
import { beforeEach, describe, expect, test } from "vitest";
import { claimExport, FORMATS_OF_TYPE, exportPath, requestExport } from "@/lib/domain/exports";
import { systemContext, type Context } from "@/lib/domain/context";
import { versionPrefix } from "@/lib/domain/grants";
import { eraseFiles, purgeItem, restoreVersion, trashVersion } from "@/lib/domain/trash";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import type { ExportFormat } from "@/lib/platform/generated/enums";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, storeFolder, trashedVersionRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { storeVersion, type StoredFile } from "@/lib/testing/stored-version";
import { buildExports } from "./builder";
import { connectSecond } from "@/lib/testing/database";
import { sweepFiles } from "@/lib/work/sweep";
import { readManifest } from "@/lib/work/versions/manifest";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  await prisma().export.deleteMany({ where: { status: { not: "READY" } } });
  await prisma().purgeReceipt.deleteMany();
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
  worker = await systemContext("downloads");
});

type Version = Awaited<ReturnType<typeof storeVersion>>;

/** `count` files of `sizeBytes` random bytes, three quarters of them for training. */
function* randomFiles(count: number, sizeBytes = 1_000): Generator<StoredFile> {
  for (let i = 0; i < count; i++)
    yield {
      bytes: randomBytes(sizeBytes),
      split: i % 4 === 3 ? "valid" : "train",
      extension: i % 3 === 0 ? "jpg" : "png",
    };
}

const build = (signal = UNBOUNDED) => buildExports(worker, signal);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const request = (version: Version, format: ExportFormat = "FOLDER", of = project) =>
  requestExport(owner, { ...versionRef(world, of, version), format });
const row = (version: Version) => prisma().export.findFirstOrThrow({ where: { versionId: version.id } });
const keyOf = (version: Version, exported: { id: string; attemptId: string | null; format: ExportFormat }) =>
  `${versionPrefix(version.id)}${exportPath(exported.id, exported.attemptId, exported.format)}`;
const folderOf = (version: Version, exported: { id: string }) =>
  path.join(storeFolder(), versionPrefix(version.id), "exports", exported.id);
const filesOf = (version: Version, exported: { id: string }) =>
  existsSync(folderOf(version, exported))
    ? readdirSync(folderOf(version, exported), { recursive: true, withFileTypes: true, encoding: "utf8" }).flatMap(
        (entry) => (entry.isFile() ? [entry.name] : []),
      )
    : [];
const passLease = () =>
  prisma().$executeRaw`update exports set lease_until = now() - interval '1 second' where status = 'RUNNING'`;

async function readZip(bytes: Buffer): Promise<Map<string, Uint8Array>> {
  const zip = new ZipReader(new Uint8ArrayReader(bytes));
  const contents = new Map<string, Uint8Array>();
  for (const entry of await zip.getEntries())
    if (!entry.directory) contents.set(entry.filename, await entry.getData(new Uint8ArrayWriter()));
  return contents;
}

const offered = (["CLASSIFICATION", "OBJECT_DETECTION"] as const).flatMap((type) =>
  FORMATS_OF_TYPE[type].map((format) => [type, format] as const),
);

test.each(offered)(
  "of %s a zip as %s holds every image of the manifest, byte for byte, and the row says its size",
  async (projectType, format) => {
    const type = projectType === "CLASSIFICATION" ? ("classification" as const) : ("object-detection" as const);
    const of = await buildProject(world, { type: projectType });
    const version = await storeVersion(world, of, randomFiles(13), type);
    await request(version, format, of);
    expect(await build()).toEqual({ built: 1, failed: 0 });

    const made = await row(version);
    const bytes = await blobStore().get(keyOf(version, made));
    expect(made).toMatchObject({ status: "READY", progress: 1, sizeBytes: BigInt(bytes.length) });
    expect(filesOf(version, made)).toEqual([`${format.toLowerCase()}.zip`]);
    const { files } = (await readManifest(version.id, version.manifestHash!)).manifest;
    const images = [...(await readZip(bytes))].filter(([name]) => /\.(png|jpg)$/.test(name));
    expect(images.map(([, content]) => sha256(content)).sort()).toEqual(files.map((file) => file.sha256).sort());
    expect(await build()).toEqual({ built: 0, failed: 0 });
  },
);

async function untilRunning(): Promise<void> {
  while ((await prisma().export.count({ where: { status: "RUNNING" } })) === 0);
}

/** A build in whose middle something happens: it was begun, and cannot go on before that has. */
async function buildWith(meanwhile: () => unknown) {
  const second = await connectSecond();
  try {
    const building = build();
    await untilRunning();
    await second.query("begin");
    await second.query("select id from exports where status = 'RUNNING' for update");
    await second.untilWaiting(1);
    await meanwhile();
    await second.query("commit");
    return await building;
  } finally {
    await second.end();
  }
}

describe("a build that is stopped", () => {
  test("by a trash publishes nothing, and is made after the restore", async () => {
    const version = await storeVersion(world, project, randomFiles(60, 400_000));
    const asked = await request(version);
    const counts = await buildWith(() => trashVersion(owner, versionRef(world, project, version)));
    expect(counts).toEqual({ built: 0, failed: 0 });
    expect(await row(version)).toMatchObject({ status: "QUEUED", attempts: 0, progress: 0 });
    expect(filesOf(version, asked)).toEqual([]);
    expect(await build()).toEqual({ built: 0, failed: 0 });

    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await build()).toEqual({ built: 1, failed: 0 });
  });

  // The last thing that a build asks is whether the project is live: there it waits for a row that the test holds.
  test("by a trash at the very end takes its zip away again", async () => {
    const version = await storeVersion(world, project, randomFiles(3));
    const asked = await request(version);
    const [counts] = await raceAt(["projects", project], [() => build()], async () => {
      expect(filesOf(version, asked)).toEqual(["folder.zip"]);
      await trashVersion(owner, versionRef(world, project, version));
    });
    expect(counts).toEqual({ built: 0, failed: 0 });
    expect(filesOf(version, asked)).toEqual([]);
    expect(await row(version)).toMatchObject({ status: "QUEUED" });
  });

  test("by a purge at the very end leaves nothing, and the receipt is verified only after its lease", async () => {
    const version = await storeVersion(world, project, randomFiles(3));
    await request(version);
    const eraser = await systemContext("erase-files");
    const [counts] = await raceAt(["projects", project, "for no key update"], [() => build()], async () => {
      await trashVersion(owner, versionRef(world, project, version));
      await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
      expect(await eraseFiles(eraser, UNBOUNDED)).toEqual({ verified: 0, postponed: 1 });
    });
    expect(counts).toEqual({ built: 0, failed: 0 });
    expect(existsSync(path.join(storeFolder(), versionPrefix(version.id)))).toBe(false);
  });

  test("because another took it over takes its own zip away, at the place of its own attempt", async () => {
    const version = await storeVersion(world, project, randomFiles(3));
    const asked = await request(version);
    const [counts] = await raceAt(["projects", project], [() => build()], async () => {
      await passLease();
      expect(await claimExport(worker)).toMatchObject({ attempt: 2 });
    });
    expect(counts).toEqual({ built: 0, failed: 0 });
    expect(await row(version)).toMatchObject({ status: "RUNNING", attempts: 2 });
    await passLease();
    expect(await build()).toEqual({ built: 1, failed: 0 });
    await prisma().$executeRaw`update grants set until = now() - interval '1 second' where version_id = ${version.id}`;
    await sweepFiles(worker, UNBOUNDED);
    expect(filesOf(version, asked)).toEqual(["folder.zip"]);
  });

  test("because the worker ends is given back whole", async () => {
    const version = await storeVersion(world, project, randomFiles(60, 400_000));
    const asked = await request(version);
    const stopping = new AbortController();
    const building = build(stopping.signal);
    await untilRunning();
    stopping.abort();
    expect(await building).toEqual({ built: 0, failed: 0 });
    expect(await row(version)).toMatchObject({ status: "QUEUED", attempts: 0 });
    expect(filesOf(version, asked)).toEqual([]);
  });
});

describe("a build that cannot be right", () => {
  test.each([
    ["is missing", (file: string) => rmSync(file)],
    ["was changed", (file: string) => writeFileSync(file, randomBytes(1_000))],
  ])("because a file %s fails at once with that reason, and publishes nothing", async (_what, damage) => {
    const version = await storeVersion(world, project, randomFiles(9));
    const asked = await request(version);
    const file = path.join(storeFolder(), versionPrefix(version.id), "images/train/source-5-0.png");
    const whole = readFileSync(file);
    damage(file);
    expect(await build()).toEqual({ built: 0, failed: 1 });
    expect(await row(version)).toMatchObject({ status: "FAILED", failureReason: "files_damaged", attempts: 1 });
    expect(filesOf(version, asked)).toEqual([]);
    writeFileSync(file, whole);
  });

  test("because the store fails is tried again, and keeps no other waiting", async () => {
    const [failing, fine] = [
      await storeVersion(world, project, randomFiles(2)),
      await storeVersion(world, project, randomFiles(2)),
    ];
    const asked = await request(failing);
    await request(fine);
    const inTheWay = path.join(storeFolder(), versionPrefix(failing.id), "exports");
    writeFileSync(inTheWay, "a file where a folder should be");
    expect(await build()).toEqual({ built: 1, failed: 1 });
    expect(await row(fine)).toMatchObject({ status: "READY" });
    expect(await row(failing)).toMatchObject({ status: "RUNNING", attempts: 1 });
    rmSync(inTheWay);
    expect(await build()).toEqual({ built: 0, failed: 0 }); // not before its lease is over
    await passLease();
    expect(await build()).toEqual({ built: 1, failed: 0 });
    expect(filesOf(failing, asked)).toEqual(["folder.zip"]);
  });
});

test("a zip that is ready is on the receipt of a purge, and goes with it", async () => {
  const version = await storeVersion(world, project, randomFiles(4));
  await request(version);
  await build();
  const { sizeBytes } = await row(version);
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  await prisma().$executeRaw`update purge_receipts set writers_until = now()`;
  await eraseFiles(await systemContext("erase-files"), UNBOUNDED);
  expect(await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } })).toMatchObject({
    expectedFiles: 6,
    removedFiles: 6,
    expectedBytes: version.sizeBytes + sizeBytes,
    removedBytes: version.sizeBytes + sizeBytes,
    verifiedAt: expect.any(Date),
  });
});

test("of a zip of 200 MB memory holds a few files at most", async () => {
  const version = await storeVersion(world, project, randomFiles(400, 500_000));
  await request(version);
  const before = process.memoryUsage().rss;
  let highest = before;
  const watch = setInterval(() => (highest = Math.max(highest, process.memoryUsage().rss)), 10);
  expect(await build()).toEqual({ built: 1, failed: 0 });
  clearInterval(watch);
  expect((highest - before) / 1e6).toBeLessThan(100);
});
