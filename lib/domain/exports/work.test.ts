import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  memberContext,
  outcomeOf,
  projectRef,
  trashedProjectRef,
  trashedVersionRef,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import {
  claimExport,
  completeExport,
  EXPORT_LEASE_MS,
  failExport,
  heartbeatExport,
  releaseExport,
  type ExportBuild,
} from "./work";
import { getExportFile, listExports, requestExport } from "./exports";
import { restoreProject, restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
let owner: Context;
let worker: Context;

beforeEach(async () => {
  await prisma().export.deleteMany(); // a worker takes every workspace's: none is left to the next test
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
  owner = await userContext(world);
  worker = await systemContext("downloads");
});

const folder = () => ({ ...versionRef(world, project, version), format: "FOLDER" as const });
const rows = () => prisma().export.findMany({ where: { versionId: version.id } });
const row = async () => (await rows())[0]!;
/** Lets the lease of whoever works on it run out. */
const passLease = () =>
  prisma().$executeRaw`update exports set lease_until = now() - interval '1 second' where status = 'RUNNING'`;

async function claimed(): Promise<ExportBuild> {
  await requestExport(owner, folder());
  const build = await claimExport(worker);
  if (!build) throw new Error("there was nothing to claim");
  return build;
}

describe("a build", () => {
  test("is one worker's alone, reports its progress, and ends with a download for every member", async () => {
    const { lease, ...build } = await claimed();
    expect(build).toMatchObject({
      format: "FOLDER",
      attempt: 1,
      manifestHash: version.manifestHash,
      workspaceSlug: world.workspace.slug,
      projectSlug: project.slug,
      versionNumber: version.number,
    });
    expect(await claimExport(worker)).toBeNull();
    expect(await heartbeatExport(worker, lease, 0.5)).not.toBeNull();
    expect(await heartbeatExport(worker, lease, 0.25)).not.toBeNull();
    expect(await listExports(owner, folder())).toMatchObject([{ status: "RUNNING", progress: 0.5 }, {}]); // never backwards
    expect(await outcomeOf(getExportFile(owner, folder()))).toBe("not_ready");
    expect(await completeExport(worker, lease, 5_000_000_000)).toBe("ready");
    expect(await requestExport(owner, folder())).toMatchObject({
      status: "READY",
      progress: 1,
      sizeBytes: 5_000_000_000,
    });
    expect(await getExportFile(await memberContext(world, "VIEWER"), folder())).toEqual({
      exportId: lease.exportId,
      attemptId: lease.leaseId,
      versionId: version.id,
      format: "FOLDER",
      sizeBytes: 5_000_000_000,
      projectSlug: project.slug,
      versionNumber: version.number,
    });
  });

  test("holds the right to write under its version as long as itself", async () => {
    const { lease } = await claimed();
    await heartbeatExport(worker, lease, 0);
    const [held] = await prisma().$queryRaw<
      { ms: number }[]
    >`select extract(epoch from until - now())::float8 * 1000 as ms from grants where id = ${lease.leaseId}`;
    expect(held!.ms).toBeGreaterThan(EXPORT_LEASE_MS - 5_000);
    expect(held!.ms).toBeLessThanOrEqual(EXPORT_LEASE_MS);
  });

  test("whose worker is lost goes to the next, and the first can then change nothing", async () => {
    const first = await claimed();
    await passLease();
    const second = await claimExport(worker);
    expect(second).toMatchObject({ attempt: 2, lease: { exportId: first.lease.exportId } });
    expect(await heartbeatExport(worker, first.lease, 0.9)).toBeNull();
    expect(await completeExport(worker, first.lease, 1)).toBe("lost");
    expect(await failExport(worker, first.lease, { reason: "failed", again: false })).toBe(false);
    await releaseExport(worker, first.lease);
    expect(await row()).toMatchObject({ status: "RUNNING", leaseId: second!.lease.leaseId, progress: 0 });
    expect(await completeExport(worker, second!.lease, 2)).toBe("ready");
    expect(await completeExport(worker, second!.lease, 3)).toBe("lost");
    expect(await row()).toMatchObject({ sizeBytes: 2n });
  });

  test("that loses its worker three times is given up, with the reason", async () => {
    for (const attempt of [1, 2, 3]) {
      expect(attempt === 1 ? await claimed() : await claimExport(worker)).toMatchObject({ attempt });
      await passLease();
    }
    expect(await claimExport(worker)).toBeNull();
    await expect(requestExport(owner, folder())).rejects.toMatchObject({
      code: "export_failed",
      details: { reason: "worker_lost" },
    });
  });

  test("that goes wrong is tried again once its lease is over, and fails the third time", async () => {
    for (const last of [false, false, true]) {
      const { lease } = (await claimExport(worker)) ?? (await claimed());
      expect(await failExport(worker, lease, { reason: "failed", again: true })).toBe(last);
      expect(await claimExport(worker)).toBeNull(); // not at once
      await passLease();
    }
    expect(await row()).toMatchObject({ status: "FAILED", failureReason: "failed", attempts: 3 });
  });

  test("that is given back may be taken at once, and was no attempt", async () => {
    const { lease } = await claimed();
    await releaseExport(worker, lease);
    expect(await row()).toMatchObject({ status: "QUEUED", attempts: 0, progress: 0 });
    expect(await claimExport(worker)).toMatchObject({ attempt: 1 });
  });

  test.each([
    [
      "version",
      () => trashVersion(owner, versionRef(world, project, version)),
      () => restoreVersion(owner, trashedVersionRef(world, project, version)),
    ],
    [
      "project",
      () => trashProject(owner, projectRef(world, project)),
      () => restoreProject(owner, trashedProjectRef(world, project)),
    ],
  ])("pauses while its %s is in Trash, and goes on after the restore", async (_what, trash, restore) => {
    const { lease } = await claimed();
    await trash();
    expect(await heartbeatExport(worker, lease, 0.5)).toBeNull();
    expect(await completeExport(worker, lease, 1)).toBe("stopped");
    await releaseExport(worker, lease);
    expect(await claimExport(worker)).toBeNull();
    await restore();
    const resumed = await claimExport(worker);
    expect(await heartbeatExport(worker, resumed!.lease, 0.5)).not.toBeNull();
    expect(await completeExport(worker, resumed!.lease, 1)).toBe("ready");
  });

  test("cannot end between a trash that it waits for and the rows of that", async () => {
    const { lease } = await claimed();
    const [, outcome] = await raceAt(
      ["versions", version],
      [() => trashVersion(owner, versionRef(world, project, version)), () => completeExport(worker, lease, 1)],
    );
    expect(outcome).toBe("stopped");
    expect(await row()).toMatchObject({ status: "RUNNING", sizeBytes: 0n });
  });

  test("is taken by one of two workers who come at once", async () => {
    await requestExport(owner, folder());
    const [one, two] = await Promise.all([claimExport(worker), claimExport(worker)]);
    expect([one, two].filter((build) => build !== null)).toHaveLength(1);
  });
});
