import { readdirSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { projectPrefix } from "@/lib/domain/grants";
import { purgeItem, trashProject } from "@/lib/domain/trash";
import { zipStream, type ZipEntry } from "@/lib/engine/zip";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma, query } from "@/lib/platform/db";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { buildApiKey, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { photo } from "@/lib/testing/pixels";
import { unpackZips } from "@/lib/work/uploads/zips";
import { call, dispatch } from "./_test/call-api";

/* A dataset as a zip, as `workspace.upload_dataset("data.zip", …)` sends it and follows it (core/workspace.py, rfapi.py). */

let world: World;
let key: string;
const pictures: Buffer[] = [];
beforeAll(async () => {
  world = await buildWorld();
  key = await buildApiKey(world);
  for (let i = 0; i < 3; i++) pictures.push(await photo(40 + i, 30));
});

async function zipOf(files: Record<string, Buffer | string>): Promise<Buffer> {
  const entries: ZipEntry[] = Object.entries(files).map(([path, bytes]) => ({ path, open: async () => bytes }));
  const chunks: Buffer[] = [];
  for await (const chunk of zipStream(entries)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const newProject = (type: ProjectType = "CLASSIFICATION") => buildProject(world, { type });

async function begin(project: { slug: string }, json: unknown = {}) {
  const { status, body } = await call("POST", `/${world.workspace.slug}/${project.slug}/upload/zip`, { key, json });
  expect(status).toBe(200);
  return body as { taskId: string; signedUrl: string };
}

const put = (signedUrl: string, bytes: Buffer) =>
  dispatch(
    new Request(signedUrl, {
      method: "PUT",
      body: new Uint8Array(bytes),
      headers: { "content-type": "application/zip" },
    }),
  );

const statusOf = async (taskId: string) =>
  (await call("GET", `/${world.workspace.slug}/upload/zip/${taskId}`, { key })).body as Record<string, unknown>;

const unpackAll = async () => unpackZips(await systemContext("test"), AbortSignal.timeout(20_000));

async function upload(project: { slug: string }, zip: Buffer, json: unknown = {}) {
  const { taskId, signedUrl } = await begin(project, json);
  expect((await put(signedUrl, zip)).status).toBe(200);
  expect(await statusOf(taskId)).toEqual({ taskId, status: "queued", progress: { current: 0 } });
  await unpackAll();
  return { taskId, signedUrl, ...(await statusOf(taskId)) } as Record<string, unknown> & { signedUrl: string };
}

const zipsOf = async ({ id }: { id: string }) => {
  const found: string[] = [];
  for await (const { key: name } of blobStore().list(`${projectPrefix(id)}zips/`)) found.push(name);
  return found;
};

const imagesOf = ({ id }: { id: string }) =>
  prisma().image.findMany({ where: { projectId: id }, orderBy: { fileName: "asc" } });

describe("a zip", () => {
  it("adds its images with the classes and splits of their folders, and what cannot be taken is told and harms nothing", async () => {
    const project = await newProject();
    const zip = await zipOf({
      "data/train/cat/a.jpg": pictures[0]!,
      "data/valid/dog/b.jpg": pictures[1]!,
      "data/test/dog/c.jpg": pictures[2]!,
      "data/test/dog/again.jpg": pictures[2]!,
      "data/train/cat/broken.jpg": "not an image",
      "data/readme.pdf": "-",
      "../up.jpg": pictures[0]!,
      "__MACOSX/a.jpg": "-",
    });
    const done = await upload(project, zip, { tags: ["june"], batchName: "First" });
    expect(done).toMatchObject({
      status: "completed",
      progress: { current: 5, total: 5 },
      result: { added: 3, duplicates: 1, annotated: 0, failed: 3 },
    });
    const { failures } = done["result"] as { failures: { file: string; error: string }[] };
    expect(failures.map(({ file }) => file).sort()).toEqual([
      "../up.jpg",
      "data/readme.pdf",
      "data/train/cat/broken.jpg",
    ]);
    expect((await imagesOf(project)).map(({ label, split, tags, batch }) => [label, split, tags, batch])).toEqual(
      expect.arrayContaining([
        ["cat", "TRAIN", ["june"], "First"],
        ["dog", "VALID", ["june"], "First"],
        ["dog", "TEST", ["june"], "First"],
      ]),
    );
    expect(await zipsOf(project)).toEqual([]);
    expect(await prisma().task.findUniqueOrThrow({ where: { id: done["taskId"] as string } })).toMatchObject({
      fileId: null,
      fileBytes: null,
    });
    expect((await put(done.signedUrl, zip)).status).toBe(409);
  });

  it("gives a detection project's images their boxes, and a split that is asked for to all", async () => {
    const project = await newProject("OBJECT_DETECTION");
    const done = await upload(
      project,
      await zipOf({
        "data.yaml": "names: [hat, head]\n",
        "train/images/a.jpg": pictures[0]!,
        "train/labels/a.txt": "0 0.5 0.5 0.5 0.5\n",
        "train/images/b.jpg": pictures[1]!,
        "train/labels/b.txt": "1 0.5 0.5 0.5 0.5\n9 0.5 0.5 0.5 0.5\n1 0.1 0.1 0.4 0.1 0.2 0.4\n",
      }),
      { split: "test" },
    );
    expect(done).toMatchObject({
      status: "completed",
      result: {
        added: 2,
        annotated: 2,
        failed: 1,
        failures: [{ file: "train/labels/b.txt", error: expect.stringContaining('class "9", line 2') }],
        notes: [{ file: "train/labels/b.txt", note: "1 polygon or mask is kept as the box around it." }],
      },
    });
    expect((await imagesOf(project)).map(({ split, boxes }) => [split, boxes])).toEqual([
      ["TEST", [{ label: "hat", x: 10, y: 7.5, width: 20, height: 15 }]],
      ["TEST", [expect.objectContaining({ label: "head" }), expect.objectContaining({ label: "head" })]],
    ]);
  });

  it("that is none, or begun for nothing, fails with a sentence", async () => {
    const project = await newProject();
    expect(await upload(project, Buffer.from("GIF89a"))).toMatchObject({
      status: "failed",
      error: expect.stringContaining("not a zip"),
    });
    expect(await zipsOf(project)).toEqual([]);
    for (const [json, status] of [
      [{ split: "all" }, 400],
      [{ tags: "a" }, 400],
      [{ tags: ["x".repeat(300)] }, 422],
    ] as const)
      expect(await call("POST", `/${world.workspace.slug}/${project.slug}/upload/zip`, { key, json })).toMatchObject({
        status,
      });
    expect((await put("http://test/api/upload/forged.token", Buffer.from("x"))).status).toBe(404);
  });

  it("of a project that goes to Trash is refused, or fails when it was sent before, and leaves no file", async () => {
    const project = await newProject();
    const zip = await zipOf({ "a.jpg": pictures[0]! });
    const [sent, waiting] = [await begin(project), await begin(project)];
    expect((await put(sent.signedUrl, zip)).status).toBe(200);
    await trashProject(await userContext(world), { workspaceSlug: world.workspace.slug, projectSlug: project.slug });
    expect((await put(waiting.signedUrl, zip)).status).toBe(404);
    await unpackAll();
    expect(await statusOf(sent.taskId)).toMatchObject({ status: "failed", error: expect.stringContaining("in Trash") });
    expect(await zipsOf(project)).toEqual([]);
  });

  it("that waits counts as its project's, goes with it, and stands on its receipt", async () => {
    const project = await newProject();
    const { taskId, signedUrl } = await begin(project);
    const zip = await zipOf({ "a.jpg": pictures[0]! });
    await put(signedUrl, zip);
    const owner = await userContext(world);
    await trashProject(owner, { workspaceSlug: world.workspace.slug, projectSlug: project.slug });
    expect((await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).trashedBytes).toBe(
      BigInt(zip.length),
    );
    await purgeItem(
      owner,
      { workspaceSlug: world.workspace.slug, type: "PROJECT", id: project.id },
      AbortSignal.timeout(10_000),
    );
    expect(await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: project.id } })).toMatchObject({
      expectedFiles: 1,
      expectedBytes: BigInt(zip.length),
    });
    expect(await statusOf(taskId)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("permanently deleted"),
    });
  });

  it("whose worker died is taken up by the next, and given up after some", async () => {
    const project = await newProject();
    const { taskId, signedUrl } = await begin(project);
    expect((await put(signedUrl, await zipOf({ "a.jpg": pictures[0]! }))).status).toBe(200);
    const died = (attempts: number) =>
      query(
        {
          text: `update tasks set status = 'RUNNING', lease_id = 'dead', lease_until = now() - interval '1 second', attempts = $2 where id = $1`,
        },
        [taskId, attempts],
      );
    await died(1);
    await unpackAll();
    expect(await statusOf(taskId)).toMatchObject({ status: "completed", result: { added: 1 } });
    const second = await begin(project);
    expect((await put(second.signedUrl, await zipOf({ "b.jpg": pictures[1]! }))).status).toBe(200);
    await query({ text: `update tasks set attempts = 3 where id = $1` }, [second.taskId]);
    await unpackAll();
    expect(await statusOf(second.taskId)).toMatchObject({
      status: "failed",
      error: expect.stringContaining("several times"),
    });
    expect(await zipsOf(project)).toEqual([]);
  });
});

it("leaves no temporary file", () => {
  expect(readdirSync("/tmp").filter((name) => name.startsWith(`reprieve-upload-${process.pid}-`))).toEqual([]);
});
