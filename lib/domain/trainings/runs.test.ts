import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildMember,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  auditedActions,
  itemRef,
  keyContext,
  outcomeOf,
  projectRef,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { connectSecond } from "@/lib/testing/database";
import { raceAt, waitingOrSettled } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import {
  claimTraining,
  failTraining,
  finishTraining,
  heartbeatTraining,
  leaseTraining,
  releaseTraining,
  weightsPath,
  type Epoch,
  type TrainingRun,
} from "./runs";
import { cancelTraining, startTraining, stopTraining } from "./trainings";
import { getServingModel } from "./models";
import { purgeItem, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
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

const LEARNED = { metrics: { accuracy: 0.9 }, sizeBytes: 100 };
const epochs = (...numbers: number[]): Epoch[] =>
  numbers.map((epoch) => ({ epoch, loss: 1 / epoch, accuracy: 0.5, validLoss: null, validAccuracy: null }));
const ref = () => versionRef(world, project, version);
const named = (training: { id: string }) => ({ ...ref(), trainingId: training.id });
const row = ({ id }: { id: string }) => prisma().training.findUniqueOrThrow({ where: { id } });
const models = () =>
  prisma().model.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { createdAt: "asc" } });
const loseTrainer = ({ id }: { id: string }) =>
  prisma().$executeRaw`update trainings set lease_until = now() - interval '1 second' where id = ${id}`;
const start = () => startTraining(owner, { ...ref(), epochs: 3 });

async function claim(training: { id: string }): Promise<TrainingRun> {
  const run = await claimTraining(worker, { trainingId: training.id });
  if (!run) throw new Error("The training does not wait for a trainer.");
  return run;
}

/** A training that was trained. */
async function train(): Promise<{ id: string; modelSlug: string }> {
  const training = await start();
  const finished = await finishTraining(worker, await claim(training), LEARNED);
  return { ...training, modelSlug: finished!.modelSlug };
}

describe("a run", () => {
  test("says what is to be done, is live for those who watch, and leaves a model with its metrics", async () => {
    const training = await start();
    const run = await claim(training);
    expect(run).toMatchObject({
      workspaceSlug: world.workspace.slug,
      projectSlug: "digits",
      versionId: version.id,
      versionNumber: 1,
      number: 1,
      modelType: "hog-mlp",
      epochs: 3,
      manifestHash: version.manifestHash,
      classes: { "3": 5, "7": 5 },
      splits: { train: 10, valid: 0, test: 0 },
    });
    expect(await heartbeatTraining(worker, run, epochs(1, 2))).toBe("go on");
    expect((await getVersion(owner, ref())).trainings).toMatchObject([
      {
        status: "RUNNING",
        trainer: "EMBEDDED",
        epoch: 2,
        curve: epochs(1, 2),
        stopAsked: false,
        modelSlug: null,
        metrics: {},
      },
    ]);
    await heartbeatTraining(worker, run, epochs(3));
    expect(await finishTraining(worker, run, LEARNED)).toEqual({ modelSlug: "digits-1-1" });
    expect(await getVersion(owner, ref())).toMatchObject({
      defaultModelSlug: "digits-1-1",
      trainings: [{ status: "FINISHED", epoch: 3, modelSlug: "digits-1-1", metrics: { accuracy: 0.9 } }],
    });
    const [model] = await models();
    expect(weightsPath(model!)).toBe(`trainings/${training.id}/${run.leaseId}/weights.safetensors`);
    expect(await auditedActions(world)).toEqual(["training.started", "training.finished"]);
  });

  test("is given to one trainer, however many ask at once, the oldest first", async () => {
    const [first, second] = [await buildTraining(world, version), await buildTraining(world, version)];
    const asked = await raceAt(
      ["versions", version],
      [0, 1, 2].map(() => () => leaseTraining(owner, world.workspace.slug)),
    );
    expect(asked.map((run) => run?.trainingId).sort()).toEqual([first.id, second.id, undefined].sort());
    expect((await row(first)).attempts + (await row(second)).attempts).toBe(2);
  });

  test("counts an epoch that is reported twice once", async () => {
    const run = await claim(await start());
    await heartbeatTraining(worker, run, epochs(1));
    await heartbeatTraining(worker, run, epochs(1, 2)); // the answer to the first was lost on the way
    await heartbeatTraining(worker, run, epochs(1));
    expect((await row({ id: run.trainingId })).curve).toEqual(epochs(1, 2));
  });

  test("whose trainer fell silent is taken up again from the start, and the one that comes back is told to end", async () => {
    const training = await start();
    const lost = await claim(training);
    await heartbeatTraining(worker, lost, epochs(1, 2));
    expect(await claimTraining(worker, { trainingId: training.id })).toBeNull(); // its lease is not over
    await loseTrainer(training);
    const run = await claim(training);
    expect(await row(training)).toMatchObject({ status: "RUNNING", attempts: 2, epoch: 0, curve: [] });
    expect(await heartbeatTraining(worker, lost, epochs(3))).toBe("cancel");
    expect([await finishTraining(worker, lost, LEARNED), await failTraining(worker, lost, "internal")]).toEqual([
      null,
      false,
    ]);
    await releaseTraining(worker, lost);
    expect(await row(training)).toMatchObject({ status: "RUNNING", leaseId: run.leaseId, epoch: 0 });
    expect(await finishTraining(worker, run, LEARNED)).toEqual({ modelSlug: "digits-1-1" });
  });

  test("whose trainer was silent, but not replaced, goes on", async () => {
    const training = await start();
    const run = await claim(training);
    await loseTrainer(training);
    expect(await heartbeatTraining(worker, run, epochs(1))).toBe("go on");
    expect(await claimTraining(worker, { trainingId: training.id })).toBeNull();
  });

  test("that is taken up again at the moment of a late heartbeat belongs to one of the two", async () => {
    const training = await start();
    const late = await claim(training);
    await loseTrainer(training);
    const [answer, run] = await raceAt(
      ["trainings", training],
      [() => heartbeatTraining(worker, late), () => claimTraining(worker, { trainingId: training.id })],
    );
    expect([answer, run]).toEqual(["go on", null]);
    await loseTrainer(training);
    const [other, told] = await raceAt(
      ["trainings", training],
      [() => claimTraining(worker, { trainingId: training.id }), () => heartbeatTraining(worker, late)],
    );
    expect([other?.trainingId, told]).toEqual([training.id, "cancel"]);
  });

  test("that three trainers began and none ended has failed, and is not begun a fourth time", async () => {
    const training = await start();
    for (let i = 0; i < 3; i++) {
      await claim(training);
      await loseTrainer(training);
    }
    expect(await claimTraining(worker, { trainingId: training.id })).toBeNull();
    expect(await row(training)).toMatchObject({ status: "FAILED", statusReason: "worker lost", attempts: 3 });
    expect((await row(training)).endedAt).not.toBeNull();
    expect(await claimTraining(worker, { trainingId: training.id })).toBeNull();
  });

  test("that is put back when its worker shuts down has lost no attempt and begins anew", async () => {
    const training = await start();
    for (let i = 0; i < 5; i++) {
      const run = await claim(training);
      await heartbeatTraining(worker, run, epochs(1));
      await releaseTraining(worker, run);
      expect(await row(training)).toMatchObject({ status: "QUEUED", attempts: 0, epoch: 0, curve: [], leaseId: null });
    }
  });

  test("of ours is never leased to a trainer elsewhere, nor the other way round, nor across workspaces", async () => {
    const [ours, theirs] = [
      await buildTraining(world, version, { trainer: "EMBEDDED" }),
      await buildTraining(world, version),
    ];
    const stranger = await buildWorld();
    expect(await leaseTraining(await userContext(stranger), stranger.workspace.slug)).toBeNull();
    expect(await outcomeOf(leaseTraining(await userContext(stranger), world.workspace.slug))).toBe("not_found");
    expect(await claimTraining(worker, { trainingId: theirs.id })).toBeNull();
    const run = (await leaseTraining(owner, world.workspace.slug))!;
    expect(run.trainingId).toBe(theirs.id);
    expect(await leaseTraining(owner, world.workspace.slug)).toBeNull();
    // the lease's id is no key to another workspace's run
    const abroad = { ...run, workspaceSlug: stranger.workspace.slug };
    const foreign = await userContext(stranger);
    expect([
      await heartbeatTraining(foreign, abroad, epochs(1)),
      await finishTraining(foreign, abroad, LEARNED),
      await failTraining(foreign, abroad, "x"),
    ]).toEqual(["cancel", null, false]);
    expect(await row(theirs)).toMatchObject({ status: "RUNNING", epoch: 0 });
    expect((await row(ours)).status).toBe("QUEUED");
  });

  test("is worked on by keys of that scope alone", async () => {
    const run = (await buildTraining(world, version), await leaseTraining(owner, world.workspace.slug))!;
    const viewer = await userContext(world, { user: await buildMember(world, "VIEWER"), role: "VIEWER" });
    const key = await keyContext(world, { scopes: ["training-job:create", "version:read"] });
    for (const [ctx, refusal] of [
      [viewer, "forbidden"],
      [key, "missing_scope"],
    ] as const) {
      for (const act of [
        () => leaseTraining(ctx, world.workspace.slug),
        () => heartbeatTraining(ctx, run),
        () => finishTraining(ctx, run, LEARNED),
        () => failTraining(ctx, run, "x"),
      ])
        expect(await outcomeOf(act())).toBe(refusal);
    }
    for (const act of [() => claimTraining(owner), () => releaseTraining(owner, run)])
      expect(await outcomeOf(act())).toBe("forbidden");
    expect(await heartbeatTraining(await keyContext(world, { scopes: ["training-job:run"] }), run)).toBe("go on");
  });
});

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
    expect((await auditedActions(world)).at(-1)).toBe("training.stopped");
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

describe("a model", () => {
  test("that was made first is what the version serves; purged, no other takes its place by itself", async () => {
    const [first, second] = [await train(), await train()];
    expect((await getServingModel(owner, ref())).slug).toBe(first.modelSlug);
    await trashTraining(owner, trainingRef(world, first));
    expect(await outcomeOf(getServingModel(owner, ref()))).toBe("model_in_trash");
    await purgeItem(owner, itemRef(world, "TRAINING", first), UNBOUNDED);
    expect(await outcomeOf(getServingModel(owner, ref()))).toBe("purged");
    const third = await train();
    expect(await outcomeOf(getServingModel(owner, ref()))).toBe("purged");
    for (const { modelSlug } of [second, third])
      expect(await outcomeOf(getServingModel(owner, { workspaceSlug: world.workspace.slug, modelSlug }))).toBe("done");
  });

  test("never gets a slug that another one had, be it in a purged project of the same name", async () => {
    const { modelSlug } = await train();
    await trashProject(owner, projectRef(world, project));
    await purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED);
    project = await buildProject(world, { slug: "digits" });
    version = await buildVersion(world, project);
    expect((await train()).modelSlug).toBe("digits-1-1-2");
    expect(await outcomeOf(getServingModel(owner, { workspaceSlug: world.workspace.slug, modelSlug }))).toBe("purged");
    // another project whose own name ends like this one's numbers
    project = await buildProject(world, { slug: "digits-1" });
    version = await buildVersion(world, project);
    await train();
    expect((await train()).modelSlug).toBe("digits-1-1-2-2");
  });

  test("is not left by a run whose version went to Trash before its worker had heard of it", async () => {
    const run = await claim(await start());
    await trashVersion(owner, ref());
    expect(await finishTraining(worker, run, LEARNED)).toBeNull();
    // nor if, against all rules, the run were left running there
    await prisma()
      .$executeRaw`update trainings set status = 'RUNNING', ended_at = null, lease_id = ${run.leaseId}, lease_until = now() where id = ${run.trainingId}`;
    expect([await heartbeatTraining(worker, run), await finishTraining(worker, run, LEARNED), await models()]).toEqual([
      "cancel",
      null,
      [],
    ]);
  });
});
