import { beforeEach, describe, expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { buildImages, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  allToTest,
  auditedActions,
  claimVersion,
  generatedFacts,
  newVersion,
  outcomeOf,
  planOf,
  projectRef,
  trashedVersionRef,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import { createVersion, type PlanVersion } from "./generation";
import { cancelVersionGeneration, retryVersionGeneration } from "./generation-end";
import { completeGeneration, failGeneration, heartbeatGeneration, releaseGeneration } from "./generation-work";
import { restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";
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
const addImages = (count: number) => buildImages(project, count);

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
    ]).toEqual([null, false]);
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
