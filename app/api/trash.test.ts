import { describe, expect, it } from "vitest";
import { prisma } from "@/lib/platform/db";
import {
  buildApiKey,
  buildModel,
  buildProject,
  buildTraining,
  buildVersion,
  buildWorld,
  fingerprintTables,
} from "@/lib/testing/builders";
import { scheduleAnswer, trashAnswer } from "@/lib/doors/trash/schemas";
import { call } from "./_test/call-api";

async function buildScene() {
  const world = await buildWorld();
  const key = await buildApiKey(world);
  const project = await buildProject(world, { name: "Hard Hats" });
  const version = await buildVersion(world, project, { name: "first" });
  const slug = world.workspace.slug;
  const path = `/${slug}/${project.slug}`;
  const trash = async (query = "") => trashAnswer.parse((await call("GET", `/${slug}/trash${query}`, { key })).body);
  const restore = (json: unknown) => call("POST", `/${slug}/trash/restore`, { key, json });
  return { world, key, project, version, slug, path, trash, restore };
}

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const THIRTY_DAYS_MS = 30 * 24 * 60 * 60 * 1000;

describe("DELETE version", () => {
  it("answers 200 as the client's own re-delete does, hides the version everywhere and cancels its trainings", async () => {
    const { world, key, project, version, slug, path } = await buildScene();
    const queued = await buildTraining(world, version);
    const running = await buildTraining(world, version, { status: "RUNNING" });
    expect(await call("DELETE", `${path}/1`, { key })).toMatchObject({
      status: 200,
      body: { deleted: true, type: "version", workspace: slug, project: project.slug, version: "1", trash: true },
    });
    expect(await call("GET", `${path}/1`, { key })).toMatchObject({
      status: 404,
      body: { code: "in_trash", restorableUntil: expect.stringMatching(ISO) },
    });
    expect((await call("GET", path, { key })).body).toMatchObject({ project: { versions: 0 }, versions: [] });
    expect((await call("GET", `/${slug}`, { key })).body).toMatchObject({ workspace: { projects: [{ versions: 0 }] } });
    expect(await call("GET", `${path}/1/v2/trainings`, { key })).toMatchObject({ status: 404 });
    const trainings = await prisma().training.findMany({ where: { id: { in: [queued.id, running.id] } } });
    expect(trainings.map((training) => training.status)).toEqual(["CANCELLED", "CANCELLED"]);
  });
  it("is 404 the second time and moves no date", async () => {
    const { key, path, trash } = await buildScene();
    await call("DELETE", `${path}/1`, { key });
    const before = await trash();
    const again = await call("DELETE", `${path}/1`, { key });
    expect(again).toMatchObject({
      status: 404,
      body: {
        code: "in_trash",
        deletedAt: before.items[0]?.deletedAt,
        restorableUntil: before.items[0]?.scheduledCleanupAt,
      },
    });
    expect(await trash()).toEqual(before);
  });
  it("is 404 while its project is in Trash, and for what does not exist", async () => {
    const { key, path, slug } = await buildScene();
    expect(await call("DELETE", `${path}/2`, { key })).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await call("DELETE", `/${slug}/nothing-here/1`, { key })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
    await call("DELETE", path, { key });
    expect(await call("DELETE", `${path}/1`, { key })).toMatchObject({
      status: 404,
      body: { code: "project_in_trash" },
    });
  });
  it("is 503 with Retry-After, and changes nothing, while somebody else holds the version", async () => {
    const { key, path, version } = await buildScene();
    const { connectSecond } = await import("@/lib/testing/database");
    const second = await connectSecond();
    await second.query("begin");
    await second.query("select id from versions where id = $1 for update", [version.id]);
    const answer = await call("DELETE", `${path}/1`, { key });
    await second.query("rollback");
    await second.end();
    expect(answer).toMatchObject({ status: 503, body: { code: "busy" } });
    expect(answer.headers.get("retry-after")).toBe("5");
    expect(await call("GET", `${path}/1`, { key })).toMatchObject({ status: 200 });
  });
});

describe("DELETE project", () => {
  it("answers 200 with the opaque id and hides the project with everything in it", async () => {
    const { key, project, slug, path } = await buildScene();
    expect(await call("DELETE", path, { key })).toMatchObject({
      status: 200,
      body: {
        deleted: true,
        type: "project",
        workspace: slug,
        project: project.slug,
        projectId: project.id,
        trash: true,
      },
    });
    expect(await call("GET", path, { key })).toMatchObject({ status: 404, body: { code: "in_trash" } });
    expect(await call("GET", `${path}/1`, { key })).toMatchObject({ status: 404, body: { code: "project_in_trash" } });
    expect(await call("DELETE", path, { key })).toMatchObject({ status: 404, body: { code: "in_trash" } });
  });
});

describe("DELETE training", () => {
  it("trashes one that is over, refuses one that is not, and is 404 the second time", async () => {
    const { world, key, project, version, slug, path } = await buildScene();
    const queued = await buildTraining(world, version);
    const finished = await buildTraining(world, version, { status: "FINISHED" });
    expect(await call("DELETE", `${path}/1/v2/trainings/${queued.id}`, { key })).toMatchObject({
      status: 409,
      body: { code: "training_active" },
    });
    expect(await call("DELETE", `${path}/1/v2/trainings/${finished.id}`, { key })).toMatchObject({
      status: 200,
      body: {
        deleted: true,
        type: "training",
        workspace: slug,
        project: project.slug,
        version: "1",
        trainingId: finished.id,
        trash: true,
      },
    });
    expect(await call("DELETE", `${path}/1/v2/trainings/${finished.id}`, { key })).toMatchObject({
      status: 404,
      body: { code: "in_trash" },
    });
  });
  it("is 404 under another version, another project, and for an id that nobody has", async () => {
    const { world, key, project, version, slug, path } = await buildScene();
    await buildVersion(world, project);
    const other = await buildProject(world);
    await buildVersion(world, other);
    const training = await buildTraining(world, version, { status: "FINISHED" });
    for (const elsewhere of [`${path}/2`, `/${slug}/${other.slug}/1`])
      expect(await call("DELETE", `${elsewhere}/v2/trainings/${training.id}`, { key })).toMatchObject({
        status: 404,
        body: { code: "not_found" },
      });
    for (const id of ["x", "%00", "a%2Fb", "_".repeat(100)])
      expect(await call("DELETE", `${path}/1/v2/trainings/${id}`, { key })).toMatchObject({ status: 404 });
  });
});

describe("DELETE with ?reason=", () => {
  it("keeps why, and with which key, until it is restored; the audit log keeps it for good", async () => {
    const { world, key, project, version, slug, path, trash, restore } = await buildScene();
    const training = await buildTraining(world, version, { status: "FINISHED" });
    const acts = [
      ["training", `${path}/1/v2/trainings/${training.id}`, training.id, {}],
      ["version", `${path}/1`, "1", { parentId: project.id }],
      ["project", path, project.id, {}],
    ] as const;
    for (const [type, address] of acts) {
      const reason = encodeURIComponent(` U\u0308bung "${type}" 🪴 `);
      expect(await call("DELETE", `${address}?reason=${reason}`, { key })).toMatchObject({ status: 200 });
    }
    const told = (type: string) => ({ reason: `Übung "${type}" 🪴`, deletedWithKey: "test", deletedByName: "Ada" });
    for (const item of (await trash()).items) expect(item).toMatchObject(told(item.type));
    const { body } = await call("GET", `/${slug}/trash`, { key });
    expect(Object.keys((body as { items: object[] }).items[0]!).slice(0, 6)).toEqual([
      "type",
      "id",
      "name",
      "deletedAt",
      "scheduledCleanupAt",
      "deletedBy",
    ]);
    for (const [type, , id, more] of acts.toReversed())
      expect(await restore({ type, id, ...more })).toMatchObject({ status: 200 });
    await call("DELETE", `${path}/1`, { key });
    expect((await trash()).items).toMatchObject([{ type: "version", reason: null }]);
    const notes = await prisma().auditEvent.findMany({
      where: { workspaceId: world.workspace.id, action: { endsWith: ".trashed" } },
      orderBy: { at: "asc" },
      select: { details: true, targetType: true },
    });
    expect(notes.map(({ details }) => (details as { note?: string }).note)).toEqual([
      ...acts.map(([type]) => told(type).reason),
      undefined,
    ]);
  });
  it("is 422 with a sentence for one that is too long or holds a line break, and nothing is moved", async () => {
    const { key, path, trash } = await buildScene();
    for (const [reason, words] of [
      ["x".repeat(501), "at most 500 characters"],
      ["a%0Ab", "control characters"],
      ["%00", "control characters"],
    ] as const)
      for (const address of [path, `${path}/1`])
        expect(await call("DELETE", `${address}?reason=${reason}`, { key })).toMatchObject({
          status: 422,
          body: { code: "invalid_input", field: "reason", error: expect.stringContaining(words) },
        });
    expect((await trash()).items).toEqual([]);
    expect(await call("DELETE", `${path}/1?reason=`, { key })).toMatchObject({ status: 200 });
    expect((await trash()).items).toMatchObject([{ reason: null }]);
  });
});

describe("GET trash", () => {
  it("answers every field of every section, and all of it in items, newest first", async () => {
    const { world, key, project, version, slug, path, trash } = await buildScene();
    const training = await buildTraining(world, version, { status: "FINISHED" });
    await buildModel(world, training);
    const gone = await buildProject(world, { name: "Gone" });
    await buildVersion(world, project, { name: "second" });
    await call("DELETE", `${path}/1/v2/trainings/${training.id}`, { key });
    await call("DELETE", `${path}/2`, { key });
    await call("DELETE", `/${slug}/${gone.slug}`, { key });

    const dates = {
      deletedAt: expect.stringMatching(ISO),
      scheduledCleanupAt: expect.stringMatching(ISO),
      deletedBy: world.owner.id,
      deletedByName: "Ada",
      deletedWithKey: "test",
      reason: null,
    };
    const trashedProject = { type: "project", id: gone.id, name: "Gone", url: gone.slug, ...dates, bytes: 0 };
    const trashedVersion = {
      type: "version",
      id: "2",
      name: "second",
      parentId: project.id,
      parentUrl: project.slug,
      parentName: "Hard Hats",
      ...dates,
      bytes: 0,
    };
    const trashedTraining = {
      type: "training",
      id: training.id,
      name: "Training 1",
      parentId: version.id,
      parentUrl: `${project.slug}/1`,
      parentName: "Hard Hats 1",
      ...dates,
      bytes: 100, // its model's weights
    };
    const { status, body } = await call("GET", `/${slug}/trash`, { key });
    expect(status).toBe(200);
    expect(body).toEqual({
      items: [trashedProject, trashedVersion, trashedTraining],
      sections: {
        projects: [trashedProject],
        versions: [trashedVersion],
        trainings: [trashedTraining],
        images: [],
        workflows: [],
      },
      nextCursor: null,
    });
    for (const item of (await trash()).items)
      expect(Date.parse(item.scheduledCleanupAt) - Date.parse(item.deletedAt)).toBe(THIRTY_DAYS_MS);
  });
  it("is empty arrays and no null when there is nothing", async () => {
    const { slug, key } = await buildScene();
    expect((await call("GET", `/${slug}/trash`, { key })).body).toEqual({
      items: [],
      sections: { projects: [], versions: [], trainings: [], images: [], workflows: [] },
      nextCursor: null,
    });
  });
  it("pages by limit and cursor, by type too, without losing or repeating an item", async () => {
    const { world, key, project, slug, path, trash } = await buildScene();
    for (let n = 2; n <= 5; n++) await buildVersion(world, project);
    for (let n = 1; n <= 5; n++) await call("DELETE", `${path}/${n}`, { key });
    await call("DELETE", `/${slug}/${(await buildProject(world)).slug}`, { key });
    const seen: string[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Awaited<ReturnType<typeof trash>> = await trash(`?limit=2${cursor && `&cursor=${cursor}`}`);
      expect(page).not.toHaveProperty("truncated");
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map((item) => `${item.type} ${item.type === "version" ? item.id : ""}`));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual(["project ", "version 5", "version 4", "version 3", "version 2", "version 1"]);
    expect((await trash("?type=project")).items.map((item) => item.type)).toEqual(["project"]);
    expect((await trash("?type=training")).items).toEqual([]);
    expect((await trash("?type=version&limit=1")).items).toMatchObject([{ id: "5" }]);
  });
  it("says that it was cut, when no limit was asked for and there is more than it answers", async () => {
    const { world, key, project, slug, version } = await buildScene();
    await prisma().$executeRaw`
      insert into versions (id, workspace_id, project_id, number, name, seed, status, progress, preprocessing, augmentation, counted_images, manifest_hash, created_by_id, deleted_at, deleted_by_id, purge_after)
      select gen_random_uuid()::text, workspace_id, project_id, n, 'v', 1, 'READY', 1, '{}', '{}', 0, '0', created_by_id, now() + n * interval '1 ms', ${world.owner.id}, now() + interval '30 days'
      from versions, generate_series(1000, 11000) n where id = ${version.id}`;
    const { body } = await call("GET", `/${slug}/trash`, { key });
    const page = trashAnswer.parse(body);
    expect(page.items).toHaveLength(10_000);
    expect(page.truncated).toBe(true);
    const rest = trashAnswer.parse((await call("GET", `/${slug}/trash?cursor=${page.nextCursor}`, { key })).body);
    expect(rest.items).toMatchObject([{ id: "1000", parentId: project.id }]);
    expect(rest).not.toHaveProperty("truncated");
  });
  it("is 422 for a limit, type or cursor that cannot be", async () => {
    const { key, slug } = await buildScene();
    for (const query of [
      "limit=0",
      "limit=-1",
      "limit=10001",
      "limit=99999999",
      "limit=ten",
      "limit=1.5",
      "limit=",
      "type=workflow",
      "type=VERSION",
      "type=",
      "cursor=x",
      "cursor=%00",
      `cursor=${"a".repeat(5000)}`,
      "cursor=",
    ])
      expect(await call("GET", `/${slug}/trash?${query}`, { key }), query).toMatchObject({
        status: 422,
        body: { code: "invalid_input", field: query.split("=")[0] },
      });
  });
});

describe("POST trash/restore", () => {
  it("gives a version back as it was, with its number as a string or a number, its trainings still cancelled", async () => {
    const { world, key, project, version, path, trash, restore } = await buildScene();
    const training = await buildTraining(world, version);
    const read = async () => [(await call("GET", `${path}/1`, { key })).body, (await call("GET", path, { key })).body];
    const [before, projectBefore] = (await read()) as [{ version: object }, unknown];
    for (const id of ["1", 1]) {
      await call("DELETE", `${path}/1`, { key });
      expect(await restore({ type: "version", id, parentId: project.id })).toMatchObject({
        status: 200,
        body: { restored: true, type: "version", id: "1", parentId: project.id },
      });
      expect((await trash()).items).toEqual([]);
    }
    const train = { status: "failed", reason: "version moved to Trash" };
    expect(await read()).toEqual([{ ...before, version: { ...before.version, train } }, projectBefore]);
    expect(await prisma().training.findUniqueOrThrow({ where: { id: training.id } })).toMatchObject({
      status: "CANCELLED",
    });
  });
  it("gives a project back, and a training, and ignores fields that it does not know", async () => {
    const { world, key, project, version, path, trash, restore } = await buildScene();
    await call("DELETE", path, { key });
    expect(await restore({ type: "project", id: project.id, parentId: null, extra: { a: 1 } })).toMatchObject({
      status: 200,
      body: { restored: true, type: "project", id: project.id },
    });
    expect(await call("GET", `${path}/1`, { key })).toMatchObject({ status: 200 });
    const training = await buildTraining(world, version, { status: "FINISHED" });
    await call("DELETE", `${path}/1/v2/trainings/${training.id}`, { key });
    expect(await restore({ type: "training", id: training.id })).toMatchObject({
      status: 200,
      body: { restored: true, type: "training", id: training.id },
    });
    expect((await trash()).items).toEqual([]);
  });
  it("is 409 while the project is in Trash, and tells which to restore first", async () => {
    const { world, key, project, version, path, restore } = await buildScene();
    const training = await buildTraining(world, version, { status: "FINISHED" });
    await call("DELETE", `${path}/1/v2/trainings/${training.id}`, { key });
    await call("DELETE", `${path}/1`, { key });
    expect(await restore({ type: "training", id: training.id })).toMatchObject({
      status: 409,
      body: { code: "parent_in_trash", parentType: "version" },
    });
    await call("DELETE", path, { key });
    expect(await restore({ type: "version", id: "1", parentId: project.id })).toMatchObject({
      status: 409,
      body: { code: "parent_in_trash", parentType: "project" },
    });
    expect(await restore({ type: "training", id: training.id })).toMatchObject({
      status: 409,
      body: { parentType: "project" },
    });
  });
  it("is 404 for what is not in Trash, is no item, is a workflow, or belongs elsewhere", async () => {
    const { world, project, version, restore } = await buildScene();
    const training = await buildTraining(world, version, { status: "FINISHED" });
    const otherProject = await buildProject(world);
    const foreign = await buildScene();
    await call("DELETE", `${foreign.path}/1`, { key: foreign.key });
    expect(await restore({ type: "version", id: "1", parentId: project.id })).toMatchObject({
      status: 404,
      body: { code: "not_in_trash" },
    });
    expect(await restore({ type: "project", id: project.id })).toMatchObject({
      status: 404,
      body: { code: "not_in_trash" },
    });
    expect(await restore({ type: "training", id: training.id })).toMatchObject({
      status: 404,
      body: { code: "not_in_trash" },
    });
    const before = await fingerprintTables();
    for (const body of [
      { type: "version", id: "2", parentId: project.id },
      { type: "version", id: "1", parentId: otherProject.id },
      { type: "version", id: "1", parentId: foreign.project.id },
      { type: "version", id: "1", parentId: foreign.project.slug },
      { type: "version", id: version.id, parentId: project.id },
      { type: "project", id: foreign.project.id },
      { type: "project", id: project.slug },
      { type: "project", id: version.id },
      { type: "training", id: "1" },
      { type: "workflow", id: "wf_1" },
      ...["0", "01", "1e3", "-1", "2147483648", "1.5", "1 ", "", "\0", "٣"].map((id) => ({
        type: "version",
        id,
        parentId: project.id,
      })),
      ...[0, -1, 1.5, 1e300, 2147483648].map((id) => ({ type: "version", id, parentId: project.id })),
    ])
      expect(await restore(body), JSON.stringify(body)).toMatchObject({ status: 404, body: { code: "not_found" } });
    expect(await fingerprintTables()).toEqual(before);
  });
  it("is 400 for a body that is not what it takes, and names the field", async () => {
    const { key, slug, project, restore } = await buildScene();
    for (const [body, field] of [
      [{}, "type"],
      [{ type: "image", id: "1" }, "type"],
      [{ type: null, id: "1" }, "type"],
      [{ type: ["version"], id: "1", parentId: project.id }, "type"],
      [{ type: "version", parentId: project.id }, "id"],
      [{ type: "version", id: null, parentId: project.id }, "id"],
      [{ type: "version", id: { $gt: "" }, parentId: project.id }, "id"],
      [{ type: "version", id: "1" }, "parentId"],
      [{ type: "version", id: "1", parentId: "" }, "parentId"],
      [{ type: "version", id: "1", parentId: 7 }, "parentId"],
      [{ type: "version", id: "1", parentId: "\0" }, "parentId"],
      [{ type: "project" }, "id"],
      [{ type: "project", id: 7 }, "id"],
      [{ type: "project", id: "a\0b" }, "id"],
      [{ type: "project", id: "a".repeat(4096) }, "id"],
      [{ type: "training" }, "id"],
      [{ type: "workflow" }, "id"],
    ] as const)
      expect(await restore(body), JSON.stringify(body)).toMatchObject({
        status: 400,
        body: { code: "invalid_request", field, error: expect.stringContaining(`"${field}"`) },
      });
    for (const body of [null, [], "version", 7, true])
      expect(await restore(body), JSON.stringify(body)).toMatchObject({
        status: 400,
        body: { code: "invalid_request" },
      });
    for (const raw of ["", "{", "{'type': 'version'}", "\0", "undefined", new Uint8Array([0xff, 0xfe, 0x7b])]) {
      expect(
        await call("POST", `/${slug}/trash/restore`, { key, raw, headers: { "content-type": "application/json" } }),
      ).toMatchObject({ status: 400, body: { code: "invalid_request" } });
    }
  });
  it("takes JSON without a content type and of any JSON kind, and is 415 for what says it is something else", async () => {
    const { key, slug, project, path } = await buildScene();
    const bytes = () => new TextEncoder().encode(JSON.stringify({ type: "version", id: "1", parentId: project.id }));
    for (const headers of [
      {},
      { "content-type": "application/json; charset=utf-8" },
      { "content-type": "application/merge-patch+json" },
    ] as Record<string, string>[]) {
      await call("DELETE", `${path}/1`, { key });
      expect(await call("POST", `/${slug}/trash/restore`, { key, raw: bytes(), headers })).toMatchObject({
        status: 200,
      });
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "application/jsonp",
    ])
      expect(
        await call("POST", `/${slug}/trash/restore`, { key, raw: bytes(), headers: { "content-type": type } }),
      ).toMatchObject({ status: 415, body: { code: "unsupported_media_type" } });
  });
  it("is 413 beyond 64 kB, whether the length is announced or not", async () => {
    const { key, slug } = await buildScene();
    const big = "a".repeat(64 * 1024 + 1);
    const stream = () => new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16 * 1024)) });
    expect(await call("POST", `/${slug}/trash/restore`, { key, raw: new TextEncoder().encode(big) })).toMatchObject({
      status: 413,
    });
    expect(await call("POST", `/${slug}/trash/restore`, { key, raw: stream() })).toMatchObject({
      status: 413,
      body: { code: "payload_too_large" },
    });
    expect(
      await call("POST", `/${slug}/trash/restore`, {
        key,
        raw: "{}",
        headers: { "content-type": "application/json", "content-length": "70000" },
      }),
    ).toMatchObject({ status: 413 });
  });
});

describe("GET trash/schedule", () => {
  it("says when the scheduler ran, what it did here and why not, and what it will take", async () => {
    const { world, key, project, version, slug, path } = await buildScene();
    const second = await buildVersion(world, project, { name: "second", images: 7 });
    for (const number of [1, 2]) await call("DELETE", `${path}/${number}`, { key });
    await prisma().version.update({
      where: { id: version.id },
      data: { deletedAt: new Date("2026-01-01T00:00:00Z"), purgeAfter: new Date("2026-01-31T00:00:00Z") },
    });
    await prisma().scheduledRun.deleteMany();
    const schedule = async () => scheduleAnswer.parse((await call("GET", `/${slug}/trash/schedule`, { key })).body);
    expect(await schedule()).toMatchObject({
      purge: "on",
      lastRun: null,
      nextRunAt: null,
      overdue: false,
      next24Hours: { items: 1, versions: 1, projects: 0, trainings: 0, images: 10, more: false },
    });
    await prisma().$executeRawUnsafe(
      `create function stuck() returns trigger language plpgsql as $$ begin raise exception 'no' using errcode = '53100'; end $$`,
    );
    await prisma().$executeRawUnsafe(
      `create trigger stuck before delete on versions for each row execute function stuck()`,
    );
    const secret = { authorization: "Bearer cron-secret-of-the-tests" };
    await call("POST", "/cron/purge-expired", { headers: secret });
    await prisma().$executeRawUnsafe(`drop function stuck() cascade`);
    const { lastRun, nextRunAt } = await schedule();
    expect(lastRun).toMatchObject({
      by: "cron",
      state: "ended",
      reportOnly: false,
      purged: 0,
      failed: 1,
      failures: [
        {
          type: "version",
          id: version.id,
          name: "first",
          project: project.slug,
          version: "1",
          training: null,
          reason: "database_full",
          message: expect.stringContaining("no room"),
        },
      ],
    });
    expect(nextRunAt).toMatch(ISO);
    await call("POST", "/cron/purge-expired", { headers: secret });
    expect((await schedule()).lastRun).toMatchObject({ purged: 1, failed: 0, failures: [] });
    expect(await prisma().version.count({ where: { id: second.id } })).toBe(1);
  });
});

describe("what was purged", () => {
  it("is 404 with the receipt for a member, and like what never was for everybody else", async () => {
    const { key, project, version, path, restore } = await buildScene();
    await call("DELETE", `${path}/1`, { key });
    await prisma().version.update({
      where: { id: version.id },
      data: { deletedAt: new Date("2026-01-01T00:00:00Z"), purgeAfter: new Date("2026-01-31T00:00:00Z") },
    });
    const cron = await call("POST", "/cron/purge-expired", {
      headers: { authorization: "Bearer cron-secret-of-the-tests" },
    });
    expect(cron).toMatchObject({ status: 200, body: { failed: 0 } });
    const purged = { status: 404, body: { code: "purged", receiptId: expect.any(String) } };
    expect(await call("GET", `${path}/1`, { key })).toMatchObject(purged);
    expect(await call("DELETE", `${path}/1`, { key })).toMatchObject(purged);
    expect(await restore({ type: "version", id: "1", parentId: project.id })).toMatchObject(purged);
    const stranger = await buildScene();
    expect(await call("GET", `${path}/1`, { key: stranger.key })).toMatchObject({
      status: 404,
      body: { code: "not_found" },
    });
  });
});
