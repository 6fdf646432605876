import { beforeEach, describe, expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  auditedActions,
  claimVersion,
  generatedFacts,
  later,
  memberContext,
  newVersion,
  outcomeOf,
  planOf,
  projectRef,
  trashedProjectRef,
  trashedVersionRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import { createVersion, getPlanningFacts, type PlanVersion } from "./generation";
import { cancelVersionGeneration, retryVersionGeneration } from "./generation-end";
import {
  claimGeneration,
  completeGeneration,
  failGeneration,
  forgetGenerationSources,
  heartbeatGeneration,
  listGenerationSources,
  listUntidyVersions,
  releaseGeneration,
} from "./generation-work";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
import { getVersion } from "./versions";
import { getVersionsPage } from "./page";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  await query(
    {
      text: "update versions set status = 'FAILED', counted_images = 0, generator_lease_id = null, generator_until = null where status = 'GENERATING'",
    },
    [],
  ); // of earlier tests
  await query({ text: "delete from generation_sources" }, []);
  world = await buildWorld({ imageQuota: 100 });
  project = await buildProject(world);
  owner = await userContext(world);
  worker = await systemContext("generate");
});

const ref = () => projectRef(world, project);
const create = (images = 20) => createVersion(owner, { ...ref(), ...newVersion(images) });
const at = (version: { number: number }) => versionRef(world, project, version);
const row = (version: { id: string }) => prisma().version.findUniqueOrThrow({ where: { id: version.id } });
const sourcesOf = (version: { id: string }) =>
  prisma().generationSource.findMany({ where: { versionId: version.id }, orderBy: { imageId: "asc" } });
const wakeUps = async () =>
  (
    await query<{ count: number }>(
      { text: "select count(*)::int as count from pgboss.job where name = 'generate-versions' and state = 'created'" },
      [],
    )
  )[0]!.count;
const endLease = (version: { id: string }) =>
  query({ text: "update versions set generator_until = now() - interval '1 second' where id = $1" }, [version.id]);

async function addImages(count: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  await prisma().image.createMany({
    data: ids.map((id, i) => ({
      id,
      projectId: project.id,
      fileName: `${i}.png`,
      sha256: id,
      contentType: "image/png",
      sizeBytes: 10,
      width: 8,
      height: 8,
      split: "TRAIN" as const,
      label: String(i),
    })),
  });
  return ids;
}

/** Everything once, and moved to another split. */
const allToTest: PlanVersion = (images) => ({
  sources: images.map((image) => ({ ...image, split: "TEST" as const })),
  images: images.length,
});

describe("a new version", () => {
  test("is called after the instant and has a seed of 31 bits, unless told otherwise", async () => {
    const now = new Date("2026-05-01T23:07:59.999Z");
    const { seed: _, ...unseeded } = newVersion(1);
    const made = await createVersion({ ...owner, now }, { ...ref(), ...unseeded });
    expect(made).toMatchObject({ number: 1, name: "2026-05-01 23:07", images: 1 });
    const { seed } = await row(made);
    expect(seed >= 0 && seed < 2 ** 31).toBe(true);
    expect(await outcomeOf(createVersion(owner, { ...ref(), ...newVersion(1), name: " " }))).toBe("invalid_input");
    expect(await row(await createVersion(owner, { ...ref(), ...newVersion(1), name: "mine", seed: 7 }))).toMatchObject({
      name: "mine",
      seed: 7,
      number: 2,
    });
  });

  test("keeps what was planned, in the order of the images' ids, and wakes a worker, all in one", async () => {
    const ids = await addImages(3);
    const before = await wakeUps();
    const splits = { train: 0, valid: 0, test: 100 };
    const version = await createVersion(owner, { ...ref(), ...newVersion(0), splits, plan: allToTest });
    expect((await sourcesOf(version)).map(({ imageId, split, label }) => [imageId, split, label])).toEqual(
      ids.toSorted().map((id) => [id, "TEST", String(ids.indexOf(id))]),
    );
    expect(await row(version)).toMatchObject({ status: "GENERATING", countedImages: 3, splitPercents: splits });
    expect(await wakeUps()).toBe(before + 1);
    expect(await claimGeneration(worker, { versionId: version.id })).toMatchObject({
      splits,
      images: 3,
      type: "CLASSIFICATION",
      seed: 1,
    });
    expect(
      (await listGenerationSources(worker, version.id, { after: ids.toSorted()[0]!, limit: 1 })).map(
        ({ id, contentType }) => [id, contentType],
      ),
    ).toEqual([[ids.toSorted()[1], "image/png"]]);
  });

  test("is made of the images as they are when its turn comes, and an upload waits until it is planned", async () => {
    const upload = async () => {
      const second = await connectSecond();
      try {
        await second.query("begin");
        await second.query("select id from projects where id = $1 for share", [project.id]);
        await addImages(1);
        await second.query("commit");
      } finally {
        await second.end();
      }
    };
    await addImages(2);
    const [made] = await raceAt(
      ["projects", project],
      [() => createVersion(owner, { ...ref(), ...newVersion(0), plan: allToTest }), upload],
    );
    expect([made.images, await prisma().image.count({ where: { projectId: project.id } })]).toEqual([2, 3]);
  });

  test("is refused when the project has no images, and when the settings leave none", async () => {
    await expect(create(0)).rejects.toMatchObject({
      code: "nothing_to_generate",
      publicMessage: expect.stringContaining("has no images"),
    });
    await addImages(2);
    await expect(create(0)).rejects.toMatchObject({
      code: "nothing_to_generate",
      publicMessage: expect.stringContaining("None of the 2 images"),
    });
    expect([await usedImages(world), await prisma().version.count({ where: { projectId: project.id } })]).toEqual([
      0, 0,
    ]);
  });

  test("over the quota is refused with the figures and what sits in Trash, and draws no number", async () => {
    await trashVersion(owner, at(await buildVersion(world, project, { images: 30 })));
    await expect(create(71)).rejects.toMatchObject({
      code: "quota_exceeded",
      details: { needed: 71, free: 70, quota: 100, inTrash: 30 },
    });
    expect((await create(70)).number).toBe(2);
    await expect(create(1)).rejects.toMatchObject({ details: { free: 0 } });
    await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 50 } }); // lowered below what is used
    await expect(create(1)).rejects.toMatchObject({ details: { free: 0, quota: 50 } });
    expect(await getPlanningFacts(owner, ref())).toEqual({ images: [], free: 0, quota: 50, inTrash: 30 });
  });

  test("is not for viewers", async () => {
    const viewer = await memberContext(world, "VIEWER");
    const version = await create();
    expect(await outcomeOf(createVersion(viewer, { ...ref(), ...newVersion(1) }))).toBe("forbidden");
    expect(await outcomeOf(cancelVersionGeneration(viewer, at(version)))).toBe("forbidden");
    expect(await outcomeOf(retryVersionGeneration(viewer, at(version), planOf(1)))).toBe("forbidden");
    expect(await outcomeOf(getPlanningFacts(viewer, ref()))).toBe("forbidden");
  });
});

describe("cancelled", () => {
  test("it has failed, counts nothing, and cannot be completed; repeating does nothing", async () => {
    await addImages(2);
    const version = await createVersion(owner, { ...ref(), ...newVersion(0), plan: allToTest });
    const lease = await claimVersion(version);
    expect(await cancelVersionGeneration(owner, at(version))).toEqual({
      outcome: "cancelled",
      id: version.id,
      name: version.name,
    });
    expect(await cancelVersionGeneration(owner, at(version))).toMatchObject({ outcome: "not_generating" });
    expect([await usedImages(world), await sourcesOf(version)]).toEqual([0, []]);
    expect([
      await heartbeatGeneration(worker, lease, 0.5),
      await completeGeneration(worker, lease, generatedFacts(2)),
    ]).toEqual([false, false]);
    await releaseGeneration(worker, lease);
    await failGeneration(worker, lease, { reason: "internal" });
    expect(await row(version)).toMatchObject({
      status: "FAILED",
      failureReason: "cancelled",
      countedImages: 0,
      generatorLeaseId: null,
    });
    await expect(getVersion(owner, at(version))).rejects.toMatchObject({
      code: "generation_failed",
      publicMessage: expect.stringContaining("it was cancelled"),
    });
    expect((await getVersionsPage(owner, { ...ref(), number: 1 })).chosen).toMatchObject({
      failureReason: "cancelled",
      failureDetail: null,
    });
    expect(await auditedActions(world)).toEqual(["version.created", "version.generation_cancelled"]);
    await checkInvariants(world.workspace.id, { createdImages: 0 });
  });

  test("twice at once it gives back once", async () => {
    const version = await create();
    const both = await raceAt(
      ["workspaces", world.workspace],
      [() => cancelVersionGeneration(owner, at(version)), () => cancelVersionGeneration(owner, at(version))],
    );
    expect([both.map(({ outcome }) => outcome), await usedImages(world)]).toEqual([["cancelled", "not_generating"], 0]);
  });

  test("too late, or where it cannot be seen, it is refused", async () => {
    const ready = await buildVersion(world, project);
    expect(await outcomeOf(cancelVersionGeneration(owner, at(ready)))).toBe("not_generating");
    await trashVersion(owner, at(ready));
    expect(await outcomeOf(cancelVersionGeneration(owner, at(ready)))).toBe("in_trash");
    expect(await outcomeOf(cancelVersionGeneration(owner, at({ number: 99 })))).toBe("not_found");
  });
});

describe("tried again", () => {
  test("a failed version is planned anew with its own settings, under its own number; repeating reserves nothing twice", async () => {
    await addImages(2);
    const version = await createVersion(owner, { ...ref(), ...newVersion(0), name: "mine", seed: 5, plan: allToTest });
    await failGeneration(worker, await claimVersion(version), { reason: "unreadable_image", detail: "0.png" });
    expect(await row(version)).toMatchObject({
      status: "FAILED",
      failureReason: "unreadable_image",
      failureDetail: "0.png",
    });
    await addImages(1);

    const settings: unknown[] = [];
    const plan: PlanVersion = (images, given) => (settings.push(given), allToTest(images, given));
    expect(await retryVersionGeneration(owner, at(version), plan)).toEqual({
      outcome: "retried",
      id: version.id,
      name: "mine",
    });
    expect(settings).toEqual([{ seed: 5, preprocessing: {}, augmentation: {}, splits: null }]);
    expect(await row(version)).toMatchObject({
      status: "GENERATING",
      failureReason: null,
      failureDetail: null,
      progress: 0,
      generatorAttempts: 0,
      countedImages: 3,
      number: 1,
    });
    expect(await sourcesOf(version)).toHaveLength(3);
    expect(await outcomeOf(retryVersionGeneration(owner, at(version), plan))).toBe("already_generating");
    expect(await usedImages(world)).toBe(3);

    expect(await completeGeneration(worker, await claimVersion(version), generatedFacts(3))).toBe(true);
    expect(await outcomeOf(retryVersionGeneration(owner, at(version), plan))).toBe("already_ready");
    await checkInvariants(world.workspace.id, { createdImages: 3 });
  });

  test("it needs the quota like a new one, is not done in Trash, and twice at once is done once", async () => {
    const version = await create(20);
    await cancelVersionGeneration(owner, at(version));
    const retry = (images: number) => outcomeOf(retryVersionGeneration(owner, at(version), planOf(images)));
    expect([await retry(101), await retry(0)]).toEqual(["quota_exceeded", "nothing_to_generate"]);
    await trashVersion(owner, at(version));
    expect(await retry(1)).toBe("in_trash");
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await raceAt(["workspaces", world.workspace], [() => retry(60), () => retry(60)])).toEqual([
      "retried",
      "already_generating",
    ]);
    expect(await usedImages(world)).toBe(60);
    expect(await raceAt(["projects", project], [() => outcomeOf(trashProject(owner, ref())), () => retry(1)])).toEqual([
      "trashed",
      "in_trash",
    ]);
  });
});

describe("a worker's lease", () => {
  test("is had by one worker at a time, oldest version first, and ends when it is not renewed", async () => {
    const [first, second] = [await create(1), await createVersion(later(owner, 1), { ...ref(), ...newVersion(1) })];
    const [one, two] = [await claimGeneration(worker), await claimGeneration(worker)];
    expect([one?.lease.versionId, two?.lease.versionId, await claimGeneration(worker)]).toEqual([
      first.id,
      second.id,
      null,
    ]);
    expect(await heartbeatGeneration(worker, one!.lease, 0.25)).toBe(true);

    await endLease(first);
    const taken = await claimGeneration(worker);
    expect(taken?.lease.versionId).toBe(first.id);
    expect([
      await heartbeatGeneration(worker, one!.lease, 0.5),
      await completeGeneration(worker, one!.lease, generatedFacts(1)),
    ]).toEqual([false, false]);
    await failGeneration(worker, one!.lease, { reason: "internal" }); // not its to fail
    expect(await row(first)).toMatchObject({ status: "GENERATING", progress: 0.25 });
    expect(await completeGeneration(worker, taken!.lease, generatedFacts(1))).toBe(true);
    expect(await row(first)).toMatchObject({ status: "READY", writersUntil: null, generatorLeaseId: null });
  });

  test("lost three times without getting on fails the version, and what was reserved is given back", async () => {
    const version = await create();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const lease = await claimVersion(version);
      expect(await heartbeatGeneration(worker, lease, 0)).toBe(true);
      await endLease(version);
    }
    expect(await claimGeneration(worker)).toBeNull();
    expect(await row(version)).toMatchObject({ status: "FAILED", failureReason: "worker_lost", countedImages: 0 });
    expect(await usedImages(world)).toBe(0);
  });

  test("lost with progress, or given back, counts as no lost attempt; progress never falls", async () => {
    const version = await create();
    for (let attempt = 1; attempt <= 5; attempt++) {
      const lease = await claimVersion(version);
      expect(await heartbeatGeneration(worker, lease, attempt / 10)).toBe(true);
      expect(await heartbeatGeneration(worker, lease, 0)).toBe(true);
      expect(await row(version)).toMatchObject({ progress: attempt / 10, generatorAttempts: 0 });
      await endLease(version);
    }
    for (let attempt = 1; attempt <= 5; attempt++) {
      const before = await wakeUps();
      await releaseGeneration(worker, await claimVersion(version));
      expect(await wakeUps()).toBe(before + 1);
    }
    expect(await row(version)).toMatchObject({ status: "GENERATING", generatorLeaseId: null });
  });

  test("is refused while the project is in Trash, which pauses its versions; they go on after the restore, and stay reserved", async () => {
    const version = await create();
    const lease = await claimVersion(version);
    await trashProject(owner, ref());
    expect([
      await heartbeatGeneration(worker, lease, 0.5),
      await completeGeneration(worker, lease, generatedFacts(20)),
    ]).toEqual([false, false]);
    await releaseGeneration(worker, lease);
    expect([await claimGeneration(worker), await usedImages(world)]).toEqual([null, 20]);

    const before = await wakeUps();
    await restoreProject(owner, trashedProjectRef(world, project));
    expect(await wakeUps()).toBe(before + 1);
    expect(await completeGeneration(worker, await claimVersion(version), generatedFacts(20))).toBe(true);
  });

  test("a restore of a project in which nothing is generated wakes nobody", async () => {
    await buildVersion(world, project);
    await trashProject(owner, ref());
    const before = await wakeUps();
    await restoreProject(owner, trashedProjectRef(world, project));
    expect(await wakeUps()).toBe(before);
  });

  test("does not make a version ready that has other images than were reserved", async () => {
    const version = await create(20);
    const lease = await claimVersion(version);
    await expect(completeGeneration(worker, lease, generatedFacts(19))).rejects.toThrow("versions_ready_whole");
    expect(await row(version)).toMatchObject({ status: "GENERATING" });
  });
});

test("a ready version is untidy until its sources are forgotten", async () => {
  await addImages(2);
  const version = await createVersion(owner, { ...ref(), ...newVersion(0), plan: allToTest });
  expect(await listUntidyVersions(worker)).toEqual([]);
  await completeGeneration(worker, await claimVersion(version), generatedFacts(2));
  expect(await listUntidyVersions(worker)).toEqual([version.id]);
  await forgetGenerationSources(worker, version.id);
  expect(await listUntidyVersions(worker)).toEqual([]);
});
