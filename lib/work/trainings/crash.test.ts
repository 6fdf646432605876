import { once } from "node:events";
import { expect, test } from "vitest";
import { checkInvariants } from "@/lib/testing/invariants";
import { pidsOf } from "@/lib/testing/processes";
import {
  killNow,
  passLease,
  row,
  script,
  setEpochs,
  startEndless,
  startWorker,
  train,
  untilNoChild,
  untilTrains,
  world,
} from "@/lib/testing/training-worker";
import { runTrainingNow } from "./runner";

/* A worker that is told to end, or dies, in the middle of a run. crash.long.test.ts has more deaths. */

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
