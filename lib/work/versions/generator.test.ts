import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { beforeAll, beforeEach, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { versionPrefix } from "@/lib/domain/grants";
import type { ManifestFile } from "@/lib/engine/manifest";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
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
import { storeFile } from "@/lib/testing/store-file";
import { sweepFiles } from "@/lib/work/sweep";
import { verifyVersionFiles } from "./files";
import { generateVersionNow, generateVersions } from "./generator";
import { readManifest } from "./manifest";
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
/** Chunks that count. */
const chunks = (version: { id: string }) => prisma().generationChunk.findMany({ where: { versionId: version.id } });
/** Asks again as soon as the database has answered, which leaves the work in this process its time. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await condition())) if (performance.now() > deadline) throw new Error("it never came to that");
}
/** A worker is at it, and one chunk is finished. */
const underWay = (version: { id: string }) =>
  until(async () => (await row(version)).progress > 0 && (await chunks(version)).length > 0);

async function manifestOf(version: { id: string }) {
  return (await readManifest(version.id, (await row(version)).manifestHash!)).manifest;
}

/** What the manifest says of a version's images, but for where each attempt put them. */
async function contentsOf(version: { id: string }) {
  const { files, ...facts } = await manifestOf(version);
  return { ...facts, files: files.map(({ path: _path, ...file }) => file) };
}

async function generated(settings: ChosenSettings) {
  const version = await begin(settings);
  expect(await now(version)).toBe("ready");
  return contentsOf(version);
}

let undisturbed: ReturnType<typeof contentsOf> | undefined;
/** LARGE when nothing comes between. */
const undisturbedContents = () => (undisturbed ??= generated(LARGE));

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
  });
  expect(await prisma().generationChunk.count({ where: { versionId: version.id } })).toBe(0);
  expect(await prisma().grant.count({ where: { versionId: version.id } })).toBe(0);
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
  const manifest = await manifestOf(version);
  expect(manifest).toMatchObject({ type: "classification", seed: 7, splits: { train: 50, valid: 25, test: 25 } });
  expect(manifest.files[0]).toMatchObject({ name: expect.stringMatching(/^digit-\d-\d{4}\.png$/) });
});

test("the same images, settings and seed give the same images in the same order, another seed gives others", async () => {
  const settings = { ...PLAIN, augmentation: { image: { versions: 2 }, noise: { percent: 5 } } };
  const [first, again, other] = [
    await generated(settings),
    await generated(settings),
    await generated({ ...settings, seed: 8 }),
  ];
  expect(again).toEqual(first);
  expect(other).not.toEqual(first);
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
  const { type, files } = await manifestOf(version);
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

test("killed half way, a generation is carried on to the same images as an undisturbed one, and no finished chunk is made again", async () => {
  const version = await begin(LARGE);
  const worker = startWorker();
  await underWay(version);
  await worker.kill();
  const finished = await chunks(version);
  const before = new Map(filesIn(folder(version, "images")).map((file) => [file, statSync(file).ino]));
  expect(before.size).toBeLessThan(LARGE_IMAGES);
  expect(await row(version)).toMatchObject({ status: "GENERATING", manifestHash: null });

  expect(await now(version)).toBeNull(); // the dead worker's lease still runs
  await query({ text: "update versions set generator_until = now() - interval '1 second' where id = $1" }, [
    version.id,
  ]);
  await query({ text: "update grants set until = now() - interval '1 second' where version_id = $1" }, [version.id]);
  const kept = new Set(
    finished.flatMap(({ entries }) =>
      (entries as unknown as ManifestFile[]).map((entry) => folder(version, entry.path)),
    ),
  );
  expect(await now(version)).toBe("ready");
  await sweepFiles(await job(), new AbortController().signal);
  await expectWhole(version, LARGE_IMAGES);
  expect(kept.size).toBeGreaterThanOrEqual(5 * 50);
  for (const file of kept) expect(statSync(file).ino).toBe(before.get(file)); // written anew, it would be another file
  expect(await contentsOf(version)).toEqual(await undisturbedContents());
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
  expect(await contentsOf(version)).toEqual(await undisturbedContents());
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
  expect(existsSync(folder(version, "manifests"))).toBe(false);

  await restoreVersion(await ctx(), trashedVersionRef(world, project, version));
  expect(await row(version)).toMatchObject({ status: "FAILED", failureReason: "trashed", manifestHash: null });
  expect(await retryVersion(await ctx(), versionRef(world, project, version))).toMatchObject({ outcome: "retried" });
  expect(await now(version)).toBe("ready");
  await expectWhole(version, LARGE_IMAGES);
  expect(await contentsOf(version)).toEqual(await undisturbedContents());
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
  for (const path of ["images/train/of-an-earlier-build-0.png", "images/an-attempt/train/a-0.png", "generation/a.json"])
    await storeFile(`${versionPrefix(version.id)}${path}`, Buffer.from("x"));
  expect(await now(version)).toBe("ready");
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
  const file = path.join(storeFolder(), "projects", place.id, "images", image!.id);
  const whole = readFileSync(file);
  spoil(file);
  expect(await now(version)).toBe("failed");
  expect(await row(version)).toMatchObject({
    status: "FAILED",
    failureReason: "unreadable_image",
    failureDetail: image!.fileName,
  });
  writeFileSync(file, whole);
  expect(await usedImages(other)).toBe(0);
});

test("a store that cannot be written to fails the generation", async () => {
  const version = await begin(PLAIN);
  writeFileSync(folder(version, "images"), "a file where the folder has to be");
  expect(await now(version)).toBe("failed");
  expect(await row(version)).toMatchObject({
    status: "FAILED",
    failureReason: "storage",
    failureDetail: expect.stringMatching(/^E[A-Z]+$/),
  });
  rmSync(folder(version, "images"));
});
