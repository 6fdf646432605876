import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { recordRun, purgeExpired, restoreVersion, trashProject, trashVersion, type OpenRun } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import {
  auditedActions,
  later,
  projectRef,
  RETENTION_MS,
  scheduler,
  trashedVersionRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { claimProject } from "./purge-project";

let world: World;
let owner: Context;
let earlier: Context;
let cron: Context;
let project: Awaited<ReturnType<typeof buildProject>>;

beforeEach(async () => {
  world = await buildWorld();
  project = await buildProject(world);
  owner = await userContext(world);
  earlier = later(owner, -RETENTION_MS);
  cron = await scheduler(owner.now);
  await purgeExpired(cron, UNBOUNDED);
  await prisma().scheduledRun.deleteMany();
});

async function sql(...statements: string[]): Promise<void> {
  const second = await connectSecond();
  for (const statement of statements) await second.query(statement);
  await second.end();
}
/** Makes the removal of versions of that name fail, as a broken row does. */
const poison = (name: string) =>
  sql(
    "create or replace function broken() returns trigger language plpgsql as $$ begin raise exception 'no room' using errcode = '53100'; end $$",
    `create or replace trigger broken before delete on versions for each row when (old.name = '${name}') execute function broken()`,
  );
const heal = () => sql("drop function if exists broken() cascade");
afterEach(heal);

const run = (mode: "ON" | "REPORT" = "ON", work = (open: OpenRun) => purgeExpired(cron, UNBOUNDED, open)) =>
  recordRun(cron, { by: "WORKER", mode }, work);
const trash = async (name: string) => {
  const version = await buildVersion(world, project, { name });
  await trashVersion(earlier, versionRef(world, project, version));
  return version;
};
const runs = () => prisma().scheduledRun.findMany({ orderBy: { id: "asc" }, include: { workspaces: true } });

describe("a scheduled run", () => {
  test("is recorded with what it did in all and in each workspace, and nothing where it did nothing", async () => {
    const other = await buildWorld();
    const theirs = await buildProject(other);
    await trash("a");
    await trashVersion(
      await userContext(other, { now: earlier.now }),
      versionRef(other, theirs, await buildVersion(other, theirs)),
    );
    await buildWorld();
    const open: OpenRun[] = [];
    await run("ON", async (one) => {
      open.push(one);
      one.files = { verified: 2, postponed: 1 };
      const [begun] = await runs();
      expect(begun).toMatchObject({ startedBy: "WORKER", endedAt: null });
      return purgeExpired(cron, UNBOUNDED, one);
    });
    const [record, ...more] = await runs();
    expect(more).toEqual([]);
    expect(record).toMatchObject({ mode: "ON", purged: 2, skipped: 0, failed: 0, remaining: 0, due: 0, verified: 2 });
    expect(record!.postponed).toBe(1);
    expect(record!.endedAt!.getTime()).toBeGreaterThanOrEqual(record!.startedAt.getTime());
    expect(record!.reason).toBeNull();
    expect(record!.workspaces.map(({ workspaceId, purged }) => [workspaceId, purged]).sort()).toEqual(
      [
        [world.workspace.id, 1],
        [other.workspace.id, 1],
      ].sort(),
    );
  });

  test("that throws is recorded with the reason in a word, and what it had done by then; its error is thrown", async () => {
    await trash("a");
    const broken = run("ON", async (open) => {
      await purgeExpired(cron, UNBOUNDED, open);
      throw Object.assign(new Error("connect ECONNREFUSED 10.0.0.1"), { code: "ECONNREFUSED" });
    });
    await expect(broken).rejects.toThrow("ECONNREFUSED");
    const [record] = await runs();
    expect(record).toMatchObject({ purged: 1, reason: "database_away", detail: "ECONNREFUSED" });
    expect(record!.endedAt).not.toBeNull();
    expect(record!.workspaces).toHaveLength(1);
  });

  test("says of each item that failed why, by name; the audit log says so once for each spell", async () => {
    const poisoned = await trash("poison");
    await trash("a");
    await poison("poison");
    for (let times = 0; times < 3; times++) await run();
    const [first, , third] = await runs();
    const failure = {
      type: "VERSION",
      id: poisoned.id,
      name: "poison",
      projectSlug: project.slug,
      number: 1,
      reason: "database_full",
      detail: "53100",
    };
    expect(first).toMatchObject({ purged: 1, failed: 1, remaining: 1, workspaces: [{ purged: 1, failed: 1 }] });
    for (const { workspaces } of [first!, third!]) expect(workspaces[0]!.failures).toMatchObject([failure]);
    const told = async () =>
      (await auditedActions(world)).filter((action) => action === "workspace.purge_failed").length;
    expect(await told()).toBe(1);
    const event = await prisma().auditEvent.findFirstOrThrow({ where: { action: "workspace.purge_failed" } });
    expect(event).toMatchObject({
      workspaceId: world.workspace.id,
      targetId: world.workspace.id,
      actorType: "SYSTEM",
      details: { failed: 1, runId: first!.id, items: [{ id: poisoned.id, name: "poison", reason: "database_full" }] },
    });

    // another one fails too: that is news
    const another = await buildVersion(world, project, { name: "poison" });
    await trashVersion(earlier, versionRef(world, project, another));
    await run();
    expect(await told()).toBe(2);
    await heal();
    await run();
    expect((await runs()).at(-1)).toMatchObject({ purged: 2, failed: 0, remaining: 0 });
    expect(await told()).toBe(2);
  });

  test("that only reports counts what is due, and purges nothing; but what a purge has begun it finishes", async () => {
    const version = await trash("a");
    const begun = await buildProject(world);
    await trashProject(owner, projectRef(world, begun));
    const seen = new Map([[begun.id, owner.now]]);
    await claimProject(owner, world.workspace.id, begun.id, { reason: "BY_HAND", now: owner.now, seen });
    expect(await run("REPORT")).toEqual({ purged: 1, skipped: 0, failed: 0, remaining: 1 });
    expect(await runs()).toMatchObject([{ mode: "REPORT", due: 1, purged: 1, workspaces: [{ due: 1, purged: 1 }] }]);
    expect(await prisma().project.count({ where: { id: begun.id } })).toBe(0);
    await restoreVersion(owner, trashedVersionRef(world, project, version));
    expect(await run("REPORT")).toEqual({ purged: 0, skipped: 0, failed: 0, remaining: 0 });
  });

  test("whose record cannot be written does its work all the same", async () => {
    await trash("a");
    await sql("alter table scheduled_runs rename to elsewhere");
    expect(await run()).toMatchObject({ purged: 1, failed: 0 });
    await sql("alter table elsewhere rename to scheduled_runs");
  });

  test("is forgotten after 90 days, with what it did in each workspace", async () => {
    await trash("a");
    await run();
    await sql("update scheduled_runs set started_at = now() - interval '90 days 1 minute'");
    const [old] = await runs();
    await run();
    expect((await runs()).map(({ id }) => id)).not.toContain(old!.id);
    expect(await prisma().scheduledRunWorkspace.count({ where: { runId: old!.id } })).toBe(0);
  });

  test("is recorded by the system alone", async () => {
    await expect(recordRun(owner, { by: "WORKER", mode: "ON" }, async () => 1)).rejects.toMatchObject({
      code: "forbidden",
    });
  });
});
