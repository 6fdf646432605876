import { afterEach, beforeEach, describe, expect, test } from "vitest";
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
import { connectSecond } from "@/lib/testing/database";
import { checkInvariants } from "@/lib/testing/invariants";
import {
  auditedActions,
  DAY_MS,
  itemRef,
  later,
  newVersion,
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
import { raceAt, whileHeld } from "@/lib/testing/race";
import type { Context } from "@/lib/domain/context";
import { createVersion, getVersion } from "@/lib/domain/versions";
import { getProject } from "@/lib/domain/projects";
import {
  purgeExpired,
  purgeItem,
  restoreProject,
  restoreVersion,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";

let world: World;
let project: Awaited<ReturnType<typeof buildProject>>;
let owner: Context;
/** An instant at which what is trashed expires at owner.now. */
let earlier: Context;
let cron: Context;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
  earlier = later(owner, -RETENTION_MS);
  cron = await scheduler(owner.now);
  await purgeExpired(cron, UNBOUNDED); // a run takes every workspace, so those of earlier tests are emptied
});

const expire = (ctx = cron, signal = UNBOUNDED) => purgeExpired(ctx, signal);
const purge = (type: "PROJECT" | "VERSION" | "TRAINING", item: { id: string }, signal = UNBOUNDED) =>
  purgeItem(owner, itemRef(world, type, item), signal);
const receipts = () =>
  prisma().purgeReceipt.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { id: "asc" } });
const trash = (version: { number: number }, ctx = owner) => trashVersion(ctx, versionRef(world, project, version));
const remaining = async () =>
  (await prisma().version.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { number: "asc" } })).map(
    (v) => v.name,
  );
const wakeUps = () =>
  prisma().$queryRaw<{ jobs: number }[]>`select count(*)::int as jobs from pgboss.job where name = 'erase-files'`.then(
    (rows) => rows[0]!.jobs,
  );

async function sql(...statements: string[]): Promise<void> {
  const second = await connectSecond();
  for (const statement of statements) await second.query(statement);
  await second.end();
}

/** Makes writes to a table fail, as a full disk or a broken row does. Undone after the test. */
async function breakTable(table: string, event: "insert" | "delete", when = "true"): Promise<void> {
  await sql(
    "create or replace function broken() returns trigger language plpgsql as $$ begin raise exception 'could not extend file: No space left on device' using errcode = '53100'; end $$",
    `create trigger broken before ${event} on ${table} for each row when (${when}) execute function broken()`,
  );
}
const repair = (): Promise<void> => sql("drop function if exists broken() cascade");
afterEach(repair);

describe("by hand", () => {
  test("a version goes for good with its trainings and models, under one receipt that says all of it", async () => {
    const version = await buildVersion(world, project, { name: "autumn", images: 12 });
    await prisma().version.update({ where: { id: version.id }, data: { files: 13, sizeBytes: 1300 } });
    for (const status of ["FINISHED", "FINISHED", "CANCELLED"] as const) {
      const training = await buildTraining(world, version, { status });
      if (status === "FINISHED") await buildModel(world, training); // 1 file, 100 bytes each
    }
    const kept = await buildVersion(world, project, { images: 3 });
    const trashed = await trash(version);
    const jobs = await wakeUps();

    await purge("VERSION", version);
    expect(await remaining()).toEqual([kept.name]);
    expect([
      await usedImages(world),
      await prisma().training.count({ where: { versionId: version.id } }),
      await prisma().model.count({ where: { versionId: version.id } }),
    ]).toEqual([3, 0, 0]);
    const [receipt, ...more] = await receipts();
    expect(more).toEqual([]);
    expect(receipt).toMatchObject({
      itemType: "VERSION",
      itemId: version.id,
      itemName: "autumn",
      projectId: project.id,
      projectSlug: project.slug,
      versionNumber: 1,
      trainingNumber: null,
      parentReceiptId: null,
      reason: "BY_HAND",
      purgedAt: owner.now,
      actorType: "USER",
      actorId: world.owner.id,
      deletedAt: trashed.deletedAt,
      deletedById: world.owner.id,
      purgeAfter: trashed.purgeAfter,
      versions: 1,
      images: 12,
      trainings: 3,
      models: 2,
      expectedFiles: 15,
      expectedBytes: 1500n,
      prefixes: [`versions/${version.id}/`],
      rowsRemovedAt: owner.now,
      verifiedAt: null,
    });
    expect(await auditedActions(world)).toEqual(["version.trashed", "version.purged"]);
    expect(await wakeUps()).toBe(jobs + 1);

    await expect(getVersion(owner, versionRef(world, project, version))).rejects.toMatchObject({
      code: "purged",
      details: { receiptId: receipt!.id },
    });
    expect(await outcomeOf(purge("VERSION", version))).toBe("purged");
    expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, version)))).toBe("purged");
    expect(await outcomeOf(trash(version))).toBe("purged");
    expect(await usedImages(world)).toBe(3);
    await checkInvariants(world.workspace.id, { createdImages: 15 });
  });

  test("a training goes with its model; its version stays", async () => {
    const version = await buildVersion(world, project);
    const [gone, kept] = [
      await buildTraining(world, version, { status: "FINISHED" }),
      await buildTraining(world, version, { status: "FINISHED" }),
    ];
    for (const training of [gone, kept]) await buildModel(world, training);
    await trashTraining(owner, trainingRef(world, gone));
    await purge("TRAINING", gone);
    expect((await getVersion(owner, versionRef(world, project, version))).trainings.map((t) => t.id)).toEqual([
      kept.id,
    ]);
    expect(await prisma().model.findMany({ where: { versionId: version.id } })).toMatchObject([
      { trainingId: kept.id },
    ]);
    expect(await receipts()).toMatchObject([
      {
        itemType: "TRAINING",
        itemId: gone.id,
        itemName: "Training 1",
        versionNumber: 1,
        trainingNumber: 1,
        images: 0,
        trainings: 1,
        models: 1,
        prefixes: [`versions/${version.id}/trainings/${gone.id}/`],
      },
    ]);
    expect([await usedImages(world), await outcomeOf(purge("TRAINING", gone))]).toEqual([10, "purged"]);
  });

  test("what is not in Trash is refused and not touched", async () => {
    const version = await buildVersion(world, project);
    const training = await buildTraining(world, version, { status: "FINISHED" });
    expect(await outcomeOf(purge("PROJECT", project))).toBe("not_in_trash");
    expect(await outcomeOf(purge("VERSION", version))).toBe("not_in_trash");
    expect(await outcomeOf(purge("TRAINING", training))).toBe("not_in_trash");
    await trashProject(owner, projectRef(world, project)); // hidden through its project is not trashed
    expect(await outcomeOf(purge("VERSION", version))).toBe("not_in_trash");
    expect([await receipts(), await usedImages(world)]).toEqual([[], 10]);
  });

  test("what is not there, is of another type, or lies in another workspace is not found", async () => {
    const foreign = await buildWorld();
    const foreignProject = await buildProject(foreign);
    const foreignVersion = await buildVersion(foreign, foreignProject);
    await trashVersion(await userContext(foreign), versionRef(foreign, foreignProject, foreignVersion));
    const version = await buildVersion(world, project);
    await trash(version);
    for (const [type, id] of [
      ["VERSION", foreignVersion.id],
      ["PROJECT", foreignProject.id],
      ["VERSION", "nonsense"],
      ["PROJECT", version.id],
      ["TRAINING", version.id],
    ] as const) {
      expect(await outcomeOf(purge(type, { id }))).toBe("not_found");
    }
    expect([await prisma().version.count({ where: { id: foreignVersion.id } }), await remaining()]).toEqual([
      1,
      [version.name],
    ]);
  });

  test("a number is never used again, not even that of the latest version", async () => {
    const latest = await buildVersion(world, project);
    await trash(latest);
    await purge("VERSION", latest);
    const next = await createVersion(owner, { ...projectRef(world, project), name: "next", ...newVersion(1) });
    expect(next.number).toBe(latest.number + 1);
    expect(await outcomeOf(getVersion(owner, versionRef(world, project, latest)))).toBe("purged");
  });
});

describe("a project", () => {
  async function fill() {
    const versions = [
      await buildVersion(world, project, { images: 5 }),
      await buildVersion(world, project, { images: 7 }),
      await buildVersion(world, project, { status: "FAILED" }),
    ];
    await buildModel(world, await buildTraining(world, versions[0]!, { status: "FINISHED" }));
    await buildTraining(world, versions[1]!);
    await prisma().image.createMany({
      data: [1, 2, 3].map((i) => ({
        projectId: project.id,
        fileName: `${i}.png`,
        sha256: `${i}`,
        contentType: "image/png",
        sizeBytes: 100 + i,
        width: 28,
        height: 28,
        split: "TRAIN",
      })),
    });
    return versions;
  }

  test("goes with all that is in it; its receipt is the sum of its versions' and its own source images", async () => {
    const versions = await fill();
    await trash(versions[1]!, earlier); // trashed by itself, it goes with its project all the same
    await trashProject(owner, projectRef(world, project));
    await purge("PROJECT", project);

    const [parent, ...children] = await receipts();
    expect(parent).toMatchObject({
      itemType: "PROJECT",
      itemId: project.id,
      parentReceiptId: null,
      reason: "BY_HAND",
      deletedAt: owner.now,
      versions: 3,
      images: 12,
      sourceImages: 3,
      trainings: 2,
      models: 1,
      expectedFiles: 3,
      expectedBytes: 306n,
      prefixes: [`projects/${project.id}/`, `uploads/${project.id}/`],
      rowsRemovedAt: owner.now,
    });
    expect(children.map((c) => [c.itemId, c.parentReceiptId, c.reason])).toEqual(
      versions.map((v) => [v.id, parent!.id, "WITH_PARENT"]),
    );
    expect([
      await usedImages(world),
      await prisma().project.count({ where: { id: project.id } }),
      await prisma().image.count({ where: { projectId: project.id } }),
    ]).toEqual([0, 0, 0]);
    expect(await auditedActions(world)).toEqual(["version.trashed", "project.trashed", "project.purged"]);
    expect(await outcomeOf(getProject(owner, projectRef(world, project)))).toBe("purged");
    await checkInvariants(world.workspace.id, { createdImages: 12 });
  });

  test("too large for one go is claimed, and the next run finishes it, however it was claimed", async () => {
    for (const byHand of [true, false]) {
      project = await buildProject(world);
      const { id: versionId, origin: _origin, ...one } = await buildVersion(world, project, { images: 0 });
      const copies = Array.from({ length: 299 }, (_, i) => ({
        ...one,
        number: i + 2,
        preprocessing: {},
        augmentation: {},
        splitPercents: {},
        classes: {},
      }));
      await prisma().version.createMany({ data: copies });
      await trashProject(byHand ? owner : earlier, projectRef(world, project));

      // The first batch waits for the workspace's row when the time runs out.
      const budget = new AbortController();
      const run = () => (byHand ? purge("PROJECT", project, budget.signal) : expire(cron, budget.signal));
      const [counts] = await raceAt(["workspaces", world.workspace], [run], async () => budget.abort());
      if (!byHand) expect(counts).toMatchObject({ purged: 0, failed: 0, remaining: 1 });
      expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(50);
      expect(await prisma().version.count({ where: { id: versionId } })).toBe(0);

      // Until its row goes it is as good as gone, and its slug is taken.
      expect(await outcomeOf(restoreProject(owner, trashedProjectRef(world, project)))).toBe("purged");
      expect(await outcomeOf(restoreVersion(owner, trashedVersionRef(world, project, { number: 300 })))).toBe("purged");
      await expect(buildProject(world, { slug: project.slug })).rejects.toMatchObject({ code: "P2002" });
      await checkInvariants(world.workspace.id);
      const aborted = AbortSignal.abort();
      expect(await expire(cron, aborted)).toMatchObject({ purged: 0, remaining: 1 });

      expect(await expire()).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
      expect((await receipts()).find((r) => r.itemId === project.id)).toMatchObject({ versions: 300 });
      await buildProject(world, { slug: project.slug });
      await checkInvariants(world.workspace.id);
    }
  });

  test("that is still restorable loses only the version that was trashed before it and is due, and comes back without it", async () => {
    const [due, live] = [
      await buildVersion(world, project, { images: 4 }),
      await buildVersion(world, project, { images: 5 }),
    ];
    await trash(due, earlier);
    await trashProject(later(earlier, DAY_MS), projectRef(world, project));
    expect(await expire()).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 0 });
    expect(await receipts()).toMatchObject([{ itemId: due.id, reason: "EXPIRED", parentReceiptId: null }]);
    expect(await outcomeOf(restoreProject(owner, trashedProjectRef(world, project)))).toBe("restored");
    expect((await getProject(owner, projectRef(world, project))).versions.map((v) => v.id)).toEqual([live.id]);
    expect([await usedImages(world), await outcomeOf(getVersion(owner, versionRef(world, project, due)))]).toEqual([
      5,
      "purged",
    ]);
  });
});

describe("the scheduled run", () => {
  const when = (ms: number) => later(earlier, ms);

  test("purges everything that is due and nothing else, oldest first", async () => {
    const [a, b, c, live] = [
      await buildVersion(world, project),
      await buildVersion(world, project),
      await buildVersion(world, project),
      await buildVersion(world, project),
    ];
    const training = await buildTraining(world, live, { status: "FINISHED" });
    const empty = await buildProject(world);
    await trash(a, when(-1));
    await trashTraining(when(-3), trainingRef(world, training));
    await trash(b, when(-4));
    await trash(c, when(1));
    await trashProject(when(-2), projectRef(world, empty));
    expect(await expire()).toEqual({ purged: 4, skipped: 0, failed: 0, remaining: 0 });
    expect((await receipts()).map((r) => [r.itemId, r.reason, r.actorType, r.actorName])).toEqual(
      [b.id, training.id, empty.id, a.id].map((id) => [id, "EXPIRED", "SYSTEM", "purge-expired"]),
    );
    expect(await remaining()).toEqual([c.name, live.name]);
    await checkInvariants(world.workspace.id, { createdImages: 40 });
  });

  test("catches up after days of silence, many batches and workspaces in one run", async () => {
    const other = await buildWorld();
    const otherProject = await buildProject(other);
    for (const [w, p, days] of [
      [world, project, 0],
      [other, otherProject, 1],
    ] as const) {
      const { id: _id, origin: _origin, ...one } = await buildVersion(w, p, { images: 1 });
      const trashed = (i: number) => ({
        deletedAt: when(-days * DAY_MS - i * 60_000).now,
        deletedById: "x",
        purgeAfter: new Date(owner.now.getTime() - days * DAY_MS - i * 60_000),
      });
      await prisma().version.createMany({
        data: Array.from({ length: 400 }, (_, i) => ({
          ...one,
          ...trashed(i),
          number: i + 2,
          preprocessing: {},
          augmentation: {},
          splitPercents: {},
          classes: {},
        })),
      });
      await prisma().workspace.update({ where: { id: w.workspace.id }, data: { usedImages: { increment: 400 } } });
    }
    expect(await expire()).toEqual({ purged: 800, skipped: 0, failed: 0, remaining: 0 });
    expect([await usedImages(world), await usedImages(other)]).toEqual([1, 1]);
    await checkInvariants(world.workspace.id, { createdImages: 401 });
  });

  test("stops between two batches when its time is up, and the next run goes on", async () => {
    const [first, second] = [await buildVersion(world, project), await buildVersion(world, project)];
    const between = await buildProject(world);
    await trash(first, when(-3));
    await trashProject(when(-2), projectRef(world, between));
    await trash(second, when(-1));
    const budget = new AbortController();
    const [counts] = await raceAt(["workspaces", world.workspace], [() => expire(cron, budget.signal)], async () =>
      budget.abort(),
    );
    expect(counts).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 2 });
    expect(await remaining()).toEqual([second.name]);
    expect(await expire(cron, AbortSignal.abort())).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 2 });
    expect(await expire()).toEqual({ purged: 2, skipped: 0, failed: 0, remaining: 0 });
  });

  test("purges nothing for a clock that is behind", async () => {
    await trash(await buildVersion(world, project), earlier);
    for (const ms of [-1, -DAY_MS, -400 * DAY_MS])
      expect(await expire(await scheduler(new Date(owner.now.getTime() + ms)))).toEqual({
        purged: 0,
        skipped: 0,
        failed: 0,
        remaining: 0,
      });
    expect((await expire()).purged).toBe(1);
  });

  test("keeps going past an item that cannot be purged, counts it, and takes it once that is repaired", async () => {
    for (const name of ["a", "poison", "b", "c"]) await trash(await buildVersion(world, project, { name }), earlier);
    const other = await buildProject(world);
    await buildVersion(world, other, { name: "poison" });
    await trashProject(earlier, projectRef(world, other));
    await breakTable("versions", "delete", "old.name = 'poison'");
    expect(await expire()).toEqual({ purged: 3, skipped: 0, failed: 2, remaining: 2 });
    expect(await expire()).toEqual({ purged: 0, skipped: 0, failed: 2, remaining: 2 });
    expect([await remaining(), await usedImages(world)]).toEqual([["poison", "poison"], 20]);
    await checkInvariants(world.workspace.id, { createdImages: 50 });
    await repair();
    expect(await expire()).toEqual({ purged: 2, skipped: 0, failed: 0, remaining: 0 });
    await checkInvariants(world.workspace.id, { createdImages: 50 });
  });

  test("tries a held workspace once, purges the others', and takes what was left once it is free", async () => {
    const other = await buildWorld();
    const otherProject = await buildProject(other);
    // One after the other of its own kind, so that none shares a try with its neighbour.
    for (let i = 0; i < 6; i++) {
      const version = await buildVersion(world, project, { images: 1 });
      await trash(version, when(-20 + 2 * i));
      await trashProject(when(-19 + 2 * i), projectRef(world, await buildProject(world)));
    }
    const theirs = await buildVersion(other, otherProject);
    await trashVersion(await userContext(other, { now: when(0).now }), versionRef(other, otherProject, theirs));

    const began = performance.now();
    const counts = await whileHeld(["workspaces", world.workspace], expire);
    expect(performance.now() - began).toBeLessThan(2 * 2_000); // each try would wait for two seconds
    expect(counts).toEqual({ purged: 1, skipped: 12, failed: 0, remaining: 12 });
    expect(await receipts()).toEqual([]);
    expect(await expire()).toEqual({ purged: 12, skipped: 0, failed: 0, remaining: 0 });
    await checkInvariants(world.workspace.id, { createdImages: 6 });
  });

  test("ends within its budget and one wait, however many workspaces are held", async () => {
    const worlds = [world, await buildWorld(), await buildWorld(), await buildWorld()];
    for (const [i, each] of worlds.entries()) {
      const theirs = await buildProject(each);
      const then = await userContext(each, { now: when(-i).now });
      await trashVersion(then, versionRef(each, theirs, await buildVersion(each, theirs)));
    }
    const second = await connectSecond();
    await second.query("begin");
    await second.query("select id from workspaces for update");
    const began = performance.now();
    const counts = await expire(cron, AbortSignal.timeout(2_500)); // the second of four waits goes on for a little more
    expect(performance.now() - began).toBeLessThan(3 * 2_000);
    await second.query("rollback");
    await second.end();
    expect(counts).toEqual({ purged: 0, skipped: 2, failed: 0, remaining: 4 });
    expect(await expire()).toMatchObject({ purged: 4, remaining: 0 });
  });

  test.each(["purge_receipts", "audit_events", "pgboss.job"])(
    "removes nothing at all while %s cannot be written",
    async (table) => {
      const version = await buildVersion(world, project);
      await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
      await trash(version, earlier);
      await trashProject(earlier, projectRef(world, await buildProject(world)));
      const rows = async () => [
        await prisma().version.findMany({ include: { trainings: { include: { models: true } } } }),
        await prisma().project.count(),
        await usedImages(world),
        await prisma().purgeReceipt.count({ where: { rowsRemovedAt: { not: null } } }),
      ];
      const before = await rows();
      await breakTable(table, "insert");
      const { purged, failed } = await expire();
      expect([purged, failed, await rows()]).toEqual([0, 2, before]);
      await expect(purge("VERSION", version)).rejects.toThrow("No space left on device");
      expect(await rows()).toEqual(before);
      await checkInvariants(world.workspace.id, { createdImages: 10 });
      await repair();
      expect(await expire()).toMatchObject({ purged: 2, failed: 0, remaining: 0 });
      await checkInvariants(world.workspace.id, { createdImages: 10 });
    },
  );

  test("never purges what has no date, as a migration may leave it", async () => {
    const version = await buildVersion(world, project);
    await sql(
      "alter table versions drop constraint versions_trash_whole",
      `update versions set deleted_at = '2001-01-01', deleted_by_id = 'x' where id = '${version.id}'`,
    );
    expect(await expire()).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
    expect(await remaining()).toEqual([version.name]);
  });
});
