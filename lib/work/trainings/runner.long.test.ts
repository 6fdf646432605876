import { describe, expect, test, vi } from "vitest";
import { cancelTraining, startTraining } from "@/lib/domain/trainings";
import { restoreProject, trashProject } from "@/lib/domain/trash";
import type { Trainer } from "@/lib/engine/trainer/trainer";
import { prisma } from "@/lib/platform/db";
import { pidsOf } from "@/lib/testing/processes";
import { projectRef, trashedProjectRef, versionRef } from "@/lib/testing/lifecycle";
import {
  AT_ONCE_MS,
  expectEnds,
  owner,
  project,
  row,
  runners,
  script,
  setEpochs,
  startEndlessRun,
  startRunner,
  stopping,
  train,
  untilNoChild,
  version,
  world,
} from "@/lib/testing/training-worker";
import { createTrainingRunner } from "./runner";

/* Many runners, one that is told to stop or has no database, and ways for a run to end. */

const start = (epochs: number) => startTraining(owner, { ...versionRef(world, project, version), epochs });

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
    const { training, runner } = await startEndlessRun(leaving.signal);
    leaving.abort();
    await runner.idle();
    expect(await pidsOf(script)).toEqual([]);
    expect(await row(training)).toMatchObject({ status: "QUEUED", attempts: 0, epoch: 0, curve: [] });
    runner.wake(); // takes nothing any more
    await runner.idle();
    expect((await row(training)).status).toBe("QUEUED");
    await setEpochs(training, 2);
    await startRunner().idle();
    expect(await row(training)).toMatchObject({ status: "FINISHED", attempts: 1, models: [{}] });
  });

  test("hear of a training, though the job that says so woke a worker without room", async () => {
    createTrainingRunner(train, { concurrency: 0, stopping: stopping.signal }).wake();
    runners.push(createTrainingRunner(train, { concurrency: 1, stopping: stopping.signal })); // nobody wakes it
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

describe("a running training ends within two seconds, child and all, and leaves nothing,", () => {
  test.each([
    {
      what: "its project goes to Trash",
      act: () => trashProject(owner, projectRef(world, project)),
      back: () => restoreProject(owner, trashedProjectRef(world, project)),
      statusReason: "project moved to Trash",
    },
    {
      what: "it is cancelled",
      act: () => cancelTraining(owner, versionRef(world, project, version)),
      back: async () => {},
      statusReason: null,
    },
  ])("when $what; and nothing resumes it", expectEnds);

  test("when the word of it is lost: its heartbeat finds out", async () => {
    const { training } = await startEndlessRun();
    await prisma().training.update({
      where: { id: training.id },
      data: { status: "CANCELLED", endedAt: new Date(), leaseId: null, leaseUntil: null },
    });
    await untilNoChild(AT_ONCE_MS);
  });
});
