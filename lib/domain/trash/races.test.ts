import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  auditedActions,
  claimVersion,
  DAY_MS,
  generatedFacts,
  later,
  newVersion,
  outcomeOf,
  projectRef,
  trashedProjectRef,
  trashedVersionRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt, type Row } from "@/lib/testing/race";
import { storeRunWeights } from "@/lib/testing/run-weights";
import { systemContext, type Context } from "@/lib/domain/context";
import { createVersion } from "@/lib/domain/versions";
import { completeGeneration, type GeneratorLease } from "@/lib/domain/versions/generation-work";
import { getProject } from "@/lib/domain/projects";
import { claimTraining, finishTraining, heartbeatTraining, startTraining } from "@/lib/domain/trainings";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
  owner = await userContext(world);
  worker = await systemContext("train");
});

const LEARNED = { metrics: {} };
async function claim(training: { id: string }) {
  const run = await claimTraining(worker, { trainingId: training.id });
  return run && storeRunWeights(run);
}
const epoch = (number: number) => ({ epoch: number, loss: 1, accuracy: 0.5, validLoss: null, validAccuracy: null });
const statusOf = async (id: string) => (await prisma().training.findUniqueOrThrow({ where: { id } })).status;
const trainings = () => prisma().training.findMany({ where: { workspaceId: world.workspace.id } });
const models = () => prisma().model.count({ where: { workspaceId: world.workspace.id } });
const start = () => outcomeOf(startTraining(owner, { ...versionRef(world, project, version), epochs: 3 }));

// What goes to Trash, and the row at which whatever needs it live meets that.
const TRASHES = [
  [
    "version",
    () => trashVersion(owner, versionRef(world, project, version)),
    (): Row => ["versions", version],
    "in_trash",
  ],
  [
    "project",
    () => trashProject(owner, projectRef(world, project)),
    (): Row => ["projects", project],
    "project_in_trash",
  ],
] as const;

describe.each(TRASHES)("while the %s goes to Trash", (_type, trash, row, hidden) => {
  test("a training that starts just before it is cancelled by it", async () => {
    const [started, trashed] = await raceAt(row(), [start, trash]);
    expect(started).toBe("done");
    expect(trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: [expect.stringMatching(/1$/)] });
    expect((await trainings()).map((t) => t.status)).toEqual(["CANCELLED"]);
    await checkInvariants(world.workspace.id);
  });

  test("a training that starts just after it is refused", async () => {
    const [trashed, started] = await raceAt(row(), [trash, start]);
    expect(trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: [] });
    expect(started).toBe(hidden);
    expect(await trainings()).toEqual([]);
    await checkInvariants(world.workspace.id);
  });

  test("a queued training that a worker claims just before it is cancelled by it, and the worker is told", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    const [lease, trashed] = await raceAt(row(), [() => claim(training), trash]);
    expect(lease).not.toBeNull();
    expect(trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: [expect.stringMatching(/1$/)] });
    expect(await heartbeatTraining(worker, lease!, [epoch(1)])).toBe("cancel");
    expect(await statusOf(training.id)).toBe("CANCELLED");
  });

  test("a queued training cannot be claimed after it", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    const [trashed, lease] = await raceAt(row(), [trash, () => claim(training)]);
    expect(trashed).toMatchObject({ outcome: "trashed" });
    expect(lease).toBeNull();
    expect(await statusOf(training.id)).toBe("CANCELLED");
  });

  test("a training that was left queued in there, against all rules, is not run", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    await trash();
    await prisma().training.update({ where: { id: training.id }, data: { status: "QUEUED", endedAt: null } });
    expect(await claim(training)).toBeNull();
    expect(await statusOf(training.id)).toBe("QUEUED");
  });

  test("a training that finishes first keeps its model, which waits with it", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    const lease = (await claim(training))!;
    const [finished, trashed] = await raceAt(
      ["trainings", training],
      [() => finishTraining(worker, lease, LEARNED), trash],
    );
    expect(finished).toEqual({ modelSlug: `${project.slug}-1-1` });
    expect(trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: [] });
    expect(await statusOf(training.id)).toBe("FINISHED");
    await checkInvariants(world.workspace.id);
  });

  test("a training that finishes second is cancelled and leaves no model", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    const lease = (await claim(training))!;
    const [trashed, finished] = await raceAt(
      ["trainings", training],
      [trash, () => finishTraining(worker, lease, LEARNED)],
    );
    expect(trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: [expect.stringMatching(/1$/)] });
    expect(finished).toBeNull();
    expect([await statusOf(training.id), await models()]).toEqual(["CANCELLED", 0]);
    await checkInvariants(world.workspace.id);
  });

  test("a worker that missed the cancel stops at its next word, even after the restore", async () => {
    const training = await buildTraining(world, version, { trainer: "EMBEDDED" });
    const lease = (await claim(training))!;
    expect(await heartbeatTraining(worker, lease, [epoch(1)])).toBe("go on");
    await trash();
    expect(await heartbeatTraining(worker, lease, [epoch(2)])).toBe("cancel");
    expect(await finishTraining(worker, lease, LEARNED)).toBeNull();
    await restoreProject(owner, trashedProjectRef(world, project));
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await heartbeatTraining(worker, lease, [epoch(3)])).toBe("cancel");
    expect(await finishTraining(worker, lease, LEARNED)).toBeNull();
    expect(await claim(training)).toBeNull();
    expect(await prisma().training.findUnique({ where: { id: training.id } })).toMatchObject({
      status: "CANCELLED",
      epoch: 1,
    });
    expect(await models()).toBe(0);
  });

  test("a second delete at the same moment finds it in Trash and records nothing", async () => {
    const [first, second] = await raceAt(row(), [trash, trash]);
    expect(first).toMatchObject({ outcome: "trashed" });
    expect(second).toMatchObject({
      outcome: "already_in_trash",
      deletedAt: first.deletedAt,
      purgeAfter: first.purgeAfter,
    });
    expect(await auditedActions(world)).toHaveLength(1);
  });
});

describe("a version that is still being generated", () => {
  const facts = generatedFacts(20);
  let generating: { id: string; number: number };
  let lease: GeneratorLease;
  const trash = () => trashVersion(owner, versionRef(world, project, generating));
  beforeEach(async () => {
    generating = await createVersion(owner, { ...projectRef(world, project), name: "new", ...newVersion(20) });
    lease = await claimVersion(generating);
  });

  test("and becomes ready just before it goes to Trash waits there whole, and still counts", async () => {
    const [ready, trashed] = await raceAt(
      ["versions", generating],
      [() => completeGeneration(worker, lease, facts), trash],
    );
    expect(ready).toBe(true);
    expect(trashed).toMatchObject({ outcome: "trashed" });
    expect(await usedImages(world)).toBe(10 + 20);
    await checkInvariants(world.workspace.id, { createdImages: 30 });
  });

  test("and is trashed twice at once is cancelled once and gives back once", async () => {
    const trashes = await raceAt(["workspaces", world.workspace], [trash, trash]);
    expect(trashes.map((t) => t.outcome).sort()).toEqual(["already_in_trash", "trashed"]);
    expect(await usedImages(world)).toBe(10);
    await checkInvariants(world.workspace.id, { createdImages: 10 });
  });

  test("is not cancelled by a delete that is refused after all, because its project went to Trash first", async () => {
    const [outcome] = await raceAt(["workspaces", world.workspace], [() => outcomeOf(trash())], () =>
      trashProject(owner, projectRef(world, project)),
    );
    expect(outcome).toBe("project_in_trash");
    expect(await prisma().version.findUnique({ where: { id: generating.id } })).toMatchObject({
      status: "GENERATING",
      deletedAt: null,
    });
    expect(await usedImages(world)).toBe(10 + 20);
  });

  // The narrow path: the trash saw it generating, and while it goes to cancel that, the version becomes ready and a
  // training is being started on it. The trash has then to wait for the start and must see its training.
  test("and becomes ready and is trained while its trash is under way takes that training with it", async () => {
    const starter = await connectSecond();
    try {
      let trashed: ReturnType<typeof trash> | undefined;
      const holder = await connectSecond();
      try {
        await holder.query("begin");
        await holder.query("select id from workspaces where id = $1 for update", [world.workspace.id]);
        trashed = trash();
        await holder.untilWaiting(1);
        expect(await completeGeneration(worker, lease, facts)).toBe(true);
        await starter.query("begin");
        await starter.query("select id from versions where id = $1 for no key update", [generating.id]);
        await starter.query(
          "insert into trainings (id, workspace_id, version_id, number, model_type, epochs, created_by_id) values ('late', $1, $2, 1, 'digits', 1, 'x')",
          [world.workspace.id, generating.id],
        );
        await holder.query("commit");
        await holder.untilWaiting(1);
        await starter.query("commit");
      } finally {
        await holder.end();
      }
      expect(await trashed).toMatchObject({ outcome: "trashed", cancelledTrainings: ["1"] });
      expect(await statusOf("late")).toBe("CANCELLED");
      await checkInvariants(world.workspace.id, { createdImages: 30 });
    } finally {
      await starter.end();
    }
  });
});

describe("a version being restored while its project goes to Trash", () => {
  const restore = () => outcomeOf(restoreVersion(later(owner, DAY_MS), trashedVersionRef(world, project, version)));
  const trash = () => outcomeOf(trashProject(later(owner, DAY_MS), projectRef(world, project)));
  beforeEach(async () => {
    await trashVersion(owner, versionRef(world, project, version));
  });

  test.each([
    ["the project", () => ["projects", project] as Row],
    ["the version", () => ["versions", version] as Row],
  ])("wins when it comes first (meeting at %s), and comes back with the project", async (_at, row) => {
    expect(await raceAt(row(), [restore, trash])).toEqual(["restored", "trashed"]);
    await restoreProject(owner, trashedProjectRef(world, project));
    expect((await getProject(owner, projectRef(world, project))).versions.map((v) => v.id)).toEqual([version.id]);
  });

  test("is refused when the project comes first, and keeps its own date", async () => {
    expect(await raceAt(["projects", project], [trash, restore])).toEqual(["trashed", "parent_in_trash"]);
    expect((await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).deletedAt).toEqual(owner.now);
    await restoreProject(owner, trashedProjectRef(world, project));
    expect((await getProject(owner, projectRef(world, project))).versions).toEqual([]);
  });
});

test.each([
  [
    "version",
    () => trashVersion(owner, versionRef(world, project, version)),
    () => restoreVersion(owner, trashedVersionRef(world, project, version)),
    (): Row => ["versions", version],
  ],
  [
    "project",
    () => trashProject(owner, projectRef(world, project)),
    () => restoreProject(owner, trashedProjectRef(world, project)),
    (): Row => ["projects", project],
  ],
] as const)("two restores of a %s at once restore it once", async (_type, trash, restore, row) => {
  await trash();
  const both = await raceAt(row(), [restore, restore]);
  expect(both.map((r) => r.outcome)).toEqual(["restored", "already_active"]);
  expect(await auditedActions(world)).toHaveLength(2);
});

test("a version made while the latest one goes to Trash gets the next number, not the same one", async () => {
  let made: { number: number } | undefined;
  const [trashed] = await raceAt(
    ["versions", version],
    [() => trashVersion(owner, versionRef(world, project, version))],
    async () => {
      made = await createVersion(owner, { ...projectRef(world, project), name: "next", ...newVersion(1) });
    },
  );
  expect(trashed).toMatchObject({ outcome: "trashed", id: version.id });
  expect(made!.number).toBe(version.number + 1);
});

test("a version is not made in a project that goes to Trash at the same moment", async () => {
  const create = () =>
    outcomeOf(createVersion(owner, { ...projectRef(world, project), name: "next", ...newVersion(1) }));
  expect(
    await raceAt(["projects", project], [() => outcomeOf(trashProject(owner, projectRef(world, project))), create]),
  ).toEqual(["trashed", "in_trash"]);
  expect(await usedImages(world)).toBe(10);
});

test("two versions generated at once at the limit: one is refused, nothing overshoots", async () => {
  await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 25 } });
  const create = () =>
    outcomeOf(createVersion(owner, { ...projectRef(world, project), name: "next", ...newVersion(10) }));
  expect(await raceAt(["workspaces", world.workspace], [create, create])).toEqual(["done", "quota_exceeded"]);
  expect(await usedImages(world)).toBe(20);
});
