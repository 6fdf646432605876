import { describe, expect, it } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildApiKey, buildProject, buildVersion, buildWorld, fingerprintTables } from "@/lib/testing/builders";
import { call } from "../../_test/call-api";
import { maxDuration } from "./route";

const SECRET = { authorization: "Bearer cron-secret-of-the-tests" };

/** A version that waits in Trash and is due. */
async function buildDue() {
  const world = await buildWorld();
  const key = await buildApiKey(world);
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  const path = `/${world.workspace.slug}/${project.slug}/1`;
  await call("DELETE", path, { key });
  await prisma().version.update({
    where: { id: version.id },
    data: { deletedAt: new Date("2026-01-01T00:00:00Z"), purgeAfter: new Date("2026-01-31T00:00:00Z") },
  });
  return { world, key, path };
}

describe("the scheduler's call", () => {
  it.each(["GET", "POST"])(
    "purges what is due with %s, gives back the quota once, and says what it did",
    async (method) => {
      const { world, key, path } = await buildDue();
      await buildVersion(world, await buildProject(world), { images: 7 });
      expect(await call(method, "/cron/purge-expired", { headers: SECRET })).toMatchObject({
        status: 200,
        body: { purged: 1, skipped: 0, failed: 0, remaining: 0, files: { verified: 1, postponed: 0 } },
      });
      expect(await call("GET", path, { key })).toMatchObject({ status: 404, body: { code: "purged" } });
      const quota = async () =>
        (await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } })).usedImages;
      expect(await quota()).toBe(7);
      expect(await call(method, "/cron/purge-expired", { headers: SECRET })).toMatchObject({
        status: 200,
        body: { purged: 0, skipped: 0, failed: 0, remaining: 0, files: { verified: 0, postponed: 0 } },
      });
      expect(await quota()).toBe(7);
    },
  );

  it("does the same once when two run at once", async () => {
    const { world } = await buildDue();
    const answers = await Promise.all([1, 2].map(() => call("POST", "/cron/purge-expired", { headers: SECRET })));
    const counts = answers.map((answer) => answer.body as { purged: number; failed: number });
    expect(counts.reduce((sum, count) => sum + count.purged, 0)).toBe(1);
    expect(counts.map((count) => count.failed)).toEqual([0, 0]);
    expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(1);
  });

  it("is 401 and writes nothing for everybody else, key, cookie and near misses alike", async () => {
    const { key } = await buildDue();
    const before = await fingerprintTables();
    const others: Record<string, string>[] = [
      {},
      { authorization: "" },
      { authorization: "Bearer" },
      { authorization: "Bearer " },
      { authorization: "cron-secret-of-the-tests" },
      { authorization: "Basic cron-secret-of-the-tests" },
      { authorization: "Bearer cron-secret-of-the-test" },
      { authorization: "Bearer cron-secret-of-the-testsx" },
      { authorization: "Bearer CRON-SECRET-OF-THE-TESTS" },
      { authorization: `Bearer ${key}` },
      { cookie: "cron=cron-secret-of-the-tests" },
      { "x-vercel-cron": "1", host: "localhost", "user-agent": "vercel-cron/1.0" },
    ];
    for (const method of ["GET", "POST"])
      for (const headers of others)
        expect(await call(method, "/cron/purge-expired", { headers }), JSON.stringify(headers)).toMatchObject({
          status: 401,
          body: { code: "unauthorized" },
        });
    expect(await call("POST", "/cron/purge-expired?api_key=cron-secret-of-the-tests")).toMatchObject({ status: 401 });
    expect(await call("POST", "/cron/purge-expired", { key })).toMatchObject({ status: 401 });
    expect(await fingerprintTables()).toEqual(before);
  });

  it("is 405 for HEAD, which must change nothing", async () => {
    await buildDue();
    const before = await fingerprintTables();
    const answer = await call("HEAD", "/cron/purge-expired", { headers: SECRET });
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")).toBe("GET, OPTIONS, POST");
    expect(await fingerprintTables()).toEqual(before);
  });

  it("is 500 with the same counts when an item could not be purged, and purges the others", async () => {
    const [stuck] = [await buildDue(), await buildDue()];
    // stands in for whatever may go wrong with one item: its removal fails in the database
    await prisma().$executeRawUnsafe(
      `create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$`,
    );
    await prisma().$executeRawUnsafe(
      `create trigger refuse before delete on versions for each row when (old.workspace_id = '${stuck.world.workspace.id}') execute function refuse()`,
    );
    expect(await call("POST", "/cron/purge-expired", { headers: SECRET })).toMatchObject({
      status: 500,
      body: { purged: expect.any(Number), failed: 1, remaining: 1 },
    });
    await prisma().$executeRawUnsafe(`drop trigger refuse on versions`);
    expect(await call("POST", "/cron/purge-expired", { headers: SECRET })).toMatchObject({
      status: 200,
      body: { purged: 1, failed: 0, remaining: 0 },
    });
  });

  it("is 500 when one of its steps broke down, and the others have had their turn", async () => {
    const { world } = await buildDue();
    await call("POST", "/cron/purge-expired", { headers: SECRET });
    const receipt = { where: { workspaceId: world.workspace.id } };
    await prisma().purgeReceipt.updateMany({ ...receipt, data: { verifiedAt: null, nextAttemptAt: null } });
    await prisma().$executeRawUnsafe(`alter table trainings rename column purge_after to elsewhere`);
    const answer = await call("POST", "/cron/purge-expired", { headers: SECRET });
    await prisma().$executeRawUnsafe(`alter table trainings rename column elsewhere to purge_after`);
    expect(answer).toMatchObject({ status: 500, body: { code: "internal" } });
    expect(await prisma().purgeReceipt.findFirst(receipt)).toMatchObject({ verifiedAt: expect.any(Date) });
  });

  it("is on record with its counts, and that of one that broke down with its reason", async () => {
    const { world } = await buildDue();
    await prisma().scheduledRun.deleteMany();
    await call("POST", "/cron/purge-expired", { headers: SECRET });
    expect(await prisma().scheduledRun.findMany({ include: { workspaces: true } })).toMatchObject([
      {
        startedBy: "CRON",
        purged: 1,
        failed: 0,
        verified: 1,
        postponed: 0,
        reason: null,
        endedAt: expect.any(Date),
        workspaces: [{ workspaceId: world.workspace.id, purged: 1 }],
      },
    ]);
    await prisma().$executeRawUnsafe(`alter table trainings rename column purge_after to elsewhere`);
    await call("POST", "/cron/purge-expired", { headers: SECRET });
    await prisma().$executeRawUnsafe(`alter table trainings rename column elsewhere to purge_after`);
    expect(await prisma().scheduledRun.findFirst({ orderBy: { id: "desc" } })).toMatchObject({
      reason: "internal",
      detail: "42703",
      endedAt: expect.any(Date),
    });
  });

  it("may run longer than its budget", () => {
    expect(maxDuration).toBeGreaterThan(50);
  });
});
