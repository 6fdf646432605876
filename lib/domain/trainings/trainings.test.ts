import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import { auditedActions, itemRef, outcomeOf, trainingRef, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { connectSecond } from "@/lib/testing/database";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { raceAt, waitingOrSettled } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import {
  claimTraining,
  finishTraining,
  heartbeatTraining,
  releaseTraining,
  type Epoch,
  type TrainingRun,
} from "./runs";
import { cancelTraining, startTraining, stopTraining } from "./trainings";
import { purgeItem, trashTraining } from "@/lib/domain/trash";
import { getVersion } from "@/lib/domain/versions";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world, { slug: "digits" });
  version = await buildVersion(world, project);
  owner = await userContext(world);
  worker = await systemContext("train");
});

const LEARNED = { metrics: { accuracy: 0.9 } };
const epochs = (...numbers: number[]): Epoch[] =>
  numbers.map((epoch) => ({ epoch, loss: 1 / epoch, accuracy: 0.5, validLoss: null, validAccuracy: null }));
const ref = () => versionRef(world, project, version);
const named = (training: { id: string }) => ({ ...ref(), trainingId: training.id });
const row = ({ id }: { id: string }) => prisma().training.findUniqueOrThrow({ where: { id } });
const models = () =>
  prisma().model.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { createdAt: "asc" } });
const start = () => startTraining(owner, { ...ref(), epochs: 3 });

async function claim(training: { id: string }): Promise<TrainingRun> {
  const run = await claimTraining(worker, { trainingId: training.id });
  if (!run) throw new Error("The training does not wait for a trainer.");
  return storeRunWeights(run);
}

/** A training that was trained. */
async function train(): Promise<{ id: string; modelSlug: string }> {
  const training = await start();
  const finished = await finishTraining(worker, await claim(training), LEARNED);
  return { ...training, modelSlug: finished!.modelSlug };
}

describe("whoever starts a training", () => {
  test("is refused what our own trainer could not learn from, and may name another trainer's model type", async () => {
    const boxes = await buildVersion(world, await buildProject(world, { type: "OBJECT_DETECTION", slug: "hats" }));
    const hats = { workspaceSlug: world.workspace.slug, projectSlug: "hats", number: boxes.number };
    await expect(startTraining(owner, hats)).rejects.toMatchObject({
      code: "not_trainable",
      details: { reason: "type" },
    });
    const { id } = await startTraining(owner, { ...hats, modelType: "yolov8n" });
    expect(await row({ id })).toMatchObject({ trainer: "EXTERNAL", modelType: "yolov8n", epochs: 20 });
    await prisma().version.update({ where: { id: version.id }, data: { classes: { "7": 10 } } });
    await expect(start()).rejects.toMatchObject({ code: "not_trainable", details: { reason: "classes" } });
    await prisma().version.update({
      where: { id: version.id },
      data: { classes: { "3": 5, "7": 5 }, trainImages: 0, testImages: 10 },
    });
    await expect(start()).rejects.toMatchObject({ code: "not_trainable", details: { reason: "images" } });
  });

  test.each([
    { epochs: 0 },
    { epochs: 501 },
    { epochs: 1.5 },
    { modelType: "" },
    { modelType: "A B" },
    { modelType: "x".repeat(65) },
  ])("is refused %j", async (input) => {
    expect(await outcomeOf(startTraining(owner, { ...ref(), ...input }))).toBe("invalid_input");
  });

  test("gets the next number, also after a purge", async () => {
    const first = await train();
    await trashTraining(owner, trainingRef(world, first));
    await purgeItem(owner, itemRef(world, "TRAINING", first), UNBOUNDED);
    expect((await start()).number).toBe(2);
  });
});

describe("cancel", () => {
  test("ends a queued and a running training, drops what it learned, and changes nothing when repeated", async () => {
    const [queued, running] = [await start(), await start()];
    const run = await claim(running);
    await heartbeatTraining(worker, run, epochs(1));
    expect([
      await outcomeOf(cancelTraining(owner, named(queued))),
      await outcomeOf(cancelTraining(owner, named(running))),
    ]).toEqual(["cancelled", "cancelled"]);
    expect(await heartbeatTraining(worker, run, epochs(2))).toBe("cancel");
    expect(await finishTraining(worker, run, LEARNED)).toBeNull();
    expect(await row(running)).toMatchObject({ status: "CANCELLED", statusReason: null, epoch: 1, endedAt: owner.now });
    expect([await outcomeOf(cancelTraining(owner, named(running))), await models()]).toEqual(["already_over", []]);
    expect(await auditedActions(world)).toEqual([
      "training.started",
      "training.started",
      "training.cancelled",
      "training.cancelled",
    ]);
  });

  test("and finish at the same moment: whoever is first", async () => {
    const [one, two] = [await start(), await start()];
    const [first, second] = [await claim(one), await claim(two)];
    const [cancelled, late] = await raceAt(
      ["trainings", one],
      [() => outcomeOf(cancelTraining(owner, named(one))), () => finishTraining(worker, first, LEARNED)],
    );
    expect([cancelled, late]).toEqual(["cancelled", null]);
    const [finished, refused] = await raceAt(
      ["trainings", two],
      [() => finishTraining(worker, second, LEARNED), () => outcomeOf(cancelTraining(owner, named(two)))],
    );
    expect([finished, refused]).toEqual([{ modelSlug: "digits-1-2" }, "already_over"]);
    expect(await models()).toHaveLength(1);
    await checkInvariants(world.workspace.id);
  });

  test("without a name means the one that is under way", async () => {
    expect(await outcomeOf(cancelTraining(owner, ref()))).toBe("not_running");
    const one = await start();
    const two = await start();
    expect(await outcomeOf(cancelTraining(owner, ref()))).toBe("several_runs");
    await cancelTraining(owner, named(one));
    expect(await cancelTraining(owner, ref())).toEqual({ outcome: "cancelled", id: two.id });
  });
});

describe("stop", () => {
  test("lets the trainer end after its epoch and keeps what it learned", async () => {
    const training = await start();
    const run = await claim(training);
    expect(await outcomeOf(stopTraining(owner, ref()))).toBe("stopping");
    expect(await outcomeOf(stopTraining(owner, ref()))).toBe("stopping");
    expect((await getVersion(owner, ref())).trainings).toMatchObject([{ status: "RUNNING", stopAsked: true }]);
    expect(await heartbeatTraining(worker, run, epochs(1, 2))).toBe("stop");
    expect(await finishTraining(worker, run, LEARNED)).toEqual({ modelSlug: "digits-1-1" });
    expect((await row(training)).status).toBe("STOPPED");
    expect(await outcomeOf(stopTraining(owner, ref()))).toBe("already_over");
    // asked for twice, recorded once
    expect(await auditedActions(world)).toEqual(["training.started", "training.stop_requested", "training.stopped"]);
  });

  test("that comes with the last epoch finds it finished", async () => {
    const run = await claim(await start());
    await heartbeatTraining(worker, run, epochs(1, 2, 3));
    await stopTraining(owner, ref());
    await finishTraining(worker, run, LEARNED);
    expect((await row({ id: run.trainingId })).status).toBe("FINISHED");
  });

  test("cancels what waits in the queue, be it that its worker was shut down just now", async () => {
    const queued = await start();
    expect(await outcomeOf(stopTraining(owner, named(queued)))).toBe("cancelled");
    const training = await start();
    const run = await claim(training);
    const [, stopped] = await raceAt(
      ["trainings", training],
      [() => releaseTraining(worker, run), () => outcomeOf(stopTraining(owner, named(training)))],
    );
    expect([stopped, (await row(training)).status]).toEqual(["cancelled", "CANCELLED"]);
    expect(await outcomeOf(stopTraining(owner, { ...ref(), projectSlug: "elsewhere" }))).toBe("not_found");
  });

  test("that was answered is heeded, be the run claimed in the middle of it", async () => {
    const training = await start();
    const second = await connectSecond();
    await second.query(
      `create function stand() returns trigger language plpgsql as $$ begin
         if current_query() ilike 'update%"stop_asked_at" =%' then perform pg_advisory_xact_lock(4712); end if; return null;
       end $$`,
    );
    await second.query("create trigger stand before update on trainings for each statement execute function stand()");
    await second.query("select pg_advisory_lock(4712)");
    const stopping = outcomeOf(stopTraining(owner, named(training)));
    await waitingOrSettled(1, stopping);
    const run = await claimTraining(worker, { trainingId: training.id });
    await second.query("select pg_advisory_unlock(4712)");
    const outcome = await stopping;
    await second.query("drop function stand() cascade");
    await second.end();
    expect(outcome).toBe(run ? "stopping" : "cancelled");
    expect(run ? await heartbeatTraining(worker, run) : (await row(training)).status).toBe(run ? "stop" : "CANCELLED");
  });
});
