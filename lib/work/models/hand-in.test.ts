import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { beforeEach, describe, expect, test } from "vitest";
import { type Context, systemContext } from "@/lib/domain/context";
import { beginHandIn, listModels, weightsFile } from "@/lib/domain/trainings";
import { purgeItem, restoreVersion, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { openWriter } from "@/lib/domain/writer";
import { zipStream } from "@/lib/engine/zip";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, memberContext, projectRef, trainingRef, trashedVersionRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle"; // prettier-ignore
import { externalTensor, linearOnnx, namesOf, node, onnxFile, valueInfo, yolov8Output } from "@/lib/testing/onnx";
import "@/lib/testing/onnx-script";
import { sent } from "@/lib/testing/sent";
import { sweepFiles } from "@/lib/work/sweep";
import { handInModel } from "./hand-in";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "hats", type: "OBJECT_DETECTION" });
  version = await buildVersion(world, project);
  owner = await userContext(world);
});

const ref = () => versionRef(world, project, version);
const onnx = linearOnnx({ outputs: [yolov8Output([[16, 16, 8, 4, 0.9]])], metadata: namesOf("hat") });
const zip = (files: Record<string, string | Uint8Array>) =>
  buffer(zipStream(Object.entries(files).map(([path, bytes]) => ({ path, open: async () => Buffer.from(bytes) }))));

async function filesOf(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobStore().list(`versions/${version.id}/`)) keys.push(key);
  return keys;
}

const trainings = () => prisma().training.findMany({ where: { versionId: version.id } });

describe("a model that is handed in", () => {
  test("becomes a training that is over, with a model that serves, the default of its version", async () => {
    const handedIn = await handInModel(owner, ref(), { modelType: "yolov8n" }, sent(onnx));
    expect(handedIn).toEqual({ modelSlug: "hats-1-1", modelType: "yolov8n", sizeBytes: onnx.length, servable: true, trainingNumber: 1 }); // prettier-ignore
    expect(await trainings()).toMatchObject([{ number: 1, status: "FINISHED", trainer: "HANDED_IN", epochs: 0 }]);
    expect(await listModels(owner, ref())).toMatchObject([
      { slug: "hats-1-1", servable: true, handedIn: true, isDefault: true, sizeBytes: onnx.length },
    ]);
    const [key, ...others] = await filesOf();
    expect(others).toEqual([]);
    expect((await blobStore().get(key!)).equals(onnx)).toBe(true);
    expect(await prisma().grant.count()).toBe(0);
    expect(await prisma().auditEvent.findMany({ where: { action: "training.handed_in" } })).toMatchObject([
      { targetName: "Training 1", details: { model: "hats-1-1" } },
    ]);
    expect(await handInModel(owner, ref(), {}, sent(onnx, 100))).toMatchObject({
      modelSlug: "hats-1-2",
      modelType: "onnx",
    });
    expect((await listModels(owner, ref())).map(({ isDefault }) => isDefault)).toEqual([false, true]);
  });

  test("in a zip serves, with the model.json beside it; the zip is what is kept", async () => {
    const bare = linearOnnx({ outputs: [yolov8Output([[16, 16, 8, 4, 0.9]])] });
    const bytes = await zip({ "run/best.onnx": bare, "run/model.json": '{"classes": ["hat"]}', "run/args.yaml": "x" });
    expect(await handInModel(owner, ref(), {}, sent(bytes))).toMatchObject({ servable: true, sizeBytes: bytes.length });
    const { onnx } = await prisma().model.findFirstOrThrow({ where: { versionId: version.id } });
    expect(onnx).toMatchObject({ entry: "run/best.onnx", classes: ["hat"], head: { kind: "yolov8" } });
  });

  test("of another kind is kept and not served: a zip of PyTorch weights, and any file by the client's way", async () => {
    const bytes = await zip({ "state_dict.pt": "weights", "model_artifacts.json": "{}" });
    expect(await handInModel(owner, ref(), { modelType: "yolov8n" }, sent(bytes))).toMatchObject({ servable: false });
    const anyFile = { modelType: "florence-2-base", anyFile: true };
    expect(await handInModel(owner, ref(), anyFile, sent(Buffer.from("a tar")))).toMatchObject({ servable: false });
    expect((await listModels(owner, ref())).map(({ servable }) => servable)).toEqual([false, false]);
    // the first that can be asked is what the version answers with: those never answered
    const { modelSlug } = await handInModel(owner, ref(), {}, sent(onnx));
    await handInModel(owner, ref(), {}, sent(onnx));
    expect((await listModels(owner, ref())).find(({ isDefault }) => isDefault)?.slug).toBe(modelSlug);
  });

  test("is refused with what to do when it cannot be used, and then nothing is left of it", async () => {
    const io = {
      inputs: [valueInfo("images", "float32", [1, 3, 8, 8])],
      outputs: [valueInfo("out", "float32", [1, 2])],
    };
    const outside = onnxFile({ ...io, nodes: [node("Identity", ["w"], ["out"])], initializers: [externalTensor("w", [1, 2], "w.bin")] }); // prettier-ignore
    const refusals: [Uint8Array, RegExp][] = [
      [Buffer.from("no model"), /neither an ONNX file nor a zip.*torch\.onnx\.export/],
      [Buffer.from("PK\u0003\u0004 no zip"), /neither an ONNX file nor a zip/],
      [onnx.subarray(0, 300), /not an ONNX file that can be read: it is cut off/],
      [outside, /external data/],
      [await zip({ "a.onnx": onnx, "model.json": '{"klasses": []}' }), /model\.json.*klasses/],
      [await zip({ "a.onnx": onnx, "b.onnx": onnx }), /holds 2 ONNX files/],
    ];
    for (const [bytes, sentence] of refusals)
      await expect(handInModel(owner, ref(), {}, sent(bytes)), String(sentence)).rejects.toMatchObject({
        code: "invalid_input",
        publicMessage: expect.stringMatching(sentence) as string,
        details: { field: "weights", why: expect.any(String) as string },
      });
    await expect(handInModel(owner, ref(), {}, sent(Buffer.alloc(0)))).rejects.toMatchObject({
      code: "invalid_request",
    });
    await expect(handInModel(owner, ref(), { modelType: "hog-mlp" }, sent(onnx))).rejects.toMatchObject({ code: "invalid_input" }); // prettier-ignore
    await expect(handInModel(owner, ref(), { modelType: "A b" }, sent(onnx))).rejects.toMatchObject({ code: "invalid_input" }); // prettier-ignore
    expect(await filesOf()).toEqual([]);
    expect(await prisma().grant.count()).toBe(0);
    expect(await trainings()).toEqual([]);
  });

  test("is taken of owners and editors, and of nobody else", async () => {
    const viewer = await memberContext(world, "VIEWER");
    await expect(handInModel(viewer, ref(), {}, sent(onnx))).rejects.toMatchObject({ code: "forbidden" });
    const stranger = await userContext(await buildWorld());
    await expect(handInModel(stranger, ref(), {}, sent(onnx))).rejects.toMatchObject({ code: "not_found" });
  });

  test("goes to Trash with its version, its training or its project, comes back, and is purged with them", async () => {
    const { modelSlug } = await handInModel(owner, ref(), {}, sent(onnx));
    const training = await prisma().training.findFirstOrThrow({ where: { versionId: version.id } });
    await trashVersion(owner, ref());
    expect(await listModels(owner, { workspaceSlug: world.workspace.slug })).toEqual([]);
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await listModels(owner, ref())).toMatchObject([{ slug: modelSlug, isDefault: true }]);
    await trashTraining(owner, trainingRef(world, training));
    await purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED);
    const receipt = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: training.id } });
    expect(receipt).toMatchObject({ trainings: 1, models: 1, expectedFiles: 1, expectedBytes: BigInt(onnx.length) });
  });

  test("is not taken by a version that goes to Trash while it is stored", async () => {
    async function* slowly() {
      yield onnx.subarray(0, 100);
      await trashProject(owner, projectRef(world, project));
      yield onnx.subarray(100);
    }
    const body = Readable.toWeb(Readable.from(slowly(), { objectMode: false })) as ReadableStream<Uint8Array>;
    await expect(handInModel(owner, ref(), {}, { body, announcedBytes: 0 })).rejects.toMatchObject({ code: "project_in_trash" }); // prettier-ignore
    expect(await filesOf()).toEqual([]);
    await expect(handInModel(owner, ref(), {}, sent(onnx))).rejects.toMatchObject({ code: "project_in_trash" });
  });

  test("whose process is killed while it is stored leaves nothing once its grant is over", async () => {
    const { grant } = await beginHandIn(owner, ref(), { modelType: undefined });
    const writer = await openWriter(grant, { leaseMs: 60_000 });
    await writer.put(weightsFile(grant.id), onnx);
    expect(await filesOf()).toHaveLength(1);
    await prisma().grant.updateMany({ data: { until: new Date(0) } });
    await sweepFiles(await systemContext("sweep"), UNBOUNDED);
    expect(await filesOf()).toEqual([]);
    expect(await prisma().grant.count()).toBe(0);
  });
});
