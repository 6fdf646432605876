import { beforeEach, describe, expect, test } from "vitest";
import { prisma, query } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  claimVersion,
  generatedFacts,
  later,
  newVersion,
  projectRef,
  trashedProjectRef,
  usedImages,
} from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import { createVersion } from "./generation";
import {
  claimGeneration,
  completeGeneration,
  failGeneration,
  heartbeatGeneration,
  releaseGeneration,
} from "./generation-work";
import { restoreProject, trashProject } from "@/lib/domain/trash";

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
  await query(
    {
      text: "update workspaces set used_images = (select coalesce(sum(counted_images), 0) from versions where workspace_id = workspaces.id)",
    },
    [],
  );
  await query({ text: "delete from generation_sources" }, []);
  world = await buildWorld({ imageQuota: 100 });
  project = await buildProject(world);
  owner = await userContext(world);
  worker = await systemContext("generate");
});

const ref = () => projectRef(world, project);
const create = (images = 20) => createVersion(owner, { ...ref(), ...newVersion(images) });
const row = (version: { id: string }) => prisma().version.findUniqueOrThrow({ where: { id: version.id } });
const wakeUps = async () =>
  (
    await query<{ count: number }>(
      { text: "select count(*)::int as count from pgboss.job where name = 'generate-versions' and state = 'created'" },
      [],
    )
  )[0]!.count;
const endLease = (version: { id: string }) =>
  query({ text: "update versions set generator_until = now() - interval '1 second' where id = $1" }, [version.id]);

const failures = () =>
  prisma().auditEvent.findMany({ where: { workspaceId: world.workspace.id, action: "version.generation_failed" } });

describe("a worker's lease", () => {
  test("is had by one worker at a time, oldest version first, and ends when it is not renewed", async () => {
    const [first, second] = [await create(1), await createVersion(later(owner, 1), { ...ref(), ...newVersion(1) })];
    const [one, two] = [await claimGeneration(worker), await claimGeneration(worker)];
    expect([one?.lease.versionId, two?.lease.versionId, await claimGeneration(worker)]).toEqual([
      first.id,
      second.id,
      null,
    ]);
    expect(await heartbeatGeneration(worker, one!.lease, 0.25)).not.toBeNull();

    await endLease(first);
    const taken = await claimGeneration(worker);
    expect(taken?.lease.versionId).toBe(first.id);
    expect([
      await heartbeatGeneration(worker, one!.lease, 0.5),
      await completeGeneration(worker, one!.lease, generatedFacts(1)),
    ]).toEqual([null, false]);
    await failGeneration(worker, one!.lease, { reason: "internal" }); // not its to fail
    expect(await row(first)).toMatchObject({ status: "GENERATING", progress: 0.25 });
    expect(await completeGeneration(worker, taken!.lease, generatedFacts(1))).toBe(true);
    expect(await row(first)).toMatchObject({ status: "READY", generatorLeaseId: null });
  });

  test("lost three times without getting on fails the version, and what was reserved is given back", async () => {
    const version = await create();
    for (let attempt = 1; attempt <= 3; attempt++) {
      const lease = await claimVersion(version);
      expect(await heartbeatGeneration(worker, lease, 0)).not.toBeNull();
      await endLease(version);
    }
    expect(await claimGeneration(worker)).toBeNull();
    expect(await row(version)).toMatchObject({ status: "FAILED", failureReason: "worker_lost", countedImages: 0 });
    expect(await usedImages(world)).toBe(0);
    expect(await failures()).toMatchObject([
      { targetId: version.id, actorType: "SYSTEM", details: { reason: "worker_lost" } },
    ]);
  });

  test("that fails is in the log once, with why it did", async () => {
    const version = await create();
    const lease = await claimVersion(version);
    for (let i = 0; i < 2; i++) await failGeneration(worker, lease, { reason: "unreadable_image", detail: "a.png" });
    expect(await failures()).toMatchObject([
      { targetId: version.id, targetName: version.name, details: { reason: "unreadable_image", detail: "a.png" } },
    ]);
  });

  test("lost with progress, or given back, counts as no lost attempt; progress never falls", async () => {
    const version = await create();
    for (let attempt = 1; attempt <= 5; attempt++) {
      const lease = await claimVersion(version);
      expect(await heartbeatGeneration(worker, lease, attempt / 10)).not.toBeNull();
      expect(await heartbeatGeneration(worker, lease, 0)).not.toBeNull();
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
    ]).toEqual([null, false]);
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
