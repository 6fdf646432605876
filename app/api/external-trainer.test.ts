import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { sweepFiles } from "@/lib/work/sweep";
import { cancelTraining, startTraining, stopTraining, weightsPath } from "@/lib/domain/trainings";
import { trashProject, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { buildExports } from "@/lib/work/exports/builder";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import { projectRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { photo } from "@/lib/testing/pixels";
import { raceAt } from "@/lib/testing/race";
import { storeVersion } from "@/lib/testing/stored-version";
import { call } from "./_test/call-api";
import { serveApi } from "./_test/serve-api";

/* Trainers elsewhere: the example client as it is shipped, over real HTTP, and what others might do. */

const KILOBYTE = Buffer.alloc(1024, "w");

let server: Awaited<ReturnType<typeof serveApi>>;
let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof storeVersion>>;
let key: string;

beforeAll(async () => {
  // a worker that makes zips at once
  server = await serveApi(
    async (_request, { status }) =>
      void (status === 202 && (await buildExports(await systemContext("downloads"), UNBOUNDED))),
  );
  Object.assign(process.env, { PUBLIC_URL: server.origin, MAX_WEIGHTS_MB: "1" });
});
afterAll(() => server.close());

beforeEach(async () => {
  await prisma().export.deleteMany({ where: { status: { not: "READY" } } });
  world = await buildWorld();
  project = await buildProject(world, { slug: "animals" });
  const bytes = await photo(32, 24);
  version = await storeVersion(world, project, [
    { bytes, extension: "jpg" },
    { bytes, extension: "jpg" },
  ]);
  key = await buildApiKey(world, { scopes: ["training-job:run", "version:read"] });
});

const ref = () => versionRef(world, project, version);
const start = async (epochs = 3) =>
  startTraining(await userContext(world), { ...ref(), modelType: "frequencies", epochs });
const row = ({ id }: { id: string }) =>
  prisma().training.findUniqueOrThrow({ where: { id }, include: { models: true } });

async function storedWeights(): Promise<string[]> {
  const keys: string[] = [];
  for await (const file of blobStore().list(`${versionPrefix(version.id)}trainings/`)) keys.push(file.key);
  return keys;
}

/** Runs the example once; answers what it said. */
async function runExample({ epochMs = 10 }: { epochMs?: number } = {}): Promise<string> {
  const env = {
    ...process.env,
    REPRIEVE_URL: `${server.origin}/api`,
    REPRIEVE_API_KEY: key,
    EPOCH_MS: String(epochMs),
  };
  const client = spawn(process.execPath, ["examples/external-trainer.mjs", "--once"], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [said] = await Promise.all([text(client.stdout), once(client, "exit")]);
  expect(client.exitCode).toBe(0);
  return said;
}

const untilTrains = (training: { id: string }) =>
  expect.poll(async () => (await row(training)).epoch, { timeout: 10_000, interval: 20 }).toBeGreaterThan(0);

describe("the example trainer", () => {
  test("leases a run, reads the version, and leaves a model that can be downloaded but is not served", async () => {
    const training = await start();
    expect(await runExample()).toBe(
      `leased ${training.id}: animals 1, frequencies\nfinished ${world.workspace.slug}/animals-1-1\n`,
    );
    const { models, ...run } = await row(training);
    expect(run).toMatchObject({
      status: "FINISHED",
      epoch: 3,
      attempts: 1,
      leaseId: null,
      curve: [{ epoch: 1, accuracy: 0.5 }, { epoch: 2 }, { epoch: 3, loss: 1 / 3, validLoss: null }],
    });
    expect(models).toMatchObject([
      {
        slug: "animals-1-1",
        modelType: "frequencies",
        metrics: { accuracy: 0.75, epochs: 3, datasetBytes: expect.any(Number) },
      },
    ]);
    const weights = await blobStore().get(`${versionPrefix(version.id)}${weightsPath(models[0]!)}`);
    expect([weights.length, JSON.parse(weights.toString())]).toEqual([
      Number(models[0]!.sizeBytes),
      expect.any(Object),
    ]);
    const { body } = await call("GET", `/${world.workspace.slug}/animals/1/ptFile`, { key });
    expect(
      Buffer.from(await (await fetch((body as { weightsUrl: string }).weightsUrl)).arrayBuffer()).equals(weights),
    ).toBe(true);
    expect(
      await call("POST", "/infer/animals/1", {
        key: await buildApiKey(world),
        raw: new Uint8Array(await photo(8, 8)),
        headers: { "content-type": "image/jpeg" },
      }),
    ).toMatchObject({ status: 409, body: { code: "not_servable" } });
    await checkInvariants(world.workspace.id);
  });

  test("ends within two seconds when the version goes to Trash, and leaves nothing", async () => {
    const training = await start(400);
    const running = runExample({ epochMs: 200 });
    await untilTrains(training);
    const at = performance.now();
    await trashVersion(await userContext(world), ref());
    expect(await running).toContain(`cancelled ${training.id}\n`);
    expect(performance.now() - at).toBeLessThan(2_500);
    expect(await row(training)).toMatchObject({
      status: "CANCELLED",
      statusReason: "version moved to Trash",
      models: [],
    });
    expect(await storedWeights()).toEqual([]);
  });

  test("hands in what there is when the run is stopped", async () => {
    const training = await start(400);
    const running = runExample({ epochMs: 200 });
    await untilTrains(training);
    await stopTraining(await userContext(world), ref());
    expect(await running).toContain("finished ");
    const { status, epoch, models } = await row(training);
    expect([status, models]).toMatchObject(["STOPPED", [{ metrics: { epochs: epoch } }]]);
  });

  test("ends at once when no run waits for it: ours are not for it", async () => {
    await startTraining(await userContext(world), ref());
    expect(await runExample()).toBe("");
  });
});

const jobs = (rest: string, by: World = world) => `/${by.workspace.slug}/training-jobs/${rest}`;
const post = (rest: string, json?: unknown) =>
  call("POST", jobs(rest), { key, ...(json === undefined ? {} : { json }) });

interface Job {
  trainingId: string;
  leaseId: string;
}

async function lease(): Promise<Job | null> {
  const { status, body } = await post("lease");
  expect(status).toBe(200);
  return (body as { job: Job | null }).job;
}

/** A run that is leased. */
async function begin(): Promise<Job> {
  await start();
  return (await lease())!;
}

const put = ({ trainingId, leaseId }: Job, body: BodyInit = KILOBYTE, headers: Record<string, string> = {}) =>
  call("PUT", `${jobs(`${trainingId}/weights`)}?leaseId=${leaseId}`, { key, raw: body, headers });
const finish = ({ trainingId, leaseId }: Job, metrics?: object) =>
  post(`${trainingId}/finish`, { leaseId, ...(metrics ? { metrics } : {}) });
const heartbeat = ({ trainingId, leaseId }: Job, epochs: unknown = []) =>
  post(`${trainingId}/heartbeat`, { leaseId, epochs });
const OVER = { status: 409, body: { code: "not_running" } };

describe("a lease", () => {
  test("says all that a trainer wants to know, and is nobody else's", async () => {
    const training = await start();
    expect(await lease()).toEqual({
      trainingId: training.id,
      leaseId: expect.any(String),
      leaseSeconds: 30,
      project: "animals",
      type: "classification",
      version: 1,
      number: 1,
      modelType: "frequencies",
      epochs: 3,
      classes: version.classes,
      splits: { train: 2, valid: 0, test: 0 },
      downloads: {
        folder: `/${world.workspace.slug}/animals/1/folder`,
        multiclass: `/${world.workspace.slug}/animals/1/multiclass`,
      },
    });
    expect(await lease()).toBeNull();
  });

  test("of another workspace's run is 404 for every call, with a key of one's own", async () => {
    const job = await begin();
    const stranger = await buildWorld();
    const theirs = await buildApiKey(stranger);
    for (const [method, rest, json] of [
      ["POST", "heartbeat", { leaseId: job.leaseId }],
      ["POST", "finish", { leaseId: job.leaseId }],
      ["POST", "fail", { leaseId: job.leaseId, reason: "x" }],
      ["PUT", `weights?leaseId=${job.leaseId}`, undefined],
    ] as const) {
      expect(
        await call(method, jobs(`${job.trainingId}/${rest}`, stranger), {
          key: theirs,
          ...(json ? { json } : { raw: KILOBYTE }),
        }),
        rest,
      ).toMatchObject({ status: 404, body: { code: "not_found" } });
    }
    expect(await row({ id: job.trainingId })).toMatchObject({ status: "RUNNING", epoch: 0 });
    expect(await storedWeights()).toEqual([]);
  });

  test("that ran out belongs to whoever took the run: the one before is told so, and does the other no harm", async () => {
    const lost = await begin();
    await put(lost);
    await prisma()
      .$executeRaw`update trainings set lease_until = now() - interval '1 second' where id = ${lost.trainingId}`;
    const job = (await lease())!;
    expect(job.trainingId).toBe(lost.trainingId);
    await put(job);
    expect((await heartbeat(lost)).body).toEqual({ answer: "cancel" });
    for (const late of [
      put(lost),
      finish(lost),
      post(`${lost.trainingId}/fail`, { leaseId: lost.leaseId, reason: "late" }),
    ])
      expect(await late).toMatchObject(OVER);
    await sweepFiles(await systemContext("test"), UNBOUNDED);
    const { weightsId } = await row({ id: job.trainingId });
    expect(await storedWeights()).toEqual([expect.stringContaining(`/${weightsId!}/`)]);
    expect(await finish(job)).toMatchObject({ status: 200 });
  });
});

describe("a heartbeat", () => {
  test("records each epoch once, and refuses what is no epoch", async () => {
    const job = await begin();
    const epoch = (number: number) => ({ epoch: number, loss: 0.5, accuracy: 0.5 });
    expect(await heartbeat(job, [epoch(1)])).toMatchObject({ status: 200, body: { answer: "go on" } });
    await heartbeat(job, [epoch(1), epoch(2)]);
    expect((await row({ id: job.trainingId })).curve).toMatchObject([{ epoch: 1, validAccuracy: null }, { epoch: 2 }]);
    for (const epochs of [
      [epoch(0)],
      [epoch(501)],
      [epoch(4), epoch(3)],
      [epoch(3), epoch(3)],
      [{ ...epoch(3), accuracy: 2 }],
      [{ ...epoch(3), loss: null }],
      "x",
      [null],
    ]) {
      expect(await heartbeat(job, epochs), JSON.stringify(epochs)).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
    }
    expect((await row({ id: job.trainingId })).epoch).toBe(2);
  });
});

describe("weights", () => {
  test("are taken whole or not at all: neither too many, nor none, nor a part of what was sent", async () => {
    const job = await begin();
    expect(await put(job, KILOBYTE, { "content-length": String(2 * 1024 ** 2) })).toMatchObject({
      status: 413,
      body: { code: "payload_too_large", field: "weights" },
    });
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => (sent++, controller.enqueue(new Uint8Array(64 * 1024))),
    });
    expect(await put(job, endless)).toMatchObject({ status: 413 });
    expect(sent).toBeLessThan(40); // of 64 kB: not read on
    for (const body of [
      new ReadableStream<Uint8Array>({ start: (controller) => controller.close() }),
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("gone")) }),
    ]) {
      expect(await put(job, body)).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    }
    expect(await storedWeights()).toEqual([]);
    expect(await finish(job)).toMatchObject({ status: 400, body: { code: "invalid_request", field: "weights" } });
    expect(await put(job)).toMatchObject({ status: 200, body: { sizeBytes: 1024 } });
    expect(await put(job, "second")).toMatchObject({ status: 200, body: { sizeBytes: 6 } });
    const finished = await finish(job, { accuracy: 0.5 });
    expect(finished).toMatchObject({ status: 200, body: { modelId: `${world.workspace.slug}/animals-1-1` } });
    expect((await finish(job)).body).toEqual(finished.body); // its answer was lost on the way
    expect(await put(job, "third")).toMatchObject(OVER);
    // nothing that comes later takes away what is a model's
    expect((await heartbeat(job)).body).toEqual({ answer: "cancel" });
    expect(await post(`${job.trainingId}/fail`, { leaseId: job.leaseId, reason: "late" })).toMatchObject(OVER);
    const [model] = (await row({ id: job.trainingId })).models;
    expect([
      Number(model!.sizeBytes),
      (await blobStore().get(`${versionPrefix(version.id)}${weightsPath(model!)}`)).toString(),
    ]).toEqual([6, "second"]);
  });

  test.each([
    { what: "its version went to Trash", act: async () => trashVersion(await userContext(world), ref()) },
    {
      what: "its project went to Trash",
      act: async () => trashProject(await userContext(world), projectRef(world, project)),
    },
    { what: "it was cancelled", act: async () => cancelTraining(await userContext(world), ref()) },
  ])("of a run are handed in too late when $what: 409, and they are gone", async ({ act }) => {
    const job = await begin();
    await put(job);
    expect(await storedWeights()).toHaveLength(1);
    await act();
    expect(await finish(job)).toMatchObject(OVER);
    expect(await storedWeights()).toEqual([]);
    expect(await put(job)).toMatchObject(OVER);
    expect((await heartbeat(job)).body).toEqual({ answer: "cancel" });
    expect(await row({ id: job.trainingId })).toMatchObject({ status: "CANCELLED", models: [] });
    expect(await storedWeights()).toEqual([]);
  });

  test("sent a second time, and handed in while that waits in its last renewal, are those of the first, whole", async () => {
    const job = await begin();
    await put(job, "the first");
    let last: () => void;
    const mayEnd = new Promise<void>((resolve) => (last = resolve));
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(Buffer.alloc(50_000, "2"));
        await mayEnd;
        controller.close();
      },
    });
    const second = put(job, slow);
    const [answers] = await raceAt(
      ["trainings", { id: job.trainingId }],
      [async () => (last(), Promise.all([second, finish(job)]))],
    );
    const [again, finished] = answers!;
    expect(finished).toMatchObject({ status: 200 });
    const [model] = (await row({ id: job.trainingId })).models;
    const bytes = await blobStore().get(`${versionPrefix(version.id)}${weightsPath(model!)}`);
    expect(Number(model!.sizeBytes)).toBe(bytes.length);
    expect(bytes.length).toBe(again.status === 200 ? 50_000 : "the first".length);
    expect(await storedWeights()).toHaveLength(1);
  });

  test("that a trainer left when it heard of the cancel are gone, too", async () => {
    const job = await begin();
    await put(job);
    await cancelTraining(await userContext(world), ref());
    expect((await heartbeat(job)).body).toEqual({ answer: "cancel" });
    expect(await storedWeights()).toEqual([]);
  });

  test("that are still being sent when the version goes to Trash are cut off, and nothing of them stays", async () => {
    const job = await begin();
    let [taken, isTaken] = [() => {}, Promise.resolve()];
    isTaken = new Promise((resolve) => (taken = resolve));
    const slow = new ReadableStream<Uint8Array>({
      pull: (controller) => void (taken(), setTimeout(() => controller.enqueue(new Uint8Array(1)), 50)),
    });
    const sending = put(job, slow);
    await isTaken;
    await trashVersion(await userContext(world), ref());
    expect(await sending).toMatchObject(OVER);
    expect(await storedWeights()).toEqual([]);
  });

  test("handed in at the moment of a trash are a model or nothing, whoever is first", async () => {
    const [first, second] = [await begin(), await begin()];
    for (const job of [first, second]) await put(job);
    const [finished] = await raceAt(
      ["trainings", { id: first.trainingId }],
      [() => finish(first), async () => trashVersion(await userContext(world), ref())],
    );
    expect(finished).toMatchObject({ status: 200 });
    expect(await row({ id: first.trainingId })).toMatchObject({ status: "FINISHED", models: [{}] });
    expect(await finish(second)).toMatchObject(OVER);
    version = await storeVersion(world, project, [{ bytes: KILOBYTE }]);
    const third = await begin();
    await put(third);
    const [, refused] = await raceAt(
      ["versions", version],
      [async () => trashVersion(await userContext(world), ref()), () => finish(third)],
    );
    expect(refused).toMatchObject(OVER);
    expect(await storedWeights()).toEqual([]);
    await checkInvariants(world.workspace.id);
  });
});

test("a run that fails says why to people, and leaves no weights", async () => {
  const job = await begin();
  await put(job);
  for (const reason of ["", " ", "a\nb", "a\0b", "x".repeat(501), 5])
    expect(await post(`${job.trainingId}/fail`, { leaseId: job.leaseId, reason })).toMatchObject({ status: 400 });
  expect(await post(`${job.trainingId}/finish`, { leaseId: job.leaseId, metrics: { note: "a\0b" } })).toMatchObject({
    status: 400,
  });
  expect(await post(`${job.trainingId}/fail`, { leaseId: job.leaseId, reason: "Out of memory." })).toMatchObject({
    status: 200,
    body: { trainingId: job.trainingId, status: "failed" },
  });
  expect(await row({ id: job.trainingId })).toMatchObject({
    status: "FAILED",
    statusReason: "Out of memory.",
    models: [],
  });
  expect(await storedWeights()).toEqual([]);
  expect(await finish(job)).toMatchObject(OVER);
});
