import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import type { ProjectType } from "@/lib/platform/generated/enums";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import {
  auditedActions,
  keyContext,
  later,
  memberContext,
  outcomeOf,
  projectRef,
  trashedVersionRef,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt } from "@/lib/testing/race";
import { systemContext, type Context } from "@/lib/domain/context";
import { claimExport, completeExport, failExport, type ExportBuild } from "./work";
import { FORMATS_OF_TYPE } from "./formats";
import { getLinkedExport, listExports, remakeExport, requestExport } from "./exports";
import { restoreVersion, trashProject, trashVersion } from "@/lib/domain/trash";

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
const wakeUps = async () =>
  (
    await prisma().$queryRaw<
      { count: number }[]
    >`select count(*)::int as count from pgboss.job where name = 'build-exports'`
  )[0]!.count;
async function claimed(): Promise<ExportBuild> {
  await requestExport(owner, folder());
  const build = await claimExport(worker);
  if (!build) throw new Error("there was nothing to claim");
  return build;
}

describe("a request", () => {
  test("queues a download once, however often and by whom it is made", async () => {
    const before = await wakeUps();
    const first = await requestExport(owner, folder());
    expect(first).toMatchObject({ format: "FOLDER", status: "QUEUED", progress: 0, sizeBytes: 0 });
    for (const ctx of [
      owner,
      await memberContext(world, "VIEWER"),
      await keyContext(world, { scopes: ["version:read"] }),
    ])
      expect(await requestExport(ctx, folder())).toEqual(first);
    expect(await rows()).toMatchObject([{ id: first.id, createdById: world.owner.id }]);
    expect(await wakeUps()).toBe(before + 1);
    expect(await auditedActions(world)).toEqual(["version.exported"]);
  });

  test("that meets another at the version makes no second one", async () => {
    const [a, b] = await raceAt(
      ["versions", version],
      [() => requestExport(owner, folder()), () => requestExport(owner, folder())],
    );
    expect(a.id).toBe(b.id);
    expect(await rows()).toHaveLength(1);
  });

  test("names the formats that there are when it asks for another", async () => {
    await expect(requestExport(owner, { ...folder(), format: "COCO" })).rejects.toMatchObject({
      code: "invalid_input",
      publicMessage: "This project's versions can be downloaded as: folder, multiclass.",
    });
    const boxes = await buildProject(world, { type: "OBJECT_DETECTION" });
    const other = await buildVersion(world, boxes);
    await expect(requestExport(owner, { ...versionRef(world, boxes, other), format: "FOLDER" })).rejects.toMatchObject({
      publicMessage:
        "This project's versions can be downloaded as: coco, yolov8, voc, mt-yolov6, darknet, createml, tensorflow, multiclass.",
    });
    const keypoints = await buildProject(world, { type: "KEYPOINT_DETECTION" });
    await expect(
      requestExport(owner, { ...versionRef(world, keypoints, await buildVersion(world, keypoints)), format: "COCO" }),
    ).rejects.toMatchObject({ code: "invalid_input" });
    expect(await prisma().export.count()).toBe(0);
  });

  test.each(Object.keys(FORMATS_OF_TYPE) as ProjectType[])(
    "for a project of type %s can be for each of its formats at once",
    async (type) => {
      const other = await buildProject(world, { type });
      const ref = versionRef(world, other, await buildVersion(world, other));
      for (const format of FORMATS_OF_TYPE[type]) await requestExport(owner, { ...ref, format });
      expect((await listExports(owner, ref)).map(({ format, status }) => [format, status])).toEqual(
        FORMATS_OF_TYPE[type].map((format) => [format, "QUEUED"]),
      );
    },
  );

  test("is refused while the version is generated, when that failed, and by whoever may not see it", async () => {
    const making = await buildVersion(world, project, { status: "GENERATING" });
    expect(await outcomeOf(requestExport(owner, { ...folder(), number: making.number }))).toBe("not_ready");
    const failed = await buildVersion(world, project, { status: "FAILED" });
    expect(await outcomeOf(requestExport(owner, { ...folder(), number: failed.number }))).toBe("generation_failed");
    expect(await outcomeOf(requestExport(await userContext(await buildWorld()), folder()))).toBe("not_found");
    expect(await outcomeOf(requestExport(await keyContext(world, { scopes: ["project:read"] }), folder()))).toBe(
      "missing_scope",
    );
    expect(await prisma().export.count()).toBe(0);
  });

  test("that waits behind a trash of the version or its project queues nothing", async () => {
    const [, first] = await raceAt(
      ["versions", version],
      [() => trashVersion(owner, versionRef(world, project, version)), () => outcomeOf(requestExport(owner, folder()))],
    );
    expect(first).toBe("in_trash");
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    const [, second] = await raceAt(
      ["projects", project],
      [() => trashProject(owner, projectRef(world, project)), () => outcomeOf(requestExport(owner, folder()))],
    );
    expect(second).toBe("project_in_trash");
    expect(await rows()).toEqual([]);
  });

  test("after a failure is told of it for a minute, and then tries again", async () => {
    const { lease } = await claimed();
    expect(await failExport(worker, lease, { reason: "files_damaged", again: false })).toBe(true);
    const failed = { ...owner, now: (await row()).endedAt! };
    await expect(requestExport(later(failed, 59_000), folder())).rejects.toMatchObject({
      code: "export_failed",
      details: { reason: "files_damaged" },
    });
    expect(await listExports(owner, folder())).toMatchObject([
      { status: "FAILED", failureReason: "files_damaged" },
      {},
    ]);
    expect(await requestExport(later(failed, 60_000), folder())).toMatchObject({
      id: lease.exportId,
      status: "QUEUED",
      failureReason: null,
    });
    expect(await row()).toMatchObject({ attempts: 0, endedAt: null });
  });
});

describe("the zip of a link", () => {
  test("is there as long as version and project are live, and says what became of it", async () => {
    const { lease } = await claimed();
    expect(await outcomeOf(getLinkedExport(worker, lease.exportId))).toBe("not_found"); // not before it is ready
    await completeExport(worker, lease, 7);
    expect(await getLinkedExport(worker, lease.exportId)).toEqual({
      exportId: lease.exportId,
      attemptId: lease.leaseId,
      versionId: version.id,
      format: "FOLDER",
      sizeBytes: 7,
      projectSlug: project.slug,
      versionNumber: version.number,
    });
    await trashVersion(owner, versionRef(world, project, version));
    expect(await outcomeOf(getLinkedExport(worker, lease.exportId))).toBe("in_trash");
    await trashProject(owner, projectRef(world, project));
    expect(await outcomeOf(getLinkedExport(worker, lease.exportId))).toBe("project_in_trash");
    expect(await outcomeOf(getLinkedExport(owner, lease.exportId))).toBe("forbidden");
  });

  test("is made anew when the store lost it", async () => {
    const { lease } = await claimed();
    await completeExport(worker, lease, 7);
    const before = await wakeUps();
    await remakeExport(lease.exportId);
    await remakeExport(lease.exportId);
    expect(await wakeUps()).toBe(before + 1);
    expect(await claimExport(worker)).toMatchObject({ attempt: 1, lease: { exportId: lease.exportId } });
  });
});

test("asking how far a download is waits for nobody who holds its version", async () => {
  await requestExport(owner, folder());
  const second = await connectSecond();
  await second.query("begin");
  await second.query("select id from versions where id = $1 for update", [version.id]);
  expect(await requestExport(owner, folder())).toMatchObject({ status: "QUEUED" });
  await second.query("rollback");
  await second.end();
});
