import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildModel,
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
  DAY_MS,
  itemRef,
  later,
  outcomeOf,
  projectRef,
  RETENTION_MS,
  scheduler,
  trainingRef,
  trashedProjectRef,
  trashedVersionRef,
  UNBOUNDED,
  usedImages,
  versionRef,
} from "@/lib/testing/lifecycle";
import { raceAt, waitingOrSettled, whileHeld, type Row } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import {
  purgeExpired,
  purgeItem,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let version: Awaited<ReturnType<typeof buildVersion>>;
/** Trashed what expires now. */
let earlier: Context;
let owner: Context;
let cron: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  version = await buildVersion(world, project);
  owner = await userContext(world);
  earlier = later(owner, -RETENTION_MS);
  cron = await scheduler(owner.now);
});

const WORKSPACE = (): Row => ["workspaces", world.workspace];
const VERSION = (): Row => ["versions", version];
const PROJECT = (): Row => ["projects", project];
const versionRow = () => prisma().version.findUnique({ where: { id: version.id } });
const receipts = () => prisma().purgeReceipt.findMany({ where: { workspaceId: world.workspace.id } });
const expire = () => purgeExpired(cron, UNBOUNDED);
const purge = () => outcomeOf(purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED));
const purgeProject = () => outcomeOf(purgeItem(owner, itemRef(world, "PROJECT", project), UNBOUNDED));
const restore = () => outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, version)));
const trash = (ctx: Context) => trashVersion(ctx, versionRef(world, project, version));

describe("restore against purge", () => {
  test("a version restored while the collector waits is not purged", async () => {
    await trash(earlier);
    let restored: string | undefined;
    const [counts] = await raceAt(WORKSPACE(), [expire], async () => {
      restored = await restore();
    });
    expect(restored).toBe("restored");
    expect(counts).toEqual({ purged: 0, skipped: 1, failed: 0, remaining: 0 });
    expect(await versionRow()).toEqual(version);
    expect([await receipts(), await usedImages(world)]).toEqual([[], 10]);
  });

  test("a version restored while its purge by hand waits is not purged", async () => {
    await trash(owner);
    const [purged] = await raceAt(WORKSPACE(), [purge], restore);
    expect(purged).toBe("not_in_trash");
    expect(await versionRow()).toEqual(version);
    expect(await receipts()).toEqual([]);
  });

  test("a version restored and deleted again while the collector waits has its full time again", async () => {
    await trash(earlier);
    const [counts] = await raceAt(WORKSPACE(), [expire], async () => {
      await restore();
      await trash(owner);
    });
    expect(counts).toMatchObject({ purged: 0, skipped: 1 });
    expect(await versionRow()).toMatchObject({ deletedAt: owner.now });
  });

  test("a version that somebody holds, perhaps to restore it, is skipped and not waited for", async () => {
    await trash(earlier);
    expect(await whileHeld(VERSION(), expire)).toEqual({ purged: 0, skipped: 1, failed: 0, remaining: 1 });
    expect(await whileHeld(VERSION(), purge)).toBe("busy");
    expect(await expire()).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
  });

  test.each([
    ["the collector", async () => (await expire()).purged],
    ["a purge by hand", purge],
  ])("a restore that comes while %s is at the version is told that it is permanently deleted", async (_who, run) => {
    await trash(earlier);
    const training = await buildTraining(world, version, { status: "FINISHED" });
    // The purge holds the version and waits for its training's row; the restore waits for the version.
    const [, restored] = await raceAt(["trainings", training], [run, restore]);
    expect(restored).toBe("purged");
    expect(await versionRow()).toBeNull();
    await checkInvariants(world.workspace.id, { createdImages: 10 });
  });

  test("a project restored before the collector claims it is not purged; one that is held is skipped", async () => {
    await trashProject(earlier, projectRef(world, project));
    expect(await whileHeld(PROJECT(), expire)).toEqual({ purged: 0, skipped: 1, failed: 0, remaining: 1 });
    expect(await whileHeld(PROJECT(), purgeProject)).toBe("busy");
    expect(await outcomeOf(restoreProject(owner, trashedProjectRef(world, project)))).toBe("restored");
    expect(await expire()).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
    expect(await prisma().project.findUnique({ where: { id: project.id } })).toMatchObject({
      deletedAt: null,
      purgeStartedAt: null,
    });
  });

  test.each([purgeProject, async () => (await expire()).purged])(
    "from the claim on, a project and what is in it are permanently deleted for a restore",
    async (run) => {
      const other = await buildVersion(world, project);
      await trash(earlier);
      await trashProject(earlier, projectRef(world, project));
      const answers: unknown[] = [];
      // Claimed, and waiting to remove the first versions.
      await raceAt(WORKSPACE(), [run], async () => {
        for (const ref of [version, other])
          answers.push(
            await restoreVersion(owner, trashedVersionRef(world, project, ref)).catch((error: unknown) => error),
          );
        answers.push(await restoreProject(owner, trashedProjectRef(world, project)).catch((error: unknown) => error));
        answers.push(await trashProject(owner, projectRef(world, project)).catch((error: unknown) => error));
      });
      const gone = {
        code: "purged",
        publicMessage: expect.stringMatching(/^The project ".*" was permanently deleted on /),
      };
      expect(answers).toMatchObject([gone, gone, gone, gone]);
      await checkInvariants(world.workspace.id, { createdImages: 20 });
    },
  );

  test("what is past its time but not yet purged can still be restored", async () => {
    const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
    const longAgo = later(owner, -2 * RETENTION_MS);
    await trashTraining(longAgo, trainingRef(world, training));
    await trash(longAgo);
    await trashProject(longAgo, projectRef(world, project));
    expect(await outcomeOf(restoreProject(owner, trashedProjectRef(world, project)))).toBe("restored");
    expect(await restore()).toBe("restored");
    expect(await outcomeOf(restoreTraining(owner, trainingRef(world, training)))).toBe("restored");
    expect(await expire()).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
  });
});

describe("two purges at once", () => {
  test.each([
    ["by two owners", purge],
    ["by an owner while the collector runs", async () => (await expire()).purged],
  ])("of one version %s: one receipt, one release", async (_who, other) => {
    await trash(earlier);
    const outcomes = await raceAt(WORKSPACE(), [purge, other]);
    expect(outcomes[0]).toBe("done");
    expect(outcomes[1]).toBe(other === purge ? "purged" : 0);
    expect(await receipts()).toHaveLength(1);
    expect(await usedImages(world)).toBe(0);
    expect(await auditedActions(world)).toEqual(["version.trashed", "version.purged"]);
    await checkInvariants(world.workspace.id, { createdImages: 10 });
  });

  test("of one project, by hand and by the collector: one receipt each, one release, one of them removes it", async () => {
    for (let i = 0; i < 5; i++) await buildVersion(world, project);
    await trashProject(earlier, projectRef(world, project));
    const [byHand, counts] = await raceAt(WORKSPACE(), [purgeProject, expire]);
    expect(byHand).toBe("done");
    expect(counts).toMatchObject({ purged: 0, skipped: 1, failed: 0 });
    expect((await receipts()).map((r) => r.itemType).sort()).toEqual([
      "PROJECT",
      ...Array.from({ length: 6 }, () => "VERSION"),
    ]);
    expect(await usedImages(world)).toBe(0);
    await checkInvariants(world.workspace.id, { createdImages: 60 });
  });

  test("of one project by two owners: the second is told that it is purged", async () => {
    await trashProject(owner, projectRef(world, project));
    let second: string | undefined;
    const [first] = await raceAt(WORKSPACE(), [purgeProject], async () => {
      second = await purgeProject();
    });
    expect([first, second]).toEqual(["done", "purged"]);
    await checkInvariants(world.workspace.id, { createdImages: 10 });
  });

  // The version's purge removes its trainings and their models too: it must come to them in the order of the other.
  test("of a version and of a training in it do not deadlock, whichever comes first", async () => {
    const make = async () => {
      version = await buildVersion(world, project);
      const training = await buildTraining(world, version, { status: "FINISHED" });
      const model = await buildModel(world, training);
      await trashTraining(earlier, trainingRef(world, training));
      await trash(earlier);
      return {
        model: ["models", model] as const,
        purgeTraining: () => outcomeOf(purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED)),
      };
    };
    const first = await make();
    expect(await raceAt(first.model, [first.purgeTraining, purge])).toEqual(["done", "done"]);

    const second = await make();
    let late: Promise<string> | undefined;
    const [purged] = await raceAt(second.model, [purge], async () => {
      late = second.purgeTraining();
      late.catch(() => {}); // reported below
      await waitingOrSettled(2, late);
    });
    expect([purged, await late]).toEqual(["done", "busy"]);
    await checkInvariants(world.workspace.id);
  });
});

test("two expiry runs at once purge everything once between them", async () => {
  for (let i = 0; i < 30; i++)
    await trashVersion(
      later(earlier, -i),
      versionRef(world, project, await buildVersion(world, project, { images: 3 })),
    );
  const trashedProject = await buildProject(world);
  for (let i = 0; i < 4; i++) await buildVersion(world, trashedProject, { images: 5 });
  await trashProject(earlier, projectRef(world, trashedProject));

  const [one, two] = await raceAt(WORKSPACE(), [expire, expire]);
  expect(one.purged + two.purged).toBe(31);
  expect([one.failed, two.failed, await usedImages(world), (await receipts()).length]).toEqual([0, 0, 10, 35]);
  expect(await expire()).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
  await checkInvariants(world.workspace.id, { createdImages: 10 + 90 + 20 });
});

test("an expiry run that began before does not take what is moved to Trash while it runs", async () => {
  const due = await buildVersion(world, project);
  await trashVersion(earlier, versionRef(world, project, due));
  const newProject = await buildProject(world);
  const [counts] = await raceAt(WORKSPACE(), [expire], async () => {
    await trash(owner);
    await trashProject(owner, projectRef(world, newProject));
  });
  expect(counts).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
  expect(await versionRow()).toMatchObject({ deletedAt: owner.now });
});

test("one millisecond before the scheduled purge nothing is purged, at that instant it is", async () => {
  const then = { ...owner, now: new Date("2020-02-10T10:00:00.500Z") }; // nothing else in this file is due so early
  const run = async (ms: number) => purgeExpired(await scheduler(new Date(then.now.getTime() + ms)), UNBOUNDED);
  await trash(then);
  await trashProject(later(then, 1), projectRef(world, await buildProject(world)));
  expect(await run(RETENTION_MS - 1)).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
  expect(await run(RETENTION_MS)).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
  expect(await versionRow()).toBeNull();
  expect(await run(RETENTION_MS + DAY_MS)).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
});
