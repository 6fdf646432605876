import { beforeEach, describe, expect, test } from "vitest";
import { blobStore } from "@/lib/platform/blob-store";
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
import { raceAt } from "@/lib/testing/race";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { systemContext, type Context } from "@/lib/domain/context";
import {
  claimTraining,
  failTraining,
  finishTraining,
  heartbeatTraining,
  leaseTraining,
  releaseTraining,
  type Epoch,
  type TrainingRun,
} from "./runs";
import { weightsPath } from "./weights";
import { startTraining } from "./trainings";
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

const LEARNED = { metrics: { accuracy: 0.9 } };
const epochs = (...numbers: number[]): Epoch[] =>
  numbers.map((epoch) => ({ epoch, loss: 1 / epoch, accuracy: 0.5, validLoss: null, validAccuracy: null }));
const ref = () => versionRef(world, project, version);
const row = ({ id }: { id: string }) => prisma().training.findUniqueOrThrow({ where: { id } });
const models = () =>
  prisma().model.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { createdAt: "asc" } });
const loseTrainer = ({ id }: { id: string }) =>
  prisma().$executeRaw`update trainings set lease_until = now() - interval '1 second' where id = ${id}`;
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

const failures = () =>
  prisma().auditEvent.findMany({ where: { workspaceId: world.workspace.id, action: "training.failed" } });

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
    expect(model).toMatchObject({ id: run.leaseId, sizeBytes: 100n });
    expect(await blobStore().get(`versions/${version.id}/${weightsPath(model!)}`)).toHaveLength(100);
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
    expect(await failures()).toEqual([
      expect.objectContaining({
        actorType: "SYSTEM",
        targetName: "Training 1",
        details: { versionId: version.id, reason: "worker lost" },
      }),
    ]);
  });

  test("that failed is in the log once, with why it did and with its version, by whoever trained it", async () => {
    const run = await claim(await start());
    for (const ended of [true, false]) expect(await failTraining(worker, run, "internal")).toBe(ended);
    expect(await failures()).toMatchObject([
      { targetId: run.trainingId, actorId: "train", details: { versionId: version.id, reason: "internal" } },
    ]);
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

  test("never gets a slug that another one had, be it in a purged project of the same name, as older builds made them", async () => {
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
