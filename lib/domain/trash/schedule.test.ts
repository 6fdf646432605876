import { readFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import {
  getTrashSchedule,
  purgeExpired,
  recordRun,
  summarizeTrash,
  trashProject,
  trashTraining,
  trashVersion,
} from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { PURGE_EVERY_MINUTES } from "@/lib/platform/job-queue";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import {
  DAY_MS,
  keyContext,
  later,
  memberContext,
  projectRef,
  RETENTION_MS,
  scheduler,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";

const HOUR_MS = DAY_MS / 24;
let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  project = await buildProject(world);
  await prisma().scheduledRun.deleteMany();
});

const schedule = (ctx = owner) => getTrashSchedule(ctx, { workspaceSlug: world.workspace.slug });
const run = async (by: "CRON" | "WORKER" | "ADMIN", mode: "ON" | "REPORT" = "ON", now = owner.now) => {
  const ctx = await scheduler(now);
  return recordRun(ctx, { by, mode }, (open) => purgeExpired(ctx, UNBOUNDED, open));
};
/** Makes all runs that old. */
const age = (ms: number) =>
  prisma().$executeRawUnsafe(
    `update scheduled_runs set started_at = started_at - ${ms} * interval '1 millisecond', ended_at = ended_at - ${ms} * interval '1 millisecond'`,
  );
const trashAt = async (ctx: Context, images = 1) => {
  const version = await buildVersion(world, project, { images });
  await trashVersion(ctx, versionRef(world, project, version));
  return version;
};

test("before any run it says that there was none, and expects none", async () => {
  expect(await schedule()).toMatchObject({
    workspace: { slug: world.workspace.slug },
    mode: "ON",
    lastRun: null,
    lastRunHere: null,
    nextRunAt: null,
    silentSince: null,
    coming: { items: 0, images: 0, bytes: 0, more: false },
  });
});

describe("the last run", () => {
  test("is told with what it did in this workspace, and nothing of another's", async () => {
    const other = await buildWorld();
    const theirs = await buildProject(other);
    for (let i = 0; i < 3; i++)
      await trashVersion(
        await userContext(other, { now: later(owner, -RETENTION_MS).now }),
        versionRef(other, theirs, await buildVersion(other, theirs)),
      );
    await trashAt(later(owner, -RETENTION_MS));
    await run("WORKER");
    expect(await schedule()).toMatchObject({
      lastRun: { by: "WORKER", state: "ended", purged: 1, failed: 0, skipped: 0, failures: [] },
    });
    await run("CRON");
    const { lastRun, lastRunHere } = await schedule();
    expect([lastRun, lastRunHere]).toMatchObject([
      { by: "CRON", purged: 0 },
      { by: "WORKER", purged: 1 },
    ]);
  });

  test("that broke down, or never came to its end, is told as that", async () => {
    const broken = recordRun(await scheduler(owner.now), { by: "CRON", mode: "ON" }, () =>
      Promise.reject(Object.assign(new Error("x"), { code: "ECONNRESET" })),
    );
    await expect(broken).rejects.toThrow("x");
    expect((await schedule()).lastRun).toMatchObject({ state: "failed", reason: "database_away" });
    await prisma().scheduledRun.updateMany({ data: { endedAt: null, reason: null } });
    expect((await schedule()).lastRun).toMatchObject({ state: "under_way" });
    await age(10 * 60_000);
    expect((await schedule()).lastRun).toMatchObject({ state: "lost", endedAt: null });
  });

  test("that only counted says how much, and so does the schedule", async () => {
    await trashAt(later(owner, -RETENTION_MS));
    await run("WORKER", "REPORT");
    expect(await schedule()).toMatchObject({ mode: "REPORT", lastRun: { mode: "REPORT", due: 1, purged: 0 } });
    await run("ADMIN"); // by hand: what the scheduler does is another thing
    expect(await schedule()).toMatchObject({ mode: "REPORT", lastRun: { by: "ADMIN" } });
    await run("WORKER");
    expect(await schedule()).toMatchObject({ mode: "ON" });
  });
});

describe("the next run", () => {
  const minutesUntil = async (ctx = owner) => ((await schedule(ctx)).nextRunAt!.getTime() - ctx.now.getTime()) / 60_000;

  test("comes at the times of whoever came lately: ours every five minutes, a scheduler's call on the hour", async () => {
    await run("CRON");
    const { nextRunAt } = await schedule();
    expect(nextRunAt!.getTime() % HOUR_MS).toBe(0);
    expect(await minutesUntil()).toBeLessThanOrEqual(60);
    await run("WORKER");
    expect((await schedule()).nextRunAt!.getTime() % (5 * 60_000)).toBe(0);
    expect(await minutesUntil()).toBeLessThanOrEqual(5);
    expect(await minutesUntil()).toBeGreaterThan(0);
  });

  test("is not promised for who missed its time, nor for what an administrator does", async () => {
    await run("ADMIN");
    expect((await schedule()).nextRunAt).toBeNull();
    await run("CRON");
    await age(3 * HOUR_MS);
    expect(await schedule()).toMatchObject({ nextRunAt: null, silentSince: null });
  });

  test("is missed after 26 hours, whatever was run by hand since", async () => {
    await run("CRON");
    await age(26 * HOUR_MS - 60_000);
    expect((await schedule()).silentSince).toBeNull();
    await age(2 * 60_000);
    await run("ADMIN");
    const { startedAt } = await prisma().scheduledRun.findFirstOrThrow({ where: { startedBy: "CRON" } });
    expect((await schedule()).silentSince).toEqual(startedAt);
  });

  test("is what vercel.json and the worker's queue say", () => {
    const { crons } = JSON.parse(readFileSync("vercel.json", "utf8")) as {
      crons: { path: string; schedule: string }[];
    };
    expect(crons).toEqual([{ path: "/api/cron/purge-expired", schedule: "0 * * * *" }]);
    expect(PURGE_EVERY_MINUTES).toEqual({ CRON: 60, WORKER: 5 });
  });
});

describe("what the next 24 hours will take", () => {
  test("is what will be due by then, what is overdue among it, each thing once", async () => {
    const at = (ms: number) => later(owner, -RETENTION_MS + ms);
    await trashAt(at(-HOUR_MS), 5); // overdue
    await trashAt(at(DAY_MS), 7); // at the last millisecond
    await trashAt(at(DAY_MS + 1), 11); // after it
    const live = await buildVersion(world, project);
    const training = await buildTraining(world, live, { status: "FINISHED" });
    await trashTraining(at(HOUR_MS), trainingRef(world, training));
    const faces = await buildProject(world);
    const within = await buildVersion(world, faces, { images: 100 });
    await trashVersion(at(2 * HOUR_MS), versionRef(world, faces, within));
    await trashProject(at(3 * HOUR_MS), projectRef(world, faces));
    const { coming } = await schedule();
    expect(coming).toMatchObject({ items: 5, projects: 1, versions: 3, trainings: 1, images: 112, more: false });
    expect(coming.until).toEqual(new Date(owner.now.getTime() + DAY_MS));

    // a run at that instant takes exactly that
    const before = await summarizeTrash(owner, world.workspace.slug);
    await run("WORKER", "ON", coming.until);
    const after = await summarizeTrash(owner, world.workspace.slug);
    expect([before.items - after.items, before.images - after.images]).toEqual([coming.items, coming.images]);
    expect((await schedule()).coming.items).toBe(0);
  });

  test("leaves out other workspaces and projects whose purge has begun", async () => {
    await trashAt(later(owner, -RETENTION_MS));
    await trashProject(owner, projectRef(world, project));
    await prisma().project.update({ where: { id: project.id }, data: { purgeStartedAt: owner.now } });
    expect((await schedule()).coming.items).toBe(0);
    await prisma().project.update({ where: { id: project.id }, data: { purgeStartedAt: null } });
    expect((await schedule()).coming.items).toBe(1);
    expect(
      (await getTrashSchedule(await userContext(await buildWorld()), { workspaceSlug: "none" }).catch(
        ({ code }: { code: string }) => code,
      )) as string,
    ).toBe("not_found");
  });
});

test("every member sees it, and a key with project:read; nobody else does", async () => {
  for (const role of ["OWNER", "EDITOR", "VIEWER"] as const)
    expect(await schedule(await memberContext(world, role))).toMatchObject({ coming: { items: 0 } });
  expect(await schedule(await keyContext(world, { scopes: ["project:read"] }))).toMatchObject({ lastRun: null });
  await expect(schedule(await keyContext(world, { scopes: ["version:read"] }))).rejects.toMatchObject({
    code: "missing_scope",
  });
  await expect(schedule(await userContext(await buildWorld()))).rejects.toMatchObject({ code: "not_found" });
});
