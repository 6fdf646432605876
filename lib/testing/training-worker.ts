import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect } from "vitest";
import type { Context } from "@/lib/domain/context";
import { versionPrefix } from "@/lib/domain/grants";
import { startTraining } from "@/lib/domain/trainings";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import type { Trainer } from "@/lib/engine/trainer/trainer";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { createTrainingRunner, type TrainingRunner } from "@/lib/work/trainings/runner";
import { buildProject, buildWorld, userContext, type World } from "./builders";
import { bundle, makeBuildFolder } from "./bundle";
import { checkInvariants } from "./invariants";
import { versionRef } from "./lifecycle";
import { pidsOf } from "./processes";
import { buildRealVersion } from "./real-version";

/*
 * A real version and who trains on it: the worker as it is shipped, in a process of its own, for the tests in which it is
 * told to end, dies or sleeps, and runners in this process. Both train in the child as it is shipped.
 */

export const { folder, remove } = makeBuildFolder();
export const script = path.join(folder, "child.mjs");
export const train = createChildTrainer(script);
const workers: ChildProcess[] = [];
/** Those of this process; each test ends with them told to stop, and at rest. */
export const runners: TrainingRunner[] = [];
export let stopping: AbortController;

export let world: World;
export let project: Awaited<ReturnType<typeof buildProject>>;
export let version: { id: string; number: number };
export let owner: Context;

beforeAll(() => bundle(folder, { worker: "scripts/worker.ts", child: "lib/engine/trainer/child.ts" }));
afterAll(remove);
beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "digits" });
  version = await buildRealVersion(world, project, { images: 30 });
  owner = await userContext(world);
  stopping = new AbortController();
});
afterEach(async () => {
  stopping.abort();
  await Promise.all(runners.splice(0).map((runner) => runner.idle()));
  await prisma().training.deleteMany({ where: { endedAt: null } }); // for the next test's runners
  await Promise.all(workers.splice(0).map(killNow));
});

export async function killNow(worker: ChildProcess): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  worker.kill("SIGKILL");
  await once(worker, "exit");
}

export function startWorker(): ChildProcess {
  const worker = spawn(process.execPath, [path.join(folder, "worker.mjs")], {
    stdio: "inherit",
    env: { ...process.env, TRAINING_CONCURRENCY: "1" },
  });
  workers.push(worker);
  return worker;
}

/** A runner in this process that has looked for work once; it ends with its test. */
export function startRunner({
  trainer = train,
  concurrency = 1,
  signal = stopping.signal,
}: { trainer?: Trainer; concurrency?: number; signal?: AbortSignal } = {}): TrainingRunner {
  const runner = createTrainingRunner(trainer, { concurrency, stopping: signal });
  runners.push(runner);
  runner.wake();
  return runner;
}

/** A run of more epochs than anybody waits for, once a runner's child trains and the page shows it. */
export async function startEndlessRun(
  signal?: AbortSignal,
): Promise<{ training: { id: string }; runner: TrainingRunner }> {
  const training = await startTraining(owner, versionRef(world, project, version));
  await setEpochs(training, 1_000_000);
  const runner = startRunner({ ...(signal && { signal }) });
  await untilTrains(training);
  expect(await pidsOf(script)).toHaveLength(1);
  return { training, runner };
}

export const row = ({ id }: { id: string }) =>
  prisma().training.findUniqueOrThrow({ where: { id }, include: { models: true } });
export const passLease = () =>
  prisma().$executeRaw`update trainings set lease_until = now() - interval '1 second' where status = 'RUNNING'`;
export const setEpochs = ({ id }: { id: string }, epochs: number) =>
  prisma().training.update({ where: { id }, data: { epochs } });
/** Whatever else the machine does. */
export const AT_ONCE_MS = 2_000;
export const untilNoChild = (timeout = 15_000) =>
  expect.poll(() => pidsOf(script), { timeout, interval: 20 }).toEqual([]);

export async function storedWeights(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of blobStore().list(`${versionPrefix(version.id)}trainings/`)) keys.push(key);
  return keys;
}

/** A run ends at once after `act`, child and all, and leaves nothing; nor does anybody resume it after `back`. */
export async function expectEnds({
  act,
  back,
  statusReason,
}: {
  act: () => Promise<unknown>;
  back: () => Promise<unknown>;
  statusReason: string | null;
}): Promise<void> {
  const { training, runner } = await startEndlessRun();
  await act();
  await untilNoChild(AT_ONCE_MS);
  expect(await row(training)).toMatchObject({ status: "CANCELLED", statusReason, leaseId: null, models: [] });
  expect(await storedWeights()).toEqual([]);
  await back();
  runner.wake();
  await runner.idle();
  expect(await row(training)).toMatchObject({ status: "CANCELLED", models: [] });
  await checkInvariants(world.workspace.id);
}
export const untilTrains = (training: { id: string }) =>
  expect.poll(async () => (await row(training)).epoch, { timeout: 15_000, interval: 20 }).toBeGreaterThan(0);

/** A run of more epochs than anybody waits for, in a worker's child. */
export async function startEndless(): Promise<{ training: { id: string }; worker: ChildProcess }> {
  const training = await startTraining(owner, versionRef(world, project, version));
  await setEpochs(training, 1_000_000);
  const worker = startWorker();
  await untilTrains(training);
  return { training, worker };
}
