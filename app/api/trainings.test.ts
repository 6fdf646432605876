import { beforeEach, describe, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { claimTraining, finishTraining, heartbeatTraining, type TrainingRun } from "@/lib/domain/trainings";
import { trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  fingerprintTables,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { projectRef, trainingRef, versionRef } from "@/lib/testing/lifecycle";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { call } from "./_test/call-api";

/* Starting, watching and ending trainings as the official client does: by its v2 calls, and by those of its command line. */

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let key: string;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
  key = await buildApiKey(world);
});

const at = (rest: string, of: { number: number } = version) =>
  `/${world.workspace.slug}/${project.slug}/${of.number}${rest}`;
const post = (rest: string, json?: unknown) => call("POST", at(rest), { key, ...(json === undefined ? {} : { json }) });
const get = (rest: string) => call("GET", at(rest), { key });
const row = (id: string) => prisma().training.findUniqueOrThrow({ where: { id } });

async function start(json: unknown = {}): Promise<string> {
  const { status, body } = await post("/v2/trainings", json);
  expect(status).toBe(200);
  return (body as { trainingId: string }).trainingId;
}

async function claim(trainingId: string): Promise<TrainingRun> {
  return storeRunWeights((await claimTraining(await systemContext("train"), { trainingId }))!);
}

const EPOCH = { epoch: 1, loss: 0.5, accuracy: 0.75, validLoss: null, validAccuracy: null };
const METRICS = { accuracy: 0.9, measuredOn: "test" };

/** A run that was trained for an epoch and left a model. */
async function train(trainingId: string): Promise<string> {
  const worker = await systemContext("train");
  const run = await claim(trainingId);
  await heartbeatTraining(worker, run, [EPOCH]);
  return (await finishTraining(worker, run, { metrics: METRICS }))!.modelSlug;
}

describe("POST …/v2/trainings", () => {
  test("queues a training of our own classifier, for any body that the client may send", async () => {
    for (const [i, json] of [
      {},
      undefined,
      { speed: null, modelType: null, epochs: null, trainRecipe: null },
      { modelType: "hog-mlp", epochs: 20 },
      {
        modelType: "hog-mlp-cls",
        trainRecipe: { schema_version: 1, hyperparameters: {}, online_augmentation: { steps: [] } },
      },
    ].entries()) {
      const { status, body } = await post("/v2/trainings", json);
      expect([status, body]).toEqual([
        200,
        {
          trainingId: expect.any(String),
          jobId: (body as { trainingId: string }).trainingId,
          number: i + 1,
          status: "queued",
          modelType: "hog-mlp-cls",
        },
      ]);
      expect(await row((body as { trainingId: string }).trainingId)).toMatchObject({
        modelType: "hog-mlp",
        status: "QUEUED",
        trainer: "EMBEDDED",
        epochs: 20,
      });
    }
  });

  test("takes the epochs of the recipe before those beside it", async () => {
    for (const [hyperparameters, epochs] of [
      [{ epochs: 5 }, 5],
      [{}, 7],
    ] as const)
      expect((await row(await start({ epochs: 7, trainRecipe: { schema_version: 1, hyperparameters } }))).epochs).toBe(
        epochs,
      );
  });

  test("is 422 for whatever else is asked for, which nobody would heed, and queues nothing", async () => {
    const before = await fingerprintTables();
    for (const [json, names] of [
      [
        { modelType: "rfdetr-medium", trainRecipe: { hyperparameters: { lr: 0.1, epochs: 5 } } },
        "trainRecipe.hyperparameters.lr",
      ],
      [{ speed: "fast" }, "speed"],
      [{ checkpoint: "best" }, "checkpoint"],
      [{ epoch: 5 }, "epoch"],
      [{ trainRecipe: { online_augmentation: { steps: [{ flip: {} }, 1] } } }, "trainRecipe.online_augmentation"],
    ] as const)
      for (const rest of ["/v2/trainings", "/train"])
        expect(await post(rest, json)).toMatchObject({
          status: 422,
          body: { code: "invalid_input", field: names, error: expect.stringContaining(`cannot heed "${names}":`) },
        });
    expect(await fingerprintTables()).toEqual(before);
  });

  test("lets another model type wait for a trainer elsewhere", async () => {
    const { body } = await post("/v2/trainings", { modelType: "rfdetr-nano" });
    const waitingFor = "a trainer of yours that makes rfdetr-nano";
    expect(body).toMatchObject({ modelType: "rfdetr-nano", status: "queued", waitingFor });
    expect(await row((body as { trainingId: string }).trainingId)).toMatchObject({
      trainer: "EXTERNAL",
      modelType: "rfdetr-nano",
    });
    expect((await get("/v2/trainings")).body).toMatchObject({ trainings: [{ status: "queued", waitingFor }] });
    expect((await get("/v2/trainings/get")).body).toMatchObject({ status: "queued", waitingFor });
    expect((await get("")).body).toMatchObject({ version: { train: { status: "queued", waitingFor } } });
    // of which the command line prints the status alone
    expect((await get("/training/results")).body).toMatchObject({ status: `queued, waiting for ${waitingFor}` });
  });

  test("refuses what cannot be: 400, 404, 409, 422, and queues nothing", async () => {
    const generating = await buildVersion(world, project, { status: "GENERATING" });
    const hats = await buildProject(world, { type: "OBJECT_DETECTION" });
    await buildVersion(world, hats);
    const before = await fingerprintTables();
    for (const json of [
      [],
      "x",
      { epochs: "5" },
      { modelType: 5 },
      { trainRecipe: "x" },
      { trainRecipe: { hyperparameters: { epochs: "5" } } },
    ])
      expect(await post("/v2/trainings", json), JSON.stringify(json)).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
    for (const json of [{ epochs: 0 }, { epochs: 501 }, { epochs: 1.5 }, { modelType: "A b" }])
      expect(await post("/v2/trainings", json)).toMatchObject({ status: 422, body: { code: "invalid_input" } });
    expect(await call("POST", at("/v2/trainings", generating), { key, json: {} })).toMatchObject({
      status: 409,
      body: { code: "not_ready" },
    });
    expect(await call("POST", `/${world.workspace.slug}/${hats.slug}/1/v2/trainings`, { key, json: {} })).toMatchObject(
      { status: 409, body: { code: "not_trainable", reason: "type" } },
    );
    expect(await call("POST", at("/v2/trainings", { number: 9 }), { key, json: {} })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    expect(await fingerprintTables()).toEqual(before);
    await trashVersion(await userContext(world), versionRef(world, project, version));
    for (const rest of ["/v2/trainings", "/train", "/v2/trainings/cancel", "/train/stop"])
      expect(await post(rest, {}), rest).toMatchObject({ status: 404, body: { code: "in_trash" } });
  });
});

test("the version tells how its newest training gets on, so that the client's wait for it ends however it ends", async () => {
  const read = async () =>
    ((await get("")).body as { version: { train?: unknown; models: Record<string, unknown> } }).version;
  expect(await read()).not.toHaveProperty("train");
  const first = await start();
  expect((await read()).train).toEqual({ status: "queued" });
  const run = await claim(first);
  expect(await read()).toMatchObject({ train: { status: "running" }, models: {} });
  await heartbeatTraining(await systemContext("train"), run, [EPOCH]);
  expect((await read()).models).toEqual({
    "roboflow-train": { epochs: [{ epoch: 1, mAP: 0.75, box_loss: 0, class_loss: 0.5, obj_loss: 0 }] },
  });
  const { modelSlug } = (await finishTraining(await systemContext("train"), run, {
    metrics: METRICS,
  }))!;
  expect(await read()).toMatchObject({
    train: { status: "finished", results: METRICS },
    models: { [modelSlug]: { url: `${world.workspace.slug}/${modelSlug}` } },
  });
  await start();
  expect((await read()).train).toEqual({ status: "queued" });
  await post("/train/cancel", {});
  expect((await read()).train).toEqual({ status: "failed", reason: "cancelled" });
  const lost = await start();
  await prisma().training.update({
    where: { id: lost },
    data: { status: "FAILED", statusReason: "worker lost", endedAt: new Date() },
  });
  expect((await read()).train).toEqual({ status: "failed", reason: "worker lost" });
});

describe("GET …/v2/trainings/get", () => {
  test("answers the run with its curve, and its model once it has one", async () => {
    const trainingId = await start({ epochs: 1 });
    expect((await get("/v2/trainings/get")).body).toMatchObject({
      trainingId,
      status: "queued",
      epoch: 0,
      epochs: 1,
      modelCount: 0,
      modelIds: [],
      models: [],
      curve: [],
    });
    const slug = await train(trainingId);
    const modelId = `${world.workspace.slug}/${slug}`;
    const { status, body } = await get(`/v2/trainings/get?trainingId=${trainingId}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      trainingId,
      number: 1,
      jobType: "training",
      status: "finished",
      epoch: 1,
      epochs: 1,
      modelType: "hog-mlp-cls",
      modelGroup: trainingId,
      modelCount: 1,
      modelIds: [modelId],
      models: [{ modelId, modelType: "hog-mlp-cls", metrics: METRICS }],
      curve: [EPOCH],
      start: expect.any(Number),
      end: expect.any(Number),
    });
    expect((await get("/training/results")).body).toEqual(body);
    // what the client reads as its group
    expect(
      (await call("GET", `/${world.workspace.slug}/${project.slug}/models?group=${trainingId}`, { key })).body,
    ).toMatchObject([{ url: modelId }]);
  });

  test("ends a loop that waits for finished or failed, also when the run was stopped", async () => {
    const trainingId = await start({ epochs: 5 });
    const run = await claim(trainingId);
    const worker = await systemContext("train");
    await heartbeatTraining(worker, run, [EPOCH]);
    expect(await post("/v2/trainings/stop", { trainingId })).toMatchObject({
      status: 200,
      body: { success: true, trainingId, outcome: "stopping" },
    });
    await finishTraining(worker, run, { metrics: METRICS });
    expect((await get("/v2/trainings/get")).body).toMatchObject({
      status: "finished",
      stopped: true,
      epoch: 1,
      epochs: 5,
      modelCount: 1,
    });
    const lost = await start();
    await prisma().training.update({
      where: { id: lost },
      data: { status: "FAILED", statusReason: "worker lost", endedAt: new Date() },
    });
    expect((await get(`/v2/trainings/get?trainingId=${lost}`)).body).toMatchObject({
      status: "failed",
      statusReason: "worker lost",
    });
  });

  test("is 409 for several and none named, where results is the newest; 404 for none, another version's, and one in Trash", async () => {
    for (const rest of ["/v2/trainings/get", "/training/results"])
      expect(await get(rest)).toMatchObject({ status: 404, body: { code: "not_found" } });
    const [first, second] = [
      await buildTraining(world, version, { status: "FINISHED" }),
      await buildTraining(world, version, { status: "FAILED" }),
    ];
    expect(await get("/v2/trainings/get")).toMatchObject({ status: 409, body: { code: "several_runs" } });
    expect((await get("/training/results")).body).toMatchObject({ trainingId: second.id });
    const elsewhere = await buildTraining(world, await buildVersion(world, project));
    const abroad = await buildWorld();
    const foreign = await buildTraining(abroad, await buildVersion(abroad, await buildProject(abroad)));
    for (const id of [elsewhere.id, foreign.id, "no-such-training"])
      expect(await get(`/v2/trainings/get?trainingId=${id}`)).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    expect(await get("/v2/trainings/get?trainingId=%00")).toMatchObject({ status: 422 });
    await trashTraining(await userContext(world), trainingRef(world, first));
    expect(await get(`/v2/trainings/get?trainingId=${first.id}`)).toMatchObject({
      status: 404,
      body: { code: "in_trash", restorableUntil: expect.any(String) },
    });
    expect((await get("/v2/trainings/get")).body).toMatchObject({ trainingId: second.id });
  });
});

describe("GET …/v2/trainings/recipe", () => {
  test("gives a template that can be handed in as it is", async () => {
    const { status, body } = await get("/v2/trainings/recipe?modelType=rfdetr-nano");
    expect([status, body]).toMatchObject([
      200,
      {
        modelType: "rfdetr-nano",
        schema: { hyperparameters: [{ key: "epochs" }] },
        template: { schema_version: 1, hyperparameters: { epochs: 20 } },
      },
    ]);
    const trainRecipe = (body as { template: unknown }).template;
    expect((await post("/v2/trainings", { modelType: "rfdetr-nano", trainRecipe })).status).toBe(200);
    await trashProject(await userContext(world), projectRef(world, project));
    expect(await get("/v2/trainings/recipe?modelType=x")).toMatchObject({
      status: 404,
      body: { code: "project_in_trash" },
    });
  });
});

describe.each([
  { name: "v2", cancel: "/v2/trainings/cancel", stop: "/v2/trainings/stop" },
  { name: "the command line", cancel: "/train/cancel", stop: "/train/stop" },
])("ending a run, as $name does", ({ cancel, stop }) => {
  test("cancel is an object, then 409 in words of which the client makes a hint", async () => {
    const trainingId = await start();
    expect(await post(cancel, { continueIfNoRefund: true })).toMatchObject({
      status: 200,
      body: { trainingId, status: "cancelled" },
    });
    expect((await row(trainingId)).status).toBe("CANCELLED");
    for (const json of [{}, undefined, { trainingId }])
      expect(await post(cancel, json)).toMatchObject({
        status: 409,
        body: { code: "not_running", error: expect.stringMatching(/Cannot cancel.*non-running/) },
      });
  });

  test("stop may be repeated, also when all is over; 409 only where nothing was ever trained", async () => {
    expect(await post(stop, {})).toMatchObject({ status: 409, body: { code: "not_running" } });
    const trainingId = await start();
    const run = await claim(trainingId);
    for (const json of [{}, undefined, { trainingId }])
      expect(await post(stop, json)).toMatchObject({
        status: 200,
        body: { success: true, trainingId, outcome: "stopping" },
      });
    await finishTraining(await systemContext("train"), run, { metrics: METRICS });
    expect(await post(stop, {})).toMatchObject({ status: 200, body: { success: true, outcome: "already_over" } });
    expect((await post(stop, { trainingId: await start() })).body).toMatchObject({ outcome: "cancelled" }); // it had learned nothing yet
  });

  test("is 409 when several are under way and none is named, and 404 for another version's", async () => {
    const [one, two] = [await start(), await start()];
    await claim(one);
    await post(stop, { trainingId: one });
    for (const rest of [cancel, stop]) {
      const { status, body } = await post(rest, {});
      expect([status, body]).toMatchObject([409, { code: "several_runs", trainingIds: `${two} ${one}` }]);
      expect((body as { error: string }).error).toContain(`number 2 ${two} (queued), number 1 ${one} (stopping).`);
      expect((body as { error: string }).error).not.toMatch(/non-running|Cannot cancel/); // which get another hint
    }
    const other = await buildVersion(world, project);
    for (const rest of [cancel, stop])
      expect(await call("POST", at(rest, other), { key, json: { trainingId: one } })).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    expect(await post(cancel, { trainingId: one })).toMatchObject({ status: 200, body: { trainingId: one } });
    expect(await post(cancel, { trainingId: 5 })).toMatchObject({ status: 400, body: { code: "invalid_request" } });
  });
});

test("POST …/train, as the command line sends it, queues a training", async () => {
  const { status, body } = await call("POST", at("/train?nocache=true"), { key, json: { epochs: 3 } });
  expect([status, body]).toMatchObject([200, { status: "queued" }]);
  expect(await row((body as { trainingId: string }).trainingId)).toMatchObject({ epochs: 3, trainer: "EMBEDDED" });
  expect((await get("/v2/trainings")).body).toMatchObject({
    trainings: [{ trainingId: (body as { trainingId: string }).trainingId, status: "queued" }],
  });
});
