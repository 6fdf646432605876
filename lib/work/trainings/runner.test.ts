import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Context } from "@/lib/domain/context";
import { cancelTraining, startTraining, stopTraining, weightsPath } from "@/lib/domain/trainings";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/versions";
import { readDigits } from "@/lib/engine/digits";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import type { Trainer } from "@/lib/engine/trainer/trainer";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { bundle, makeBuildFolder } from "@/lib/testing/bundle";
import { checkInvariants } from "@/lib/testing/invariants";
import { projectRef, storeFolder, trashedProjectRef, trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import { pidsOf } from "@/lib/testing/processes";
import { raceAt } from "@/lib/testing/race";
import { buildRealVersion } from "@/lib/testing/real-version";
import { createTrainingRunner, runTrainingNow, type TrainingRunner } from "./runner";

/* Real runs of a real child on a real version. run-trainings-crash.test.ts has the workers that die. */

const { folder, remove } = makeBuildFolder();
const script = path.join(folder, "child.mjs");
const train = createChildTrainer(script);

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: { id: string; number: number };
let owner: Context;
let stopping: AbortController;
let runners: TrainingRunner[];

beforeAll(() => bundle(folder, { child: "lib/engine/trainer/child.ts" }));
afterAll(remove);

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "digits" });
  version = await buildRealVersion(world, project, { images: 30 });
  owner = await userContext(world);
  stopping = new AbortController();
  runners = [];
});
afterEach(async () => {
  stopping.abort();
  await Promise.all(runners.map((runner) => runner.idle()));
  await prisma().training.deleteMany({ where: { endedAt: null } }); // for the next test's runners
});

function startRunner({
  trainer = train,
  concurrency = 1,
  signal = stopping.signal,
}: { trainer?: Trainer; concurrency?: number; signal?: AbortSignal } = {}): TrainingRunner {
  const runner = createTrainingRunner(trainer, { concurrency, stopping: signal });
  runners.push(runner);
  runner.wake();
  return runner;
}

const ref = () => versionRef(world, project, version);
const start = (epochs = 3) => startTraining(owner, { ...ref(), epochs });
const row = ({ id }: { id: string }) =>
  prisma().training.findUniqueOrThrow({ where: { id }, include: { models: true } });
const weightsFolder = () => path.join(storeFolder(), versionPrefix(version.id), "trainings");
const children = () => pidsOf(script);

/** A run of more epochs than anybody waits for, once its child trains and the page shows it. */
async function startEndless(runner: () => unknown = () => startRunner()): Promise<{ id: string }> {
  const training = await start();
  await prisma().training.update({ where: { id: training.id }, data: { epochs: 1_000_000 } });
  runner();
  await expect.poll(async () => (await row(training)).epoch, { timeout: 15_000, interval: 20 }).toBeGreaterThan(0);
  expect(await children()).toHaveLength(1);
  return training;
}

/** Within two seconds, whatever else the machine does. */
const untilNoChild = () => expect.poll(children, { timeout: 2_000, interval: 20 }).toEqual([]);

describe("a run", () => {
  test("ends with a model whose weights serve, and with every epoch in its curve", async () => {
    const training = await start(5);
    await startRunner().idle();
    const { models, curve, ...rest } = await row(training);
    expect(rest).toMatchObject({ status: "FINISHED", statusReason: null, epoch: 5, attempts: 1, leaseId: null });
    expect(curve).toMatchObject(
      [1, 2, 3, 4, 5].map((epoch) => ({
        epoch,
        loss: expect.any(Number),
        accuracy: expect.any(Number),
        validLoss: null,
        validAccuracy: null,
      })),
    );
    expect(models).toMatchObject([
      { slug: "digits-1-1", metrics: { images: { train: 30, valid: 0, test: 0 }, epochs: 5 } },
    ]);
    const weights = await blobStore().get(`${versionPrefix(version.id)}${weightsPath(models[0]!)}`);
    expect(weights.length).toBe(Number(models[0]!.sizeBytes));
    const [digit] = await readDigits(1);
    expect((await createPredictor(weights).predict(digit!.png)).predictions).toHaveLength(10);
    expect(await children()).toEqual([]);
    await checkInvariants(world.workspace.id);
  });

  test("that is stopped keeps what it learned until then", async () => {
    const training = await startEndless();
    await stopTraining(owner, ref());
    await expect.poll(async () => (await row(training)).status, { timeout: 3_000, interval: 20 }).toBe("STOPPED");
    const { models, epoch, curve } = await row(training);
    expect(models).toMatchObject([{ metrics: { epochs: epoch } }]);
    expect(curve).toHaveLength(epoch);
    expect(existsSync(path.join(storeFolder(), versionPrefix(version.id), weightsPath(models[0]!)))).toBe(true);
    await untilNoChild();
  });

  test("whose child crashes, or cannot learn from the images, has failed and says why", async () => {
    const crashing = path.join(folder, "crash.mjs");
    writeFileSync(crashing, "process.exit(7)");
    const [crashed, refused] = [await start(), await start()];
    expect(await runTrainingNow(createChildTrainer(crashing), crashed.id)).toBe(true);
    for (const { path: file } of JSON.parse(
      (await blobStore().get(`${versionPrefix(version.id)}manifest.json`)).toString(),
    ).files as { path: string }[]) {
      await blobStore().put(`${versionPrefix(version.id)}${file}`, Buffer.from("no image"));
    }
    expect(await runTrainingNow(train, refused.id)).toBe(true);
    expect(await row(crashed)).toMatchObject({ status: "FAILED", statusReason: "internal", models: [] });
    expect(await row(refused)).toMatchObject({ status: "FAILED", statusReason: "unreadable_image", models: [] });
    expect(existsSync(weightsFolder())).toBe(false);
    expect(await runTrainingNow(train, refused.id)).toBe(false); // it waits for nobody
  });
});

describe("a running training ends within two seconds, child and all, and leaves nothing,", () => {
  test.each([
    {
      what: "its version goes to Trash",
      act: () => trashVersion(owner, ref()),
      back: () => restoreVersion(owner, trashedVersionRef(world, project, version)),
      statusReason: "version moved to Trash",
    },
    {
      what: "its project goes to Trash",
      act: () => trashProject(owner, projectRef(world, project)),
      back: () => restoreProject(owner, trashedProjectRef(world, project)),
      statusReason: "project moved to Trash",
    },
    { what: "it is cancelled", act: () => cancelTraining(owner, ref()), back: async () => {}, statusReason: null },
  ])("when $what; and nothing resumes it", async ({ act, back, statusReason }) => {
    const training = await startEndless();
    await act();
    await untilNoChild();
    expect(await row(training)).toMatchObject({ status: "CANCELLED", statusReason, leaseId: null, models: [] });
    expect(existsSync(weightsFolder())).toBe(false);
    await back();
    runners[0]!.wake();
    await runners[0]!.idle();
    expect(await row(training)).toMatchObject({ status: "CANCELLED", models: [] });
    await checkInvariants(world.workspace.id);
  });

  test("when the word of it is lost: its heartbeat finds out", async () => {
    const training = await startEndless();
    await prisma().training.update({
      where: { id: training.id },
      data: { status: "CANCELLED", endedAt: new Date(), leaseId: null, leaseUntil: null },
    });
    await untilNoChild();
  });
});

describe("a training that ends at the moment of a trash", () => {
  /** A run whose weights are learned, waiting to be handed in. */
  async function trainUpToTheEnd() {
    const training = await start();
    let [learned, handIn] = [() => {}, () => {}];
    const isLearned = new Promise<void>((resolve) => (learned = resolve));
    const mayHandIn = new Promise<void>((resolve) => (handIn = resolve));
    const running = runTrainingNow(async (input) => {
      const result = await train(input);
      learned();
      await mayHandIn;
      return result;
    }, training.id);
    await isLearned;
    return { training, handIn: () => (handIn(), running) };
  }

  test.each(["first", "second"])("and comes %s at the version leaves neither model nor weights", async (turn) => {
    const { training, handIn } = await trainUpToTheEnd();
    const trash = () => trashVersion(owner, ref());
    // first: it was allowed to write its weights, and finds the version trashed when it would name them
    const [result] =
      turn === "first"
        ? (await raceAt(["versions", version], [handIn, trash])).reverse()
        : await raceAt(["versions", version], [trash, handIn]);
    expect(result).toMatchObject({ outcome: "trashed", cancelledTrainings: ["1"] });
    expect(await row(training)).toMatchObject({
      status: "CANCELLED",
      statusReason: "version moved to Trash",
      models: [],
    });
    for await (const { key } of blobStore().list(`${versionPrefix(version.id)}trainings/`))
      throw new Error(`${key} was left.`);
  });
});

describe("runners", () => {
  test("share a queue: each training is made once, by no more at a time than there are places", async () => {
    const seeds: number[] = [];
    let [active, most] = [0, 0];
    const counting: Trainer = async (input) => {
      seeds.push(input.seed);
      most = Math.max(most, (active += 1));
      return train(input).finally(() => (active -= 1));
    };
    const trainings = [await start(1), await start(1), await start(1), await start(1)];
    const [one, two] = [startRunner({ trainer: counting }), startRunner({ trainer: counting, concurrency: 2 })];
    for (let i = 0; i < 5; i++) for (const runner of [one, two]) runner.wake();
    await Promise.all([one.idle(), two.idle()]);
    for (const training of trainings)
      expect(await row(training)).toMatchObject({ status: "FINISHED", attempts: 1, models: [{}] });
    expect(new Set(seeds).size).toBe(4);
    expect([seeds.length, most]).toEqual([4, 3]);
  });

  test("that are told to stop put their run back, and another takes it up at once", async () => {
    const leaving = new AbortController();
    const training = await startEndless(() => startRunner({ signal: leaving.signal }));
    leaving.abort();
    await runners[0]!.idle();
    expect(await children()).toEqual([]);
    expect(await row(training)).toMatchObject({ status: "QUEUED", attempts: 0, epoch: 0, curve: [] });
    runners[0]!.wake(); // takes nothing any more
    await runners[0]!.idle();
    expect((await row(training)).status).toBe("QUEUED");
    await prisma().training.update({ where: { id: training.id }, data: { epochs: 2 } });
    await startRunner().idle();
    expect(await row(training)).toMatchObject({ status: "FINISHED", attempts: 1, models: [{}] });
  });

  test("hear of a training, though the job that says so woke a worker without room", async () => {
    createTrainingRunner(train, { concurrency: 0, stopping: stopping.signal }).wake();
    runners.push(createTrainingRunner(train, { concurrency: 1, stopping: stopping.signal }));
    const first = await start(1);
    await expect.poll(async () => (await row(first)).status, { timeout: 10_000, interval: 20 }).toBe("FINISHED");
    const second = await start(1); // now it surely listens
    await expect.poll(async () => (await row(second)).status, { timeout: 10_000, interval: 20 }).toBe("FINISHED");
  });

  test("outlive a database that is away, and take nothing meanwhile", async () => {
    const url = process.env["DATABASE_URL"];
    try {
      process.env["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:9/nowhere";
      vi.resetModules();
      const { createTrainingRunner: create } = await import("./runner");
      const runner = create(train, { concurrency: 1, stopping: stopping.signal });
      runner.wake();
      stopping.abort();
      await runner.idle();
      await (await import("@/lib/platform/db")).disconnect();
    } finally {
      process.env["DATABASE_URL"] = url;
      vi.resetModules();
    }
  });
});
