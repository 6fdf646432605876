import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { startTraining } from "@/lib/domain/trainings";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { bundle, makeBuildFolder } from "@/lib/testing/bundle";
import { checkInvariants } from "@/lib/testing/invariants";
import { versionRef } from "@/lib/testing/lifecycle";
import { pidsOf } from "@/lib/testing/processes";
import { buildRealVersion } from "@/lib/testing/real-version";
import { runTrainingNow } from "./runner";

/* The worker as it is shipped, in a process of its own, which is told to end, dies or sleeps in the middle of a run. */

const { folder, remove } = makeBuildFolder();
const script = path.join(folder, "child.mjs");
const train = createChildTrainer(script);
const workers: ChildProcess[] = [];

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: { id: string; number: number };
let owner: Context;

beforeAll(() => bundle(folder, { worker: "scripts/worker.ts", child: "lib/engine/trainer/child.ts" }));
afterAll(remove);
beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildRealVersion(world, project, { images: 20 });
  owner = await userContext(world);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map(killNow));
});

async function killNow(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill("SIGKILL");
  await once(worker, "exit");
}

function startWorker(): ChildProcess {
  const worker = spawn(process.execPath, [path.join(folder, "worker.mjs")], {
    stdio: "inherit",
    env: { ...process.env, TRAINING_CONCURRENCY: "1" },
  });
  workers.push(worker);
  return worker;
}

const row = ({ id }: { id: string }) =>
  prisma().training.findUniqueOrThrow({ where: { id }, include: { models: true } });
const passLease = () =>
  prisma().$executeRaw`update trainings set lease_until = now() - interval '1 second' where status = 'RUNNING'`;
const setEpochs = ({ id }: { id: string }, epochs: number) =>
  prisma().training.update({ where: { id }, data: { epochs } });
// how soon, run-trainings.test.ts knows: this is about whether
const untilNoChild = () => expect.poll(() => pidsOf(script), { timeout: 15_000, interval: 20 }).toEqual([]);
const untilTrains = (training: { id: string }) =>
  expect.poll(async () => (await row(training)).epoch, { timeout: 15_000, interval: 20 }).toBeGreaterThan(0);

/** A run of more epochs than anybody waits for, in a worker's child. */
async function startEndless(): Promise<{ training: { id: string }; worker: ChildProcess }> {
  const training = await startTraining(owner, versionRef(world, project, version));
  await setEpochs(training, 1_000_000);
  const worker = startWorker();
  await untilTrains(training);
  return { training, worker };
}

test("killed with SIGKILL takes its child along, and another takes the run up once its lease is over", async () => {
  const { training, worker } = await startEndless();
  await killNow(worker);
  await untilNoChild();
  expect(await row(training)).toMatchObject({ status: "RUNNING", attempts: 1 });
  expect(await runTrainingNow(train, training.id)).toBe(false); // nobody can know yet
  await passLease();
  await setEpochs(training, 2);
  expect(await runTrainingNow(train, training.id)).toBe(true);
  expect(await row(training)).toMatchObject({ status: "FINISHED", attempts: 2, epoch: 2, models: [{}] });
  await checkInvariants(world.workspace.id);
});

test("killed as the third that began the run leaves it to fail as lost, not to be begun for ever", async () => {
  const training = await startTraining(owner, versionRef(world, project, version));
  await prisma().training.update({ where: { id: training.id }, data: { attempts: 2, epochs: 1_000_000 } });
  const worker = startWorker();
  await untilTrains(training);
  await killNow(worker);
  await passLease();
  expect(await runTrainingNow(train, training.id)).toBe(false);
  expect(await row(training)).toMatchObject({ status: "FAILED", statusReason: "worker lost", attempts: 3, models: [] });
});

test("told to end ends with 0 within seconds and without a child, and a worker elsewhere goes on at once", async () => {
  const { training, worker } = await startEndless();
  worker.kill("SIGTERM");
  await once(worker, "exit");
  expect([worker.exitCode, worker.signalCode]).toEqual([0, null]);
  expect(await pidsOf(script)).toEqual([]);
  expect(await row(training)).toMatchObject({ status: "QUEUED", attempts: 0 });
  startWorker();
  await untilTrains(training);
  expect(await row(training)).toMatchObject({ status: "RUNNING", attempts: 1 });
});

test("asleep past its lease wakes up to a run that is another's, ends its child and writes nothing", async () => {
  const { training, worker } = await startEndless();
  worker.kill("SIGSTOP");
  await passLease();
  await setEpochs(training, 2);
  expect(await runTrainingNow(train, training.id)).toBe(true);
  const { models } = await row(training);
  worker.kill("SIGCONT");
  await untilNoChild();
  expect(await row(training)).toMatchObject({ status: "FINISHED", attempts: 2, models });
  const files: string[] = [];
  for await (const { key } of blobStore().list(`versions/${version.id}/trainings/`)) files.push(key);
  expect(files).toEqual([expect.stringContaining(models[0]!.id)]);
});
