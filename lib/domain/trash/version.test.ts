import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
  buildProject,
  buildTraining,
  buildUser,
  buildVersion,
  buildWorld,
  userContext,
  type World,
} from "@/lib/testing/builders";
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
  RETENTION_MS,
  trainingRef,
  trashedVersionRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import { completeGeneration, createVersion, failGeneration, getVersion } from "@/lib/domain/versions";
import { claimTraining, getServingModel, startTraining } from "@/lib/domain/trainings";
import { getProject, getWorkspace } from "@/lib/domain/projects";
import { listTrash, restoreVersion, trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";

const NOON = new Date("2026-05-01T12:00:00.123Z");

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world, { now: NOON });
});

const versionRow = (id: string) => prisma().version.findUniqueOrThrow({ where: { id } });
const projectRow = (id: string) => prisma().project.findUniqueOrThrow({ where: { id } });
const trainingRow = (id: string) => prisma().training.findUniqueOrThrow({ where: { id } });
const everything = (versionId: string) =>
  prisma().version.findUniqueOrThrow({
    where: { id: versionId },
    include: { trainings: { include: { models: true }, orderBy: { number: "asc" } } },
  });

describe("a version", () => {
  test("moved to Trash leaves the page, every count and its address at once, and is restored exactly as it was", async () => {
    const version = await buildVersion(world, project, { images: 7 });
    const training = await buildTraining(world, version, { status: "FINISHED" });
    await buildModel(world, training);
    const ref = versionRef(world, project, version);
    const before = {
      rows: await everything(version.id),
      view: await getVersion(owner, ref),
      project: await getProject(owner, ref),
    };

    const trashed = await trashVersion(owner, ref);
    expect(trashed).toEqual({
      outcome: "trashed",
      id: version.id,
      name: "v1",
      deletedAt: NOON,
      purgeAfter: new Date(NOON.getTime() + RETENTION_MS),
      cancelledTrainings: [],
    });
    expect((await getProject(owner, ref)).versions).toEqual([]);
    expect((await getWorkspace(owner, ref.workspaceSlug)).projects[0]!.versions).toBe(0);
    await expect(getVersion(owner, ref)).rejects.toMatchObject({
      code: "in_trash",
      details: { restorableUntil: "2026-05-31T12:00:00.123Z" },
    });
    await expect(startTraining(owner, { ...ref, epochs: 1 })).rejects.toMatchObject({ code: "in_trash" });
    expect(await usedImages(world)).toBe(7);

    expect(await restoreVersion(later(owner, DAY_MS), trashedVersionRef(world, project, version))).toEqual({
      outcome: "restored",
      id: version.id,
      name: "v1",
    });
    expect({
      rows: await everything(version.id),
      view: await getVersion(owner, ref),
      project: await getProject(owner, ref),
    }).toEqual(before);
    await checkInvariants(world.workspace.id);
  });

  test("deleted again keeps its dates and who deleted it, and nothing is recorded twice", async () => {
    const version = await buildVersion(world, project);
    const first = await trashVersion(owner, versionRef(world, project, version));
    const other = await userContext(world, { user: await buildUser(), now: new Date(NOON.getTime() + 5 * DAY_MS) });
    const row = await versionRow(version.id);

    const again = await trashVersion(other, versionRef(world, project, version));
    expect(again).toEqual({
      outcome: "already_in_trash",
      id: version.id,
      name: "v1",
      deletedAt: first.deletedAt,
      purgeAfter: first.purgeAfter,
    });
    expect(await versionRow(version.id)).toEqual(row);
    expect(row.deletedById).toBe(world.owner.id);
    expect(await auditedActions(world)).toEqual(["version.trashed"]);
  });

  test("restored again is already active, and nothing is recorded twice", async () => {
    const version = await buildVersion(world, project);
    expect(await restoreVersion(owner, trashedVersionRef(world, project, version))).toEqual({
      outcome: "already_active",
      id: version.id,
      name: "v1",
    });
    await trashVersion(owner, versionRef(world, project, version));
    await restoreVersion(later(owner, 1), trashedVersionRef(world, project, version));
    expect(await outcomeOf(restoreVersion(later(owner, 2), trashedVersionRef(world, project, version)))).toBe(
      "already_active",
    );
    expect(await auditedActions(world)).toEqual(["version.trashed", "version.restored"]);
  });

  test("takes its queued and running trainings out in the same act, and they stay cancelled after the restore", async () => {
    const version = await buildVersion(world, project);
    const trainings: Awaited<ReturnType<typeof buildTraining>>[] = [];
    for (const status of ["QUEUED", "RUNNING", "FINISHED", "FAILED", "STOPPED"] as const)
      trainings.push(await buildTraining(world, version, { status }));

    expect(await trashVersion(owner, versionRef(world, project, version))).toMatchObject({
      outcome: "trashed",
      cancelledTrainings: ["1", "2"],
    });
    const cancelled = {
      status: "CANCELLED",
      statusReason: "version moved to Trash",
      endedAt: NOON,
      leaseId: null,
      leaseUntil: null,
      deletedAt: null,
    };
    const after = await Promise.all(trainings.map(({ id }) => trainingRow(id)));
    expect(after.slice(0, 2)).toEqual([expect.objectContaining(cancelled), expect.objectContaining(cancelled)]);
    expect(after.slice(2)).toEqual(trainings.slice(2));
    const [event] = await prisma().auditEvent.findMany({ where: { targetId: version.id } });
    expect(event).toMatchObject({
      action: "version.trashed",
      targetName: "v1",
      details: { cancelledTrainings: ["1", "2"] },
      actorId: world.owner.id,
      at: NOON,
    });

    await restoreVersion(later(owner, DAY_MS), trashedVersionRef(world, project, version));
    expect(await Promise.all(trainings.map(({ id }) => trainingRow(id)))).toEqual(after);
    expect(
      await claimTraining(
        { ...owner, actor: { type: "SYSTEM", job: "train", memberships: [] } },
        { trainingId: trainings[0]!.id },
      ),
    ).toBeNull();
  });

  test("still being generated has its generation cancelled, and gives back what it reserved exactly once", async () => {
    await buildVersion(world, project, { images: 5 });
    const generator = await systemContext("generate", { now: NOON });
    const { id, number } = await createVersion(owner, {
      ...projectRef(world, project),
      name: "half",
      ...newVersion(30),
    });
    const lease = await claimVersion({ id });
    expect(await usedImages(world)).toBe(35);

    expect(await outcomeOf(trashVersion(owner, versionRef(world, project, { number })))).toBe("trashed");
    expect(await usedImages(world)).toBe(5);
    await failGeneration(generator, lease, { reason: "internal" });
    expect(await completeGeneration(generator, lease, generatedFacts(30))).toBe(false);
    expect(await outcomeOf(trashVersion(owner, versionRef(world, project, { number })))).toBe("already_in_trash");
    expect(await usedImages(world)).toBe(5);

    // never a half version shown as complete
    expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, { number })))).toBe("restored");
    expect(await versionRow(id)).toMatchObject({ status: "FAILED", failureReason: "trashed", countedImages: 0 });
    expect(await outcomeOf(getVersion(owner, versionRef(world, project, { number })))).toBe("generation_failed");
    await checkInvariants(world.workspace.id, { createdImages: 5 });
  });

  test("deleted and restored a hundred times has drifted in nothing", async () => {
    const version = await buildVersion(world, project, { images: 7 });
    const training = await buildTraining(world, version, { status: "FINISHED" });
    const model = await buildModel(world, training);
    const before = { version: await everything(version.id), project: await projectRow(project.id) };
    for (let i = 0; i < 100; i++) {
      expect(await outcomeOf(trashVersion(later(owner, 2 * i), versionRef(world, project, version)))).toBe("trashed");
      expect(await outcomeOf(restoreVersion(later(owner, 2 * i + 1), trashedVersionRef(world, project, version)))).toBe(
        "restored",
      );
    }
    expect({ version: await everything(version.id), project: await projectRow(project.id) }).toEqual(before);
    expect(await usedImages(world)).toBe(7);
    expect(await auditedActions(world)).toEqual(
      Array.from({ length: 100 }, () => ["version.trashed", "version.restored"]).flat(),
    );
    expect(await getServingModel(owner, { workspaceSlug: world.workspace.slug, modelSlug: model.slug })).toMatchObject({
      id: model.id,
    });
  });

  test("that does not exist, or lies in another workspace, is not found", async () => {
    const foreign = await buildWorld();
    const foreignProject = await buildProject(foreign);
    const version = await buildVersion(foreign, foreignProject);
    const stranger = {
      workspaceSlug: world.workspace.slug,
      projectSlug: foreignProject.slug,
      projectId: foreignProject.id,
      number: version.number,
    };
    expect(await outcomeOf(trashVersion(owner, versionRef(world, project, { number: 99 })))).toBe("not_found");
    expect(await outcomeOf(trashVersion(owner, stranger))).toBe("not_found");
    expect(await outcomeOf(restoreVersion(owner, stranger))).toBe("not_found");
    expect(await outcomeOf(trashVersion(owner, { ...stranger, workspaceSlug: foreign.workspace.slug }))).toBe(
      "not_found",
    );
    expect(await versionRow(version.id)).toMatchObject({ deletedAt: null });
  });
});

// Instants around what a calendar could get wrong, on servers whose clocks change: both switches of daylight saving, 29 February, a year's end.
describe.each(["Europe/Berlin", "America/New_York", "UTC"])("on a server in the zone %s", (zone) => {
  const before = process.env["TZ"];
  beforeAll(() => void (process.env["TZ"] = zone));
  afterAll(() => void (before === undefined ? delete process.env["TZ"] : (process.env["TZ"] = before)));

  test.each([
    "2026-03-29T00:59:59.999Z",
    "2026-10-01T00:30:00.001Z",
    "2026-03-08T06:59:59.500Z",
    "2026-10-25T01:00:00.000Z",
    "2026-11-01T05:30:00.000Z",
    "2028-01-30T23:59:59.999Z",
    "2028-02-29T12:00:00.007Z",
    "2027-12-31T23:59:59.999Z",
  ])("what is deleted at %s may be purged exactly 30 × 24 h later, to the millisecond", async (instant) => {
    const now = new Date(instant);
    const at = { ...owner, now };
    const version = await buildVersion(world, project);
    const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
    const answers = [
      await trashTraining(at, trainingRef(world, training)),
      await trashVersion(at, versionRef(world, project, version)),
      await trashProject(at, projectRef(world, project)),
    ];
    const rows = [await trainingRow(training.id), await versionRow(version.id), await projectRow(project.id)];
    for (const { deletedAt, purgeAfter } of [...answers, ...rows]) {
      expect(deletedAt?.getTime()).toBe(now.getTime());
      expect(purgeAfter!.getTime() - deletedAt!.getTime()).toBe(2_592_000_000);
    }
  });
});

test("what a deleted person moved to Trash is listed without a name and can be restored", async () => {
  const leaver = await buildUser({ name: "Grace" });
  const version = await buildVersion(world, project);
  await trashVersion(await userContext(world, { user: leaver, now: NOON }), versionRef(world, project, version));
  const list = async () => (await listTrash(owner, { workspaceSlug: world.workspace.slug })).items[0];
  expect(await list()).toMatchObject({ deletedById: leaver.id, deletedByName: "Grace" });
  await prisma().user.delete({ where: { id: leaver.id } });
  expect(await list()).toMatchObject({ deletedById: leaver.id, deletedByName: null });
  expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, version)))).toBe("restored");
});
