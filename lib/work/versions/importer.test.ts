import { Readable } from "node:stream";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemContext, type Context } from "@/lib/domain/context";
import { projectPrefix } from "@/lib/domain/grants";
import { purgeItem, restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import {
  beginImportedVersion,
  cancelImport,
  cancelVersionGeneration,
  claimImport,
  getImport,
  getVersionsPage,
  retryVersionGeneration,
  type ImportInput,
} from "@/lib/domain/versions";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import type { ExportFormat, ProjectType } from "@/lib/platform/generated/enums";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { itemRef, memberContext, projectRef, trashedVersionRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { photo } from "@/lib/testing/pixels";
import { storeVersion } from "@/lib/testing/stored-version";
import { downloadZip, imagesIn, readZip, zipOf } from "@/lib/testing/zips";
import { verifyVersionFiles } from "./files";
import { importVersions, sendImport } from "./importer";
import { readManifest } from "./manifest";

let world: World;
let owner: Context;
const pictures: Buffer[] = [];
beforeAll(async () => {
  for (let i = 0; i < 6; i++) pictures.push(await photo(64, 48, i + 1));
});
beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
});

const newProject = (type: ProjectType = "OBJECT_DETECTION") => buildProject(world, { type });
type Project = Awaited<ReturnType<typeof newProject>>;

const refOf = (project: Project) => ({ workspaceSlug: world.workspace.slug, projectSlug: project.slug });

const send = (project: Project, zip: Buffer, input: ImportInput = {}, ctx = owner) =>
  sendImport(
    ctx,
    refOf(project),
    { fileName: "set.zip", ...input },
    { body: Readable.from([zip]), announcedBytes: zip.length },
  );

const workOff = async (signal = UNBOUNDED) => importVersions(await systemContext("imports"), signal);

const stateOf = (project: Project, { taskId }: { taskId: string }) => getImport(owner, { ...refOf(project), taskId });

/** Imports a zip, and answers what became of it. */
async function importZip(project: Project, zip: Buffer, input: ImportInput = {}) {
  const begun = await send(project, zip, input);
  await workOff();
  return stateOf(project, begun);
}

const rowOf = (project: Project, number: number) =>
  prisma().version.findUniqueOrThrow({ where: { projectId_number: { projectId: project.id, number } } });

async function manifestOf(project: Project, number: number) {
  const { id, manifestHash } = await rowOf(project, number);
  return (await readManifest(id, manifestHash!)).manifest;
}

const used = async () => (await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } })).usedImages;

/** As the hosted service's `version.download("yolov8")` leaves it, the order of whose classes is not that of their letters. */
const hosted = (images = pictures): Record<string, Buffer | string> => ({
  "README.dataset.txt": "# Hard Hats > 2022-03-31 2:30pm\nhttps://universe.roboflow.com/acme/hard-hats\n",
  "README.roboflow.txt":
    "\nHard Hats - v7 2022-03-31 2:30pm\n==============================\n\nThis dataset was exported via roboflow.com on March 31, 2022 at 2:31 PM GMT\n",
  "data.yaml":
    "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\nnc: 3\nnames: ['vest', 'helmet', 'head']\n\nroboflow:\n  workspace: acme\n  project: hard-hats\n  version: 7\n  license: CC BY 4.0\n  url: https://universe.roboflow.com/acme/hard-hats/dataset/7\n",
  "train/images/a_jpg.rf.0123456789abcdef0123456789abcdef.jpg": images[0]!,
  "train/labels/a_jpg.rf.0123456789abcdef0123456789abcdef.txt": "1 0.5123456789012345 0.51 0.25 0.3\n2 0.2 0.2 0.1 0.1",
  "train/images/b_jpg.rf.1123456789abcdef0123456789abcdef.jpg": images[1]!,
  "train/labels/b_jpg.rf.1123456789abcdef0123456789abcdef.txt": "",
  "valid/images/c_jpg.rf.2123456789abcdef0123456789abcdef.jpg": images[2]!,
  "valid/labels/c_jpg.rf.2123456789abcdef0123456789abcdef.txt": "1 0.5 0.5 1 1\n",
  "test/images/d_png.rf.3123456789abcdef0123456789abcdef.jpg": images[3]!,
  "test/labels/d_png.rf.3123456789abcdef0123456789abcdef.txt": "2 0.1 0.9 0.2 0.2\n",
});

const OFFERED = [
  ["OBJECT_DETECTION", "YOLOV8"],
  ["OBJECT_DETECTION", "COCO"],
  ["OBJECT_DETECTION", "VOC"],
  ["CLASSIFICATION", "FOLDER"],
] as const satisfies readonly (readonly [ProjectType, ExportFormat])[];

test.each(OFFERED)(
  "a %s version downloaded as %s, imported, trashed, restored and downloaded again has every image, hash, box and name as it was",
  async (type, format) => {
    const first = await newProject(type);
    const made = await storeVersion(
      world,
      first,
      pictures.map((bytes, i) => ({
        bytes,
        split: i === 4 ? ("valid" as const) : i === 5 ? ("test" as const) : ("train" as const),
        extension: "jpg" as const,
      })),
      type === "CLASSIFICATION" ? "classification" : "object-detection",
    );
    await prisma().version.update({ where: { id: made.id }, data: { number: 5 } });
    const zip = await downloadZip(owner, { ...refOf(first), number: 5 }, format);

    const second = await newProject(type);
    const before = await used();
    const done = await importZip(second, zip);
    expect(done).toMatchObject({
      status: "COMPLETED",
      done: 6,
      total: 6,
      version: { number: 5, name: "set" },
      origin: {
        file: "set.zip",
        workspace: world.workspace.slug,
        project: first.slug,
        number: 5,
        left: { count: 0, files: [] },
      },
    });
    const ref = versionRef(world, second, { number: 5 });
    expect(await rowOf(second, 5)).toMatchObject({
      status: "READY",
      createdAt: made.createdAt,
      trainImages: 4,
      validImages: 1,
      testImages: 1,
      countedImages: 6,
      classes: { cat: 3, dog: 3 },
      files: 7,
    });
    expect(await used()).toBe(before + 6);
    expect(await verifyVersionFiles(owner, ref)).toMatchObject({ ok: true, files: 6 });
    const boxes = async (of: Project, number: number) =>
      (await manifestOf(of, number)).files
        .map(({ sha256, split, label, boxes }) => ({ sha256, split, label, boxes }))
        .sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    const [was, is] = [await boxes(first, 5), await boxes(second, 5)];
    for (const [i, file] of is.entries()) {
      expect(file).toMatchObject({ sha256: was[i]!.sha256, split: was[i]!.split, label: was[i]!.label });
      expect(file.boxes.map(({ label }) => label)).toEqual(was[i]!.boxes.map(({ label }) => label));
      for (const [at, box] of file.boxes.entries())
        for (const side of ["x", "y", "width", "height"] as const)
          expect(Math.abs(box[side] - was[i]!.boxes[at]![side])).toBeLessThan(2e-6);
    }

    await trashVersion(owner, ref);
    expect(await used()).toBe(before + 6);
    await restoreVersion(owner, trashedVersionRef(world, second, { number: 5 }));
    const again = await downloadZip(owner, { ...refOf(second), number: 5 }, format);
    expect(await imagesIn(again)).toEqual(await imagesIn(zip));
  },
);

test("what the hosted service's client downloads becomes the version that it was: number, name, splits, order of classes, boxes", async () => {
  const project = await newProject();
  const zip = await zipOf(hosted());
  const done = await importZip(project, zip);
  expect(done).toMatchObject({
    status: "COMPLETED",
    version: { number: 7, name: "2022-03-31 2:30pm" },
    origin: { format: "yolo", workspace: "acme", project: "hard-hats", number: 7, left: { count: 0 } },
  });
  const manifest = await manifestOf(project, 7);
  expect(manifest.classes).toEqual(["vest", "helmet", "head"]);
  expect(await rowOf(project, 7)).toMatchObject({ classes: { helmet: 2, head: 2 }, trainImages: 2 });
  const [whole] = manifest.files.filter(({ split }) => split === "valid");
  expect(whole!.boxes).toEqual([{ label: "helmet", x: 0, y: 0, width: 64, height: 48 }]);

  const again = await readZip(await downloadZip(owner, { ...refOf(project), number: 7 }, "YOLOV8"));
  const paths = Object.keys(hosted()).filter((path) => /\.(jpg|txt)$/.test(path) && !path.startsWith("README"));
  for (const path of paths.filter((one) => one.endsWith(".jpg")))
    expect(again.get(path)?.equals(hosted()[path] as Buffer)).toBe(true);
  expect(again.get("train/labels/a_jpg.rf.0123456789abcdef0123456789abcdef.txt")?.toString()).toBe(
    "1 0.51234568 0.51000000 0.25000000 0.30000000\n2 0.20000000 0.20000000 0.10000000 0.10000000\n",
  );
  expect(again.get("data.yaml")?.toString()).toContain(`names:\n  - "vest"\n  - "helmet"\n  - "head"\n`);
});

describe("numbers", () => {
  test("a number that was never given is taken whichever way round, and the next one is past it", async () => {
    const project = await newProject();
    expect((await importZip(project, await zipOf(hosted()))).version?.number).toBe(7);
    expect((await importZip(project, await zipOf(hosted()), { number: 3, name: "third" })).version).toEqual({
      number: 3,
      name: "third",
    });
    expect((await buildVersion(world, project)).number).toBe(8);
  });

  test("one that was given is never used twice: in Trash, purged, failed; the next is taken, and who insists is told", async () => {
    const project = await newProject();
    const zip = await zipOf(hosted());
    await prisma().project.update({ where: { id: project.id }, data: { nextVersionNumber: 7 } });
    const seventh = await buildVersion(world, project);
    for (const gone of [false, true]) {
      if (gone) {
        await trashVersion(owner, versionRef(world, project, seventh));
        await purgeItem(owner, itemRef(world, "VERSION", seventh), UNBOUNDED);
      }
      await expect(send(project, zip, { number: 7 })).rejects.toMatchObject({
        code: "already_exists",
        details: { field: "number", next: gone ? 9 : 8 },
      });
      expect(await importZip(project, zip)).toMatchObject({
        version: { number: gone ? 9 : 8 },
        origin: { number: 7 },
      });
    }
    await expect(send(project, zip, { number: 0 })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(send(project, zip, { number: 1_000_001 })).rejects.toMatchObject({ code: "invalid_input" });
    await expect(send(project, zip, { createdAt: new Date(Date.now() + 60_000) })).rejects.toMatchObject({
      code: "invalid_input",
    });
    expect(await prisma().task.count({ where: { projectId: project.id, status: "WAITING" } })).toBe(0);
  });

  test("two that want the same number get one each", async () => {
    const project = await newProject();
    const zip = await zipOf(hosted());
    const begun = [await send(project, zip, { number: 2 }), await send(project, zip, { number: 2 })];
    await workOff();
    expect(await stateOf(project, begun[0]!)).toMatchObject({ version: { number: 2 } });
    expect(await stateOf(project, begun[1]!)).toMatchObject({
      status: "FAILED",
      version: null,
      problem: { code: "already_exists" },
    });
    expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(1);
  });
});

describe("what is left out", () => {
  test("broken images, hostile names and boxes that cannot be meant are told, and harm nothing else; the quota is given back for them", async () => {
    const project = await newProject();
    const before = await used();
    const done = await importZip(
      project,
      await zipOf({
        ...hosted(),
        "train/images/broken.jpg": pictures[4]!.subarray(0, 900),
        "train/images/text.png": "not an image",
        "../../escape.jpg": pictures[4]!,
        "/absolute.jpg": pictures[4]!,
        "train/images/nested.zip": "PK",
        "train/images/table.csv": "a,b",
        "train/labels/e.txt": "0 0.5 0.5 0.1 0.1\n",
        "train/images/f.jpg": pictures[5]!,
        "train/labels/f.txt": "9 0.5 0.5 0.1 0.1\n0 7 7 7 7\n0 0.5 0.5 0.2 0.2\n",
        "__MACOSX/._f.jpg": "-",
      }),
    );
    expect(done.status).toBe("COMPLETED");
    expect(done.origin?.left?.count).toBe(9);
    expect(done.origin?.left?.files.map(({ file, code }) => `${file} ${code}`).sort()).toEqual([
      "../../escape.jpg unsafeName",
      "/absolute.jpg unsafeName",
      "train/images/broken.jpg unusableImage",
      "train/images/nested.zip archive",
      "train/images/table.csv table",
      "train/images/text.png unusableImage",
      "train/labels/e.txt unknown_image",
      "train/labels/f.txt bad_box",
      "train/labels/f.txt unknown_class",
    ]);
    expect(await used()).toBe(before + 5);
    expect(await rowOf(project, 7)).toMatchObject({ countedImages: 5, trainImages: 3 });
    expect((await manifestOf(project, 7)).files.find(({ name }) => name === "f.jpg")?.boxes).toHaveLength(1);
  });

  test("folders without a class, and files with boxes, have none in a classification project", async () => {
    const project = await newProject("CLASSIFICATION");
    const done = await importZip(
      project,
      await zipOf({
        "set/train/cat/1.jpg": pictures[0]!,
        "set/train/dog/1.jpg": pictures[1]!,
        "set/train/unlabeled/2.jpg": pictures[2]!,
        "set/train/_annotations.coco.json": "{}",
      }),
    );
    expect(done).toMatchObject({
      version: { number: 1, name: "set" },
      origin: {
        format: "folder",
        number: null,
        left: { count: 1, files: [{ file: "set/train/_annotations.coco.json", code: "annotationsUnused" }] },
      },
    });
    expect((await getVersionsPage(owner, refOf(project))).chosen).toMatchObject({
      untrainable: null,
      origin: { file: "set.zip" },
    });
    const { files } = await manifestOf(project, 1);
    expect(files.map(({ name, label, split }) => [name, label, split])).toEqual([
      ["1.jpg", "cat", "train"],
      ["1.jpg", "dog", "train"],
      ["2.jpg", null, "train"],
    ]);
    expect(Object.keys(await imagesIn(await downloadZip(owner, { ...refOf(project), number: 1 }, "FOLDER")))).toEqual([
      "train/cat/1.jpg",
      "train/dog/1-2.jpg",
      "train/unlabeled/2.jpg",
    ]);
  });
});

describe("refusals", () => {
  test.each([
    ["no zip", "OBJECT_DETECTION", async () => Buffer.from("this is no zip"), { reason: "brokenZip" }],
    [
      "a zip cut short",
      "OBJECT_DETECTION",
      async () => (await zipOf(hosted())).subarray(0, 3_000),
      { reason: "brokenZip" },
    ],
    [
      "no images",
      "OBJECT_DETECTION",
      async () => zipOf({ "data.yaml": "names: [a]" }),
      { reason: "zip_without_images" },
    ],
    [
      "no boxes",
      "OBJECT_DETECTION",
      async () => zipOf({ "train/a.jpg": pictures[0]! }),
      { reason: "zip_without_boxes" },
    ],
    ["no classes", "CLASSIFICATION", async () => zipOf(hosted()), { reason: "zip_without_classes" }],
  ] as const)("%s: nothing is made, and the reason is told", async (_, type, makeZip, details) => {
    const project = await newProject(type);
    const done = await importZip(project, await makeZip());
    expect(done).toMatchObject({ status: "FAILED", version: null, problem: { code: "invalid_input", details } });
    expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(0);
    const left: string[] = [];
    for await (const { key } of blobStore().list(`${projectPrefix(project.id)}zips/`)) left.push(key);
    expect(left).toEqual([]);
    expect(await used()).toBe(0);
  });

  test("a zip that claims to hold far more than it can is not unpacked", async () => {
    const zip = await zipOf(hosted());
    // the size that the central directory gives of each entry, before it is inflated
    for (let at = zip.indexOf("PK\u0001\u0002"); at >= 0; at = zip.indexOf("PK\u0001\u0002", at + 1))
      zip.writeUInt32LE(0xf0000000, at + 24);
    const project = await newProject();
    expect(await importZip(project, zip)).toMatchObject({
      status: "FAILED",
      problem: { details: { reason: "zipBomb" } },
    });
  });

  test("without room in the quota nothing is made, and what would help is told; once there is room, it has its number", async () => {
    world = await buildWorld({ imageQuota: 3 });
    owner = await userContext(world);
    const project = await newProject();
    const zip = await zipOf(hosted());
    expect(await importZip(project, zip)).toMatchObject({
      status: "FAILED",
      version: null,
      problem: { code: "quota_exceeded", details: { needed: 4, free: 3 } },
    });
    expect(await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).toMatchObject({
      nextVersionNumber: 1,
    });
    const told = async () => (await getVersionsPage(owner, refOf(project))).imports.map(({ problem }) => problem?.code);
    expect(await told()).toEqual(["quota_exceeded"]);
    await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 4 } });
    expect((await importZip(project, zip)).version?.number).toBe(7);
    expect(await told()).toEqual([]);
  });

  test("a zip of which no image can be used fails, and its number can be had by a better one", async () => {
    const project = await newProject();
    const failed = await importZip(project, await zipOf(hosted([0, 1, 2, 3].map(() => Buffer.from("no image")))));
    expect(failed).toMatchObject({
      status: "FAILED",
      version: { number: 7 },
      problem: { details: { reason: "no_images" } },
    });
    expect(await rowOf(project, 7)).toMatchObject({ status: "FAILED", failureReason: "no_images", countedImages: 0 });
    expect(await used()).toBe(0);
    await expect(
      retryVersionGeneration(owner, versionRef(world, project, { number: 7 }), () => ({ sources: [], images: 0 })),
    ).rejects.toMatchObject({ code: "nothing_to_generate", details: { reason: "imported" } });
    const { id } = await rowOf(project, 7);
    expect(await importZip(project, await zipOf(hosted()))).toMatchObject({
      status: "COMPLETED",
      version: { number: 7 },
    });
    expect(await rowOf(project, 7)).toMatchObject({ id, status: "READY", failureReason: null });
  });

  test("viewers, strangers and projects in Trash: nothing is begun", async () => {
    const project = await newProject();
    const zip = await zipOf(hosted());
    const viewer = await memberContext(world, "VIEWER");
    await expect(send(project, zip, {}, viewer)).rejects.toMatchObject({ code: "forbidden" });
    await expect(send(project, zip, {}, await userContext(await buildWorld()))).rejects.toMatchObject({
      code: "not_found",
    });
    await trashProject(owner, projectRef(world, project));
    await expect(send(project, zip)).rejects.toMatchObject({ code: "in_trash" });
    expect(await prisma().task.count({ where: { projectId: project.id } })).toBe(0);
  });
});

describe("while it goes on", () => {
  test("an import that waits can be cancelled, and is then over for good", async () => {
    const project = await newProject();
    const begun = await send(project, await zipOf(hosted()));
    const ref = { ...refOf(project), ...begun };
    expect((await getVersionsPage(owner, ref)).imports).toMatchObject([{ taskId: begun.taskId, problem: null }]);
    expect(await cancelImport(owner, ref)).toEqual({ outcome: "cancelled" });
    expect(await cancelImport(owner, ref)).toEqual({ outcome: "over" });
    expect((await getVersionsPage(owner, ref)).imports).toEqual([]);
    expect(await workOff()).toEqual({ ready: 0, failed: 0, interrupted: 0, lost: 0 });
    expect(await stateOf(project, begun)).toMatchObject({
      status: "FAILED",
      problem: { details: { reason: "cancelled" } },
    });
  });

  test.each(["cancelImport", "cancelVersionGeneration"] as const)(
    "%s ends one that has begun its version: nothing counts, its task is over, and no file stays",
    async (way) => {
      const project = await newProject();
      const begun = await send(project, await zipOf(hosted()));
      const end = async () => {
        const ref = versionRef(world, project, { number: 7 });
        if (way === "cancelImport") await cancelImport(owner, { ...refOf(project), ...begun });
        else await cancelVersionGeneration(owner, ref);
      };
      expect(await workOffDuring(end, { before: true })).toEqual({
        ready: 0,
        failed: 0,
        interrupted: 0,
        lost: 1,
      });
      expect(await rowOf(project, 7)).toMatchObject({
        status: "FAILED",
        failureReason: "cancelled",
        countedImages: 0,
      });
      expect(await used()).toBe(0);
      expect(await stateOf(project, begun)).toMatchObject({ status: "FAILED" });
    },
  );

  test("one whose project goes to Trash waits, keeps what it reserved, and goes on after the restore", async () => {
    const project = await newProject();
    const begun = await send(project, await zipOf(hosted()));
    const trash = () => trashProject(owner, projectRef(world, project));
    expect(await workOffDuring(trash)).toEqual({ ready: 0, failed: 0, interrupted: 0, lost: 1 });
    expect(await workOff()).toEqual({ ready: 0, failed: 0, interrupted: 0, lost: 0 });
    expect(await used()).toBe(4);
    await restoreProject(owner, { workspaceSlug: world.workspace.slug, projectId: project.id });
    expect(await workOff()).toEqual({ ready: 1, failed: 0, interrupted: 0, lost: 0 });
    expect(await stateOf(project, begun)).toMatchObject({ status: "COMPLETED" });
  });

  test("a worker that is lost half way is followed by another, which takes over what was stored", async () => {
    const project = await newProject();
    const begun = await send(project, await zipOf(manyImages(70)));
    const stopping = new AbortController();
    const stop = async () => stopping.abort();
    expect(await workOffDuring(stop, { signal: stopping.signal })).toMatchObject({ interrupted: 1, ready: 0 });
    const { id } = await rowOf(project, 1);
    const kept = await prisma().generationChunk.findMany({ where: { versionId: id } });
    expect(kept.length).toBeGreaterThan(0);
    expect(await workOff()).toEqual({ ready: 1, failed: 0, interrupted: 0, lost: 0 });
    expect(await stateOf(project, begun)).toMatchObject({ status: "COMPLETED", done: 70 });
    const { files } = await manifestOf(project, 1);
    expect(files.filter(({ path }) => path.startsWith(`images/${kept[0]!.attemptId}/`))).toHaveLength(kept[0]!.files);
  });

  test("one that breaks three workers is given up, and gives back what it reserved", async () => {
    const project = await newProject();
    const begun = await send(project, await zipOf(hosted()));
    const ctx = await systemContext("imports");
    const lapse = () =>
      query(
        {
          name: "lapse-tasks",
          text: "update tasks set lease_until = now() - interval '1 second' where status = 'RUNNING'",
        },
        [],
      );
    const task = await claimImport(ctx);
    await beginImportedVersion(owner, task!, {
      images: 4,
      number: 7,
      name: "x",
      createdAt: null,
      origin: { file: "x", format: "yolo", importedAt: "", workspace: null, project: null, number: 7, left: null },
    });
    expect(await used()).toBe(4);
    for (let i = 0; i < 2; i++) {
      await lapse();
      expect(await claimImport(ctx)).not.toBeNull();
    }
    await lapse();
    expect(await claimImport(ctx)).toBeNull();
    expect(await rowOf(project, 7)).toMatchObject({ status: "FAILED", failureReason: "worker_lost" });
    expect(await used()).toBe(0);
    expect(await stateOf(project, begun)).toMatchObject({
      status: "FAILED",
      problem: { details: { reason: "worker_lost" } },
    });
  });

  test("a project that is purged takes its imports along", async () => {
    const project = await newProject();
    const begun = await send(project, await zipOf(hosted()));
    await trashProject(owner, projectRef(world, project));
    await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
    expect(await prisma().task.findUniqueOrThrow({ where: { id: begun.taskId } })).toMatchObject({
      status: "FAILED",
      fileId: null,
    });
    expect(await workOff()).toEqual({ ready: 0, failed: 0, interrupted: 0, lost: 0 });
  });
});

/**
 * Works imports off, and has `run` come in while the first chunk of one is about to be written down or, `before`, begun.
 */
async function workOffDuring(
  run: () => Promise<unknown>,
  { before = false, signal = UNBOUNDED }: { before?: boolean; signal?: AbortSignal } = {},
) {
  const second = await connectSecond();
  try {
    await second.query("begin");
    await second.query(`lock table generation_chunks in ${before ? "access exclusive" : "share"} mode`);
    const working = workOff(signal);
    await second.untilWaiting(1);
    await run();
    await second.query("commit");
    return await working;
  } finally {
    await second.end();
  }
}

/** As YOLO, without a word of where it comes from. */
function manyImages(count: number): Record<string, Buffer | string> {
  const files: Record<string, Buffer | string> = { "data.yaml": "names: [a]\n" };
  for (let i = 0; i < count; i++) {
    files[`train/images/${i}.jpg`] = pictures[i % pictures.length]!;
    files[`train/labels/${i}.txt`] = "0 0.5 0.5 0.1 0.1\n";
  }
  return files;
}
