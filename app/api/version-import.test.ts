import { beforeAll, beforeEach, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion, buildWorld, type World } from "@/lib/testing/builders";
import { UNBOUNDED } from "@/lib/testing/lifecycle";
import { photo } from "@/lib/testing/pixels";
import { zipOf } from "@/lib/testing/zips";
import { unpackZips } from "@/lib/work/uploads/zips";
import { importVersions } from "@/lib/work/versions/importer";
import { call, dispatch } from "./_test/call-api";

/* A version that exists already, as a script sends it that moves a workspace: bytes, or an upload that was made before. */

let zip: Buffer;
beforeAll(async () => {
  zip = await zipOf({
    "data.yaml": "names: [hat, head]\nroboflow:\n  workspace: acme\n  project: hats\n  version: 3\n",
    "train/images/a.jpg": await photo(40, 30, 1),
    "train/labels/a.txt": "1 0.5 0.5 0.5 0.5\n",
    "test/images/b.jpg": await photo(40, 30, 2),
    "test/labels/b.txt": "7 0.5 0.5 0.5 0.5\n",
    "notes.pdf": "-",
  });
});

let world: World;
let key: string;
let home: string;
let project: Awaited<ReturnType<typeof buildProject>>;
beforeEach(async () => {
  world = await buildWorld();
  key = await buildApiKey(world);
  project = await buildProject(world, { type: "OBJECT_DETECTION" });
  home = `/${world.workspace.slug}/${project.slug}`;
});

const workOff = async () => importVersions(await systemContext("imports"), UNBOUNDED);

const begin = (query = "", raw: Buffer | null = zip) =>
  call("POST", `${home}/import${query}`, {
    key,
    ...(raw ? { raw: new Uint8Array(raw), headers: { "content-length": String(raw.length) } } : {}),
  });

const stateOf = async (taskId: unknown) => (await call("GET", `${home}/import/${String(taskId)}`, { key })).body;

test("a zip as the body becomes the version that it was, and its origin is told with what was left out", async () => {
  const begun = await begin("?file=hats%20v3.zip&created=1648736400.5&name=as%20it%20was");
  const { taskId } = begun.body as { taskId: string };
  expect(begun).toMatchObject({ status: 202, body: { url: expect.stringContaining(`${home}/import/${taskId}`) } });
  expect(await stateOf(taskId)).toEqual({
    taskId,
    file: "hats v3.zip",
    status: "queued",
    progress: { current: 0 },
  });
  await workOff();
  const leftOut = {
    count: 2,
    files: [
      { file: "notes.pdf", error: expect.stringContaining("Neither an image that can be used") },
      {
        file: "test/labels/b.txt",
        error: expect.stringContaining("1 box has a class that neither the file nor its list of classes names"),
      },
    ],
  };
  expect(await stateOf(taskId)).toEqual({
    taskId,
    file: "hats v3.zip",
    status: "completed",
    progress: { current: 2, total: 2 },
    version: 3,
    leftOut,
  });
  expect((await call("GET", `/${world.workspace.slug}/asynctasks/${taskId}`, { key })).body).toMatchObject({
    status: "completed",
    result: { succeeded: 2, failed: 2 },
  });
  const { body } = await call("GET", `${home}/3`, { key });
  expect(body).toMatchObject({
    version: {
      name: "as it was",
      created: 1648736400.5,
      images: 2,
      splits: { train: 1, valid: 0, test: 1 },
      preprocessing: {},
      augmentation: {},
      generating: false,
      imported: {
        file: "hats v3.zip",
        format: "yolo",
        workspace: "acme",
        project: "hats",
        version: 3,
        leftOut,
      },
    },
  });
  expect((await call("POST", `${home}/generate`, { key, json: { preprocessing: {}, augmentation: {} } })).status).toBe(
    409,
  );
});

test("an upload made before waits unpacked until it is imported, once", async () => {
  const { body } = await call("POST", `${home}/upload/zip`, { key, json: { unpack: false } });
  const { taskId, signedUrl } = body as { taskId: string; signedUrl: string };
  expect(await begin(`?upload=${taskId}`, null)).toMatchObject({ status: 409, body: { code: "not_ready" } });
  const put = () => dispatch(new Request(signedUrl, { method: "PUT", body: new Uint8Array(zip) }));
  expect((await put()).status).toBe(200);
  expect((await put()).status).toBe(409);
  await unpackZips(await systemContext("zip uploads"), UNBOUNDED);
  expect(await prisma().image.count({ where: { projectId: project.id } })).toBe(0);

  expect(await begin(`?upload=${taskId}`)).toMatchObject({ status: 400, body: { field: "upload" } });
  expect(await begin(`?upload=${taskId}&number=5`, null)).toMatchObject({ status: 202, body: { taskId } });
  expect(await begin(`?upload=${taskId}`, null)).toMatchObject({ status: 404, body: { code: "not_found" } });
  await workOff();
  expect(await stateOf(taskId)).toMatchObject({ status: "completed", version: 5, file: "upload.zip" });
});

test("one that nobody imports is given up after a week, and its zip goes", async () => {
  const { body } = await call("POST", `${home}/upload/zip`, { key, json: { unpack: false } });
  const { taskId, signedUrl } = body as { taskId: string; signedUrl: string };
  await dispatch(new Request(signedUrl, { method: "PUT", body: new Uint8Array(zip) }));
  await prisma().task.update({ where: { id: taskId }, data: { createdAt: new Date(Date.now() - 7.1 * 86_400_000) } });
  await workOff(); // tells it
  await workOff(); // and takes the zip away
  expect(await prisma().task.findUniqueOrThrow({ where: { id: taskId } })).toMatchObject({
    status: "FAILED",
    fileId: null,
  });
});

test("a number that was given is 409 with the next one, and nothing is begun", async () => {
  await buildVersion(world, project);
  expect(await begin("?number=1")).toMatchObject({
    status: 409,
    body: { code: "already_exists", field: "number", number: 1, next: 2 },
  });
  expect(await begin("?number=1000001")).toMatchObject({ status: 422, body: { field: "number" } });
  expect(await begin("?created=yesterday")).toMatchObject({ status: 422, body: { field: "created" } });
  expect(await begin("?created=2999-01-01T00:00:00Z")).toMatchObject({ status: 422, body: { field: "created" } });
  expect(await begin(`?name=${"x".repeat(201)}`)).toMatchObject({ status: 422, body: { field: "name" } });
  expect(await begin("", null)).toMatchObject({ status: 400 });
  expect(await prisma().task.count({ where: { projectId: project.id } })).toBe(0);
});

test("no room is told as everywhere, a project in Trash is 404, and a cancel is a cancel", async () => {
  await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 1 } });
  const { taskId } = (await begin()).body as { taskId: string };
  await workOff();
  expect(await stateOf(taskId)).toMatchObject({ status: "failed", error: expect.stringContaining("needs 2 images") });

  const second = (await begin()).body as { taskId: string };
  const cancel = () => call("DELETE", `${home}/import/${second.taskId}`, { key });
  expect((await cancel()).body).toEqual({ outcome: "cancelled" });
  expect((await cancel()).body).toEqual({ outcome: "over" });
  expect(await stateOf(second.taskId)).toMatchObject({ status: "failed", error: "The import was cancelled." });

  await call("DELETE", home, { key });
  expect(await begin()).toMatchObject({ status: 404, body: { code: "in_trash" } });
});
