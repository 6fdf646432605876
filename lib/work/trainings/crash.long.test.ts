import { once } from "node:events";
import { expect, test } from "vitest";
import { startTraining } from "@/lib/domain/trainings";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { checkInvariants } from "@/lib/testing/invariants";
import { versionRef } from "@/lib/testing/lifecycle";
import { pidsOf } from "@/lib/testing/processes";
import {
  killNow,
  owner,
  passLease,
  project,
  row,
  script,
  setEpochs,
  startEndless,
  startWorker,
  train,
  untilNoChild,
  untilTrains,
  version,
  world,
} from "@/lib/testing/training-worker";
import { runTrainingNow } from "./runner";

/* A worker that is told to end, dies, again and again, or sleeps past its lease, in the middle of a run. */

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
  expect(files).toEqual([expect.stringContaining(`/${models[0]!.weightsId!}/`)]);
});
