import { spawn } from "node:child_process";
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { heartbeatGeneration, openVersionWriter, versionPrefix, WriterLeaseLost } from "@/lib/domain/versions";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import { parseManifest } from "@/lib/engine/manifest";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  claimVersion,
  projectRef,
  storeFolder,
  trashedProjectRef,
  trashedVersionRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { markedImage } from "@/lib/testing/pixels";
import { uploadDigits } from "@/lib/testing/real-version";
import { uploadImage } from "@/lib/work/uploads/images";
import { verifyVersionFiles } from "./files";
import { generateVersionNow, generateVersions } from "./generator";
import { generateVersion, retryVersion, type ChosenSettings } from "./plan";

/** Digits, all of them to train on. */
const IMAGES = 12;
const PLAIN: ChosenSettings = { preprocessing: {}, augmentation: {}, splits: null, seed: 7 };
/** Many files of little work, in chunks of five images. */
const LARGE: ChosenSettings = {
  preprocessing: { resize: { width: 16, height: 16, format: "Stretch to" } },
  augmentation: { image: { versions: 50 }, noise: { percent: 5 } },
  splits: null,
  seed: 7,
};
const LARGE_IMAGES = IMAGES * 50;

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;

beforeAll(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  await uploadDigits(world, project, IMAGES);
});

// What an earlier test left unfinished is nobody's any more.
beforeEach(async () => {
  await query(
    {
      text: "update versions set status = 'FAILED', counted_images = 0, generator_lease_id = null, generator_until = null where status = 'GENERATING'",
    },
    [],
  );
  await query(
    {
      text: "update workspaces set used_images = (select coalesce(sum(counted_images), 0) from versions where workspace_id = workspaces.id)",
    },
    [],
  );
});

const ctx = () => userContext(world);
const job = () => systemContext("generate");
const begin = async (settings: ChosenSettings) => generateVersion(await ctx(), projectRef(world, project), settings);
const now = async (version: { id: string }, signal?: AbortSignal) =>
  generateVersionNow(await job(), version.id, signal);
const row = (version: { id: string }) => prisma().version.findUniqueOrThrow({ where: { id: version.id } });
const folder = (version: { id: string }, name = "") => path.join(storeFolder(), versionPrefix(version.id), name);
const filesIn = (directory: string): string[] =>
  existsSync(directory)
    ? readdirSync(directory, { recursive: true, encoding: "utf8", withFileTypes: true }).flatMap((entry) =>
        entry.isFile() ? [path.join(entry.parentPath, entry.name)] : [],
      )
    : [];
/** Journals that are published, not those under way. */
const journals = (version: { id: string }) =>
  filesIn(folder(version, "generation")).filter((file) => file.endsWith(".json"));
/** Asks again as soon as the database has answered, which leaves the work in this process its time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) if (performance.now() > deadline) throw new Error("it never came to that");
}
/** A worker is at it, and one chunk is finished. */
const underWay = (version: { id: string }) =>
  until(async () => (await row(version)).progress > 0 && journals(version).length > 0);

async function generated(settings: ChosenSettings): Promise<string> {
  const version = await begin(settings);
  expect(await now(version)).toBe("ready");
  return (await row(version)).manifestHash!;
}

let undisturbed: Promise<string> | undefined;
/** The manifest of LARGE when nothing comes between. */
const undisturbedHash = () => (undisturbed ??= generated(LARGE));

async function expectWhole(version: { id: string; number: number }, images: number): Promise<void> {
  expect(await verifyVersionFiles(await ctx(), versionRef(world, project, version))).toMatchObject({
    ok: true,
    files: images,
    problems: [],
  });
  expect(filesIn(folder(version))).toHaveLength(images + 1); // and nothing else under its prefix
  expect(await prisma().generationSource.count({ where: { versionId: version.id } })).toBe(0);
  expect(await row(version)).toMatchObject({
    status: "READY",
    progress: 1,
    countedImages: images,
    files: images + 1,
    generatorLeaseId: null,
    writersUntil: null,
  });
}

test("a version has the files that its manifest lists, its counts, and nothing else", async () => {
  const version = await begin({
    ...PLAIN,
    splits: { train: 50, valid: 25, test: 25 },
    preprocessing: { remap: { "0": "zero" } },
  });
  expect(await now(version)).toBe("ready");
  await expectWhole(version, IMAGES);
  const { trainImages, validImages, testImages, classes, sizeBytes } = await row(version);
  expect([trainImages, validImages, testImages]).toEqual([6, 3, 3]);
  expect(classes).toMatchObject({ zero: 2, "9": 1 });
  expect(Number(sizeBytes)).toBe(filesIn(folder(version)).reduce((sum, file) => sum + statSync(file).size, 0));
  const manifest = parseManifest(await blobStore().get(`${versionPrefix(version.id)}manifest.json`));
  expect(manifest).toMatchObject({ type: "classification", seed: 7, splits: { train: 50, valid: 25, test: 25 } });
  expect(manifest.files[0]).toMatchObject({ name: expect.stringMatching(/^digit-\d-\d{4}\.png$/) });
});

test("the same images, settings and seed give the same manifest, another seed gives another", async () => {
  const settings = { ...PLAIN, augmentation: { image: { versions: 2 }, noise: { percent: 5 } } };
  const [first, again, other] = [
    await generated(settings),
    await generated(settings),
    await generated({ ...settings, seed: 8 }),
  ];
  expect(again).toBe(first);
  expect(other).not.toBe(first);
});

test("boxes are in the manifest, in the pixels of what was made, and their classes are counted by image", async () => {
  const boxed = await buildProject(world, { type: "OBJECT_DETECTION" });
  const ref = projectRef(world, boxed);
  const box = { x: 4, y: 8, width: 8, height: 4 };
  const { id } = await uploadImage(await ctx(), ref, [await markedImage(32, 32, box)], {
    fileName: "a.png",
    label: null,
    split: null,
  });
  await prisma().image.update({
    where: { id },
    data: {
      boxes: [
        { label: "cat", ...box },
        { label: "cat", ...box, x: 20 },
      ],
    },
  });
  const version = await generateVersion(await ctx(), ref, {
    ...PLAIN,
    preprocessing: { resize: { width: 64, height: 64, format: "Stretch to" } },
  });
  expect(await now(version)).toBe("ready");
  expect((await row(version)).classes).toEqual({ cat: 1 });
  const { type, files } = parseManifest(await blobStore().get(`${versionPrefix(version.id)}manifest.json`));
  expect(type).toBe("object-detection");
  expect(files[0]!.boxes).toEqual([
    { label: "cat", x: 8, y: 16, width: 16, height: 8 },
    { label: "cat", x: 40, y: 16, width: 16, height: 8 },
  ]);
});

function startWorker() {
  const child = spawn(process.execPath, ["--import", "tsx", "lib/testing/run-job.ts", "generate-versions"], {
    cwd: path.resolve(import.meta.dirname, "../../.."),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("close", (_code, signal) => resolve(signal)));
  return {
    async kill() {
      child.kill("SIGKILL");
      if ((await ended) !== "SIGKILL") throw new Error(`the worker ended before it was killed:\n${errors}`);
    },
  };
}

test("killed half way, a generation is carried on to the same manifest as an undisturbed one, and no finished chunk is made again", async () => {
  const version = await begin(LARGE);
  const worker = startWorker();
  await underWay(version);
  await worker.kill();
  const finished = journals(version);
  const before = new Map(filesIn(folder(version, "images")).map((file) => [file, statSync(file).ino]));
  expect(before.size).toBeLessThan(LARGE_IMAGES);
  expect(await row(version)).toMatchObject({ status: "GENERATING", manifestHash: null });

  expect(await now(version)).toBeNull(); // the dead worker's lease still runs
  await query({ text: "update versions set generator_until = now() where id = $1" }, [version.id]);
  const kept = new Set(
    (await Promise.all(finished.map(async (file) => blobStore().get(path.relative(storeFolder(), file))))).flatMap(
      (bytes) => (JSON.parse(bytes.toString()) as { path: string }[]).map((entry) => folder(version, entry.path)),
    ),
  );
  expect(await now(version)).toBe("ready");
  await expectWhole(version, LARGE_IMAGES);
  expect(kept.size).toBeGreaterThanOrEqual(5 * 50);
  for (const file of kept) expect(statSync(file).ino).toBe(before.get(file)); // written anew, it would be another file
  expect((await row(version)).manifestHash).toBe(await undisturbedHash());
}, 60_000);

test("told to stop, a worker leaves its generation to others at once, who carry on", async () => {
  const version = await begin(LARGE);
  const stop = new AbortController();
  const working = now(version, stop.signal);
  await underWay(version);
  stop.abort();
  expect(await working).toBe("interrupted");
  expect(await row(version)).toMatchObject({ status: "GENERATING", generatorLeaseId: null, generatorAttempts: 0 });
  expect(await generateVersions(await job(), new AbortController().signal)).toEqual({
    ready: 1,
    failed: 0,
    interrupted: 0,
    lost: 0,
  });
  await expectWhole(version, LARGE_IMAGES);
  expect((await row(version)).manifestHash).toBe(await undisturbedHash());
}, 30_000);

test("a version that goes to Trash while it is generated stops within 2 s, is restored as failed, and can be tried again", async () => {
  const version = await begin(LARGE);
  const before = await usedImages(world);
  const working = now(version);
  await underWay(version);
  await trashVersion(await ctx(), versionRef(world, project, version));
  const trashedAt = performance.now();
  expect(await working).toBe("lost");
  expect(performance.now() - trashedAt).toBeLessThan(2_000);
  expect(before - (await usedImages(world))).toBe(LARGE_IMAGES);
  expect(existsSync(folder(version, "manifest.json"))).toBe(false);

  await restoreVersion(await ctx(), trashedVersionRef(world, project, version));
  expect(await row(version)).toMatchObject({ status: "FAILED", failureReason: "trashed", manifestHash: null });
  expect(await retryVersion(await ctx(), versionRef(world, project, version))).toMatchObject({ outcome: "retried" });
  expect(await now(version)).toBe("ready");
  await expectWhole(version, LARGE_IMAGES);
  expect((await row(version)).manifestHash).toBe(await undisturbedHash());
}, 30_000);

test("a project in Trash pauses its generation, which stops, and goes on after the restore", async () => {
  const version = await begin(LARGE);
  const working = now(version);
  await underWay(version);
  try {
    await trashProject(await ctx(), projectRef(world, project));
    expect(await working).toBe("lost");
    expect(await row(version)).toMatchObject({
      status: "GENERATING",
      countedImages: LARGE_IMAGES,
      generatorLeaseId: null,
    });
  } finally {
    await restoreProject(await ctx(), trashedProjectRef(world, project));
  }
  expect(await now(version)).toBe("ready");
  await expectWhole(version, LARGE_IMAGES);
}, 30_000);

test("what only an earlier attempt made is gone once the version is ready", async () => {
  const version = await begin(PLAIN);
  await blobStore().put(`${versionPrefix(version.id)}images/train/of-an-earlier-attempt-0.png`, Buffer.from("x"));
  await blobStore().put(`${versionPrefix(version.id)}generation/${"0".repeat(64)}.json`, Buffer.from("[]"));
  expect(await now(version)).toBe("ready");
  await expectWhole(version, IMAGES);
});

test("the tidying that a killed worker left is done by the next one", async () => {
  const version = await begin(PLAIN);
  expect(await now(version)).toBe("ready");
  const [image] = await prisma().image.findMany({ where: { projectId: project.id }, take: 1 });
  await prisma().generationSource.create({ data: { versionId: version.id, imageId: image!.id, split: "TRAIN" } });
  await blobStore().put(`${versionPrefix(version.id)}generation/${"0".repeat(64)}.json`, Buffer.from("[]"));
  await generateVersions(await job(), new AbortController().signal);
  await expectWhole(version, IMAGES);
});

test.each([
  ["broken", (file: string) => writeFileSync(file, "no image")],
  ["missing", (file: string) => rmSync(file)],
])("a source image that is %s fails the generation and is named; its quota is given back", async (_what, spoil) => {
  const other = await buildWorld();
  const place = await buildProject(other);
  await uploadDigits(other, place, 3);
  const [image] = await prisma().image.findMany({ where: { projectId: place.id }, take: 1 });
  const version = await generateVersion(await userContext(other), projectRef(other, place), PLAIN);
  spoil(path.join(storeFolder(), "projects", place.id, "images", image!.id));
  expect(await now(version)).toBe("failed");
  expect(await row(version)).toMatchObject({
    status: "FAILED",
    failureReason: "unreadable_image",
    failureDetail: image!.fileName,
  });
  expect(await usedImages(other)).toBe(0);
});

test("a store that cannot be written to fails the generation", async () => {
  const version = await begin(PLAIN);
  writeFileSync(path.join(storeFolder(), "versions", version.id), "a file where the folder has to be");
  expect(await now(version)).toBe("failed");
  expect(await row(version)).toMatchObject({
    status: "FAILED",
    failureReason: "storage",
    failureDetail: expect.stringMatching(/^E[A-Z]+$/),
  });
});

/** A writer whose every file is published late: its lease is over when it has been published. */
async function lateWriter(version: { id: string }, meanwhile: () => Promise<unknown>) {
  const lease = await claimVersion(version);
  const answers = [
    async () => true,
    async () => (await meanwhile(), true),
    async () => heartbeatGeneration(await job(), lease, 0),
  ];
  return openVersionWriter(version.id, { leaseMs: 0, renew: () => answers.shift()!() });
}

test("a late file of a worker whose generation was taken over stays, for it is the other's too", async () => {
  const version = await begin(PLAIN);
  const writer = await lateWriter(version, () =>
    query({ text: "update versions set generator_lease_id = 'another' where id = $1" }, [version.id]),
  );
  await expect(writer.put("images/train/late.png", Buffer.from("x"))).rejects.toThrow(WriterLeaseLost);
  expect(existsSync(folder(version, "images/train/late.png"))).toBe(true);
});

test("a late file of a worker whose version went to Trash is taken away again", async () => {
  const version = await begin(PLAIN);
  const writer = await lateWriter(version, async () => trashVersion(await ctx(), versionRef(world, project, version)));
  await expect(writer.put("images/train/late.png", Buffer.from("x"))).rejects.toThrow(WriterLeaseLost);
  expect(existsSync(folder(version, "images/train/late.png"))).toBe(false);
});
