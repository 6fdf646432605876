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
import { connectSecond } from "@/lib/testing/database";
import { raceAt, waitingOrSettled, whileHeld, type Row } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import {
  previewPurge,
  startPurge,
  purgeExpired,
  purgeItem,
  restoreProject,
  restoreTraining,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";
import { claimProject, purgeClaimedProject } from "./purge-project";
import type { Claim } from "./purge-rows";

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

describe("what is in a project whose purge has begun goes under the project's receipt, and never beside it", () => {
  /** A version that was trashed by itself and is due, and so is a training of another; then their project. */
  async function trashAll() {
    const other = await buildVersion(world, project);
    const training = await buildTraining(world, other, { status: "FINISHED" });
    const model = await buildModel(world, training);
    await trash(earlier);
    await trashTraining(later(earlier, 1), trainingRef(world, training));
    await trashProject(later(earlier, 2), projectRef(world, project));
    cron = await scheduler(later(owner, 2).now);
    return { training, model: ["models", model] as const };
  }
  const byHand = (): Claim => ({
    reason: "BY_HAND",
    now: owner.now,
    seen: new Map([[project.id, later(earlier, 2).now]]),
  });
  const claim = () => claimProject(owner, world.workspace.id, project.id, byHand());
  const finish = () => purgeClaimedProject(owner, world.workspace.id, project.id, byHand(), UNBOUNDED);
  const purgeTraining = (training: { id: string }) =>
    outcomeOf(purgeItem(owner, itemRef(world, "TRAINING", training), UNBOUNDED));

  /** The items that have receipts, and whether each went with the project. */
  async function expectUnderProject(): Promise<void> {
    const all = await receipts();
    const parent = all.find(({ itemType }) => itemType === "PROJECT");
    const children = all.filter((receipt) => receipt !== parent);
    expect(parent).toMatchObject({ itemType: "PROJECT", versions: 2, images: 20, trainings: 1, models: 1 });
    expect(children.map(({ itemType, parentReceiptId }) => [itemType, parentReceiptId])).toEqual([
      ["VERSION", parent!.id],
      ["VERSION", parent!.id],
    ]);
    await checkInvariants(world.workspace.id, { createdImages: 20 });
  }

  test.each([
    ["by hand", purge, "purged"],
    ["by the scheduled run", async () => (await expire()).failed, 0],
  ])("though its purge %s waits while the project is claimed", async (_who, run, outcome) => {
    await trashAll();
    const [answer] = await raceAt(WORKSPACE(), [run], async () => expect(await claim()).toBe(true));
    expect(answer).toBe(outcome);
    await finish();
    await expectUnderProject();
  });

  test("though its purge comes before the claim has committed", async () => {
    const { training } = await trashAll();
    const second = await connectSecond();
    await second.query("begin");
    await second.query("select id from projects where id = $1 for update", [project.id]);
    await second.query("update projects set purge_started_at = now() where id = $1", [project.id]);
    expect([await purge(), await purgeTraining(training)]).toEqual(["busy", "busy"]);
    expect(await expire()).toMatchObject({ purged: 0, skipped: 3, failed: 0 });
    await second.query("rollback");
    await second.end();
    expect([await claim(), await finish()]).toEqual([true, true]);
    await expectUnderProject();
  });

  test("though a run reads what is due, or somebody acts on what was frozen, after the claim", async () => {
    const { training } = await trashAll();
    const slugs = { workspaceSlug: world.workspace.slug };
    const selection = await previewPurge(owner, { ...slugs, set: "all" });
    expect([selection.items, await claim()]).toEqual([3, true]);
    expect([await purge(), await purgeTraining(training)]).toEqual(["purged", "not_found"]);
    const act = startPurge(owner, { ...slugs, previewId: selection.id, confirm: "3" });
    expect(await outcomeOf(act)).toBe("stale_selection");
    expect(await receipts()).toHaveLength(1);
    // somebody else is finishing the project: what is due in it is nobody's else
    expect(await whileHeld(PROJECT(), () => purgeExpired(cron, AbortSignal.abort()))).toEqual({
      purged: 0,
      skipped: 0,
      failed: 0,
      remaining: 1,
    });
    expect(await expire()).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
    await expectUnderProject();
  });

  test("and while one of them is purged by itself, the project is not claimed", async () => {
    const { training, model } = await trashAll();
    const trainings = await prisma().training.findMany({ where: { versionId: version.id } });
    expect(trainings).toEqual([]);
    const own = await buildTraining(world, version, { status: "FINISHED" });
    for (const [row, run] of [
      [["trainings", own], purge],
      [model, () => purgeTraining(training)],
    ] as const) {
      let claimed: boolean | undefined;
      const [purged] = await raceAt(row, [run], async () => {
        claimed = await claim();
      });
      expect([purged, claimed]).toEqual(["done", false]);
    }
    expect((await receipts()).map(({ itemType, parentReceiptId }) => [itemType, parentReceiptId]).sort()).toEqual([
      ["TRAINING", null],
      ["VERSION", null],
    ]);
    expect([await claim(), await finish()]).toEqual([true, true]);
    await checkInvariants(world.workspace.id, { createdImages: 20 });
  });

  test("a trash or a restore of the project does not wait for a purge in it", async () => {
    await trash(earlier);
    const own = await buildTraining(world, version, { status: "FINISHED" });
    const answers: string[] = [];
    const [purged] = await raceAt(["trainings", own], [purge], async () => {
      answers.push(await outcomeOf(trashProject(owner, projectRef(world, project))));
      answers.push(await outcomeOf(restoreProject(owner, trashedProjectRef(world, project))));
    });
    expect([purged, answers]).toEqual(["done", ["trashed", "restored"]]);
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
