import { buffer } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { zipStream } from "@/lib/engine/zip";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion, buildWorld, type World } from "@/lib/testing/builders";
import { linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import "@/lib/testing/onnx-script";
import { photo } from "@/lib/testing/pixels";
import { call } from "./_test/call-api";
import { serveApi } from "./_test/serve-api";

/* Models that were made elsewhere, over the API: handed in, asked, silent in Trash. */

let server: Awaited<ReturnType<typeof serveApi>>;
let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let key: string;

beforeAll(async () => {
  server = await serveApi();
  Object.assign(process.env, { PUBLIC_URL: server.origin, MAX_WEIGHTS_MB: "1" });
});
afterAll(() => server.close());

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "hats", type: "OBJECT_DETECTION" });
  await buildVersion(world, project);
  key = await buildApiKey(world);
});

const onnx = linearOnnx({ outputs: [yolov8Output([[16, 16, 8, 4, 0.9]])], metadata: namesOf("hat") });
const path = (rest: string) => `/${world.workspace.slug}/hats/1${rest}`;
const raw = (bytes: Uint8Array) => ({ key, raw: new Uint8Array(bytes) });

async function askAbout(image: Buffer, query = "") {
  const form = new FormData();
  form.set("file", new Blob([new Uint8Array(image)]), "a.jpg");
  return call("POST", `/infer/hats/1?confidence=40&overlap=30&format=json${query}`, { key, raw: form });
}

test("a model is handed in by PUT, asked as the client asks, silent in Trash, and the same after the restore", async () => {
  expect(await call("PUT", path("/models?modelType=yolov8n"), raw(onnx))).toMatchObject({
    status: 200,
    body: { model: `${world.workspace.slug}/hats-1-1`, modelType: "yolov8n", servable: true, sizeBytes: onnx.length },
  });
  const image = await photo(100, 50);
  const before = await askAbout(image);
  expect(before).toMatchObject({
    status: 200,
    body: {
      predictions: [{ x: 50, y: 25, width: 25, height: 12.5, confidence: 0.9, class: "hat", class_id: 0 }],
      image: { width: 100, height: 50 },
    },
  });
  expect(await askAbout(image, "&classes=dog")).toMatchObject({ status: 422 });
  expect(await call("GET", `/models/${world.workspace.slug}/hats-1-1`, { key })).toMatchObject({ status: 200, body: { servable: true } }); // prettier-ignore
  expect(await call("GET", path(""), { key })).toMatchObject({ status: 200 });

  await call("DELETE", path(""), { key });
  expect(await askAbout(image)).toMatchObject({ status: 404, body: { code: "model_in_trash" } });
  const { body: trash } = await call("GET", `/${world.workspace.slug}/trash`, { key });
  const [item] = (trash as { sections: { versions: { id: string; parentId: string }[] } }).sections.versions;
  await call("POST", `/${world.workspace.slug}/trash/restore`, {
    key,
    json: { type: "version", id: item!.id, parentId: item!.parentId },
  });
  const after = await askAbout(image);
  expect((after.body as { predictions: unknown }).predictions).toEqual(
    (before.body as { predictions: unknown }).predictions,
  );
});

test("what is no model is 422 with what to do, and too much of it 413", async () => {
  expect(await call("PUT", path("/models"), raw(Buffer.from("no model")))).toMatchObject({
    status: 422,
    body: { code: "invalid_input", error: expect.stringContaining("torch.onnx.export") as string },
  });
  expect(await call("PUT", path("/models"), raw(onnx.subarray(0, 200)))).toMatchObject({ status: 422 });
  expect(await call("PUT", path("/models"), raw(Buffer.alloc(1024 ** 2 + 1)))).toMatchObject({ status: 413 });
  expect(await call("PUT", `/${world.workspace.slug}/hats/9/models`, raw(onnx))).toMatchObject({ status: 404 });
  expect(await prisma().training.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
});

test("weights of a trainer elsewhere that are an ONNX file are looked at at once, and served", async () => {
  await call("POST", path("/v2/trainings"), { key, json: { modelType: "yolov8n" } });
  const { body: leased } = await call("POST", `/${world.workspace.slug}/training-jobs/lease`, { key });
  const { trainingId, leaseId } = (leased as { job: { trainingId: string; leaseId: string } }).job;
  const job = (act: string) => `/${world.workspace.slug}/training-jobs/${trainingId}/${act}`;
  const put = (bytes: Uint8Array) => call("PUT", `${job("weights")}?leaseId=${leaseId}`, raw(bytes));
  expect(await put(onnx.subarray(0, 200))).toMatchObject({ status: 422, body: { field: "weights" } });
  expect(await put(Buffer.from("kept as they are"))).toMatchObject({ status: 200, body: { servable: false } });
  expect(await put(onnx)).toMatchObject({ status: 200, body: { servable: true } });
  expect(await call("POST", job("finish"), { key, json: { leaseId } })).toMatchObject({ status: 200 });
  expect(await askAbout(await photo(64, 64))).toMatchObject({ status: 200, body: { predictions: [{ class: "hat" }] } });
  const { body } = await call("GET", path("/ptFile"), { key });
  expect((await fetch((body as { weightsUrl: string }).weightsUrl, { method: "HEAD" })).headers.get("content-disposition")).toContain('filename="hats-1-1.onnx"'); // prettier-ignore
});

describe("version.deploy of the official client", () => {
  /** As `_upload_zip` of core/version.py does it: a link with the key, then the file without one. */
  async function deploy(bytes: Uint8Array, modelType = "yolov8n") {
    const { status, body } = await call("GET", path(`/uploadModel?modelType=${modelType}&nocache=true`), { key });
    expect(status).toBe(200);
    return fetch((body as { url: string }).url, { method: "PUT", body: new Uint8Array(bytes) });
  }
  const zip = (files: Record<string, string | Uint8Array>) =>
    buffer(
      zipStream(Object.entries(files).map(([name, bytes]) => ({ path: name, open: async () => Buffer.from(bytes) }))),
    );

  test("keeps a zip of PyTorch weights: listed, downloadable, and 409 when asked", async () => {
    const bytes = await zip({ "state_dict.pt": "weights", "model_artifacts.json": "{}" });
    expect((await deploy(bytes)).status).toBe(200);
    expect(await call("GET", `/${world.workspace.slug}/hats/models`, { key })).toMatchObject({
      body: [{ url: `${world.workspace.slug}/hats-1-1`, modelType: "yolov8n", servable: false }],
    });
    expect(await askAbout(await photo(8, 8))).toMatchObject({ status: 409, body: { code: "not_servable" } });
    const { body } = await call("GET", path("/ptFile"), { key });
    const download = await fetch((body as { weightsUrl: string }).weightsUrl);
    expect(download.headers.get("content-disposition")).toContain('filename="hats-1-1.zip"');
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("serves a zip that holds an ONNX file", async () => {
    expect(await (await deploy(await zip({ "weights/best.onnx": onnx }))).json()).toMatchObject({ servable: true });
    expect(await askAbout(await photo(64, 64))).toMatchObject({
      status: 200,
      body: { predictions: [{ class: "hat" }] },
    });
  });

  test("by a link that is forged, old, or of somebody who may not any more, is refused", async () => {
    const { body } = await call("GET", path("/uploadModel?modelType=yolov8n"), { key });
    const { url } = body as { url: string };
    const put = (to: string) => fetch(to, { method: "PUT", body: new Uint8Array(onnx) });
    expect((await put(`${url}x`)).status).toBe(404);
    await prisma().membership.updateMany({ where: { userId: world.owner.id }, data: { role: "VIEWER" } });
    expect((await put(url)).status).toBe(403);
    await prisma().membership.deleteMany({ where: { userId: world.owner.id } });
    expect((await put(url)).status).toBe(404);
  });

  test("is refused before anything is sent where the version cannot take a model", async () => {
    await call("DELETE", path(""), { key });
    expect(await call("GET", path("/uploadModel?modelType=yolov8n"), { key })).toMatchObject({ status: 404, body: { code: "in_trash" } }); // prettier-ignore
  });
});
