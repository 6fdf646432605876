import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { keyContext, memberContext, outcomeOf, trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";
import { createApiKey, revokeApiKey } from "@/lib/domain/people";
import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import {
  AUDIT_GROUPS,
  AUDIT_WINDOW,
  auditGroupOf,
  auditStatement,
  getAuditActors,
  listAuditEvents,
  readAuditEvents,
  type AuditFilter,
  type AuditPage,
} from "./audit-log";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";

const START = Date.parse("2026-01-01T00:00:00.000Z");

interface Recorded {
  /** Milliseconds after START. */
  at: number;
  action?: string;
  actorId?: string;
  actorType?: "USER" | "API_KEY" | "SYSTEM";
  userId?: string | null;
  targetType?: string;
  targetId?: string;
}

/** Answers their ids, newest first. */
async function record(world: World, events: readonly Recorded[]): Promise<string[]> {
  const rows = events.map(({ at, ...given }) => ({
    id: newId(),
    workspaceId: world.workspace.id,
    at: new Date(START + at),
    actorType: "USER" as const,
    actorId: world.owner.id,
    actorName: "Ada",
    userId: world.owner.id,
    action: "version.trashed",
    targetType: "version",
    targetId: newId(),
    targetName: "v1",
    requestId: newId(),
    ...given,
  }));
  await prisma().auditEvent.createMany({ data: rows });
  return rows.sort((a, b) => b.at.getTime() - a.at.getTime() || (b.id < a.id ? -1 : 1)).map(({ id }) => id);
}

const idsOf = ({ events }: AuditPage): string[] => events.map(({ id }) => id);

/** Every page until the last, as ids; and back to the first. */
async function walk(world: World, limit: number, filter: AuditFilter = {}): Promise<string[][]> {
  const [ctx, pages] = [await userContext(world), [] as string[][]];
  for (let before: string | undefined; ;) {
    const page = await listAuditEvents(ctx, { ...filter, workspaceSlug: world.workspace.slug, limit, before });
    pages.push(idsOf(page));
    if (page.older === null) return pages;
    before = page.older;
  }
}

test("pages visit every event once, newest first, also those of the same instant", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    [0, 0, 0, 0, 1, 1, 2, 3, 3, 3].map((at) => ({ at })),
  );
  for (const limit of [1, 2, 3, 10, 50]) expect((await walk(world, limit)).flat(), `${limit} a page`).toEqual(ids);
});

test("the way back leads over the same events, and ends at the newest page, whole", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    [0, 0, 1, 1, 2, 3, 3].map((at) => ({ at })),
  );
  const ctx = await userContext(world);
  const list = (place: { before?: string; after?: string }) =>
    listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 3, ...place });
  const first = await list({});
  expect([first.newer, idsOf(first)]).toEqual([null, ids.slice(0, 3)]);
  const second = await list({ before: first.older! });
  const third = await list({ before: second.older! });
  expect([idsOf(third), third.older]).toEqual([ids.slice(6), null]);
  const back = await list({ after: third.newer! });
  expect(idsOf(back)).toEqual(ids.slice(3, 6));
  expect(idsOf(await list({ before: back.older! }))).toEqual(ids.slice(6));
  expect(idsOf(await list({ after: back.newer! }))).toEqual(ids.slice(0, 3));
  const came = await record(world, [{ at: 9 }]);
  expect(idsOf(await list({ after: back.newer! }))).toEqual(ids.slice(0, 3)); // there is a newer one now
  const newest = await list({ after: (await list({ after: back.newer! })).newer! });
  expect([idsOf(newest), newest.newer]).toEqual([[...came, ...ids.slice(0, 2)], null]);
});

test("events that come while somebody turns pages move nothing", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    [0, 1, 2, 3].map((at) => ({ at })),
  );
  const ctx = await userContext(world);
  const first = await listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 2 });
  await record(world, [{ at: 10 }]);
  const second = await listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 2, before: first.older! });
  expect([...idsOf(first), ...idsOf(second)]).toEqual(ids);
});

test("a group has its own events only, each once, in the order of the log", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    AUDIT_ACTIONS.flatMap((action, at) => [
      { at, action },
      { at: 1000 - at, action },
    ]),
  );
  const byGroup = await Promise.all(AUDIT_GROUPS.map(async (action) => (await walk(world, 3, { action })).flat()));
  expect(byGroup.flat().toSorted()).toEqual(ids.toSorted());
  for (const group of byGroup) expect(group).toEqual(ids.filter((id) => group.includes(id)));
  const keys = await listAuditEvents(await userContext(world), {
    workspaceSlug: world.workspace.slug,
    limit: 50,
    action: "keys",
  });
  expect(new Set(keys.events.map(({ action }) => auditGroupOf(action as "api_key.created")))).toEqual(
    new Set(["keys"]),
  );
  expect(keys.events).toHaveLength(4);
});

test("one action, one item, one type, one actor and a time, alone or together, find what fits all of it", async () => {
  const world = await buildWorld();
  const [item, key, ada] = [newId(), newId(), world.owner.id];
  const [e, d, c, b, a] = await record(world, [
    { at: 1, action: "project.created", targetType: "project", targetId: item },
    { at: 2, action: "version.trashed", actorType: "API_KEY", actorId: key },
    {
      at: 3,
      action: "files.swept",
      targetType: "project",
      targetId: item,
      actorType: "SYSTEM",
      actorId: "file sweep",
      userId: null,
    },
    { at: 4, action: "files.swept", targetType: "version", actorType: "SYSTEM", actorId: "file sweep", userId: null },
    { at: 5, action: "project.trashed", targetType: "project", targetId: item, actorId: "grace", userId: "grace" },
  ]);
  const find = async (filter: AuditFilter) => (await walk(world, 2, filter)).flat();
  expect(await find({ action: "version.trashed" })).toEqual([b]);
  expect(await find({ item })).toEqual([e, c, a]);
  expect(await find({ type: "project" })).toEqual([e, c, a]);
  expect(await find({ type: "version" })).toEqual([d, b]);
  expect(await find({ actor: ada })).toEqual([b, a]); // her key too
  expect(await find({ actor: key })).toEqual([b]);
  expect(await find({ actor: "file sweep" })).toEqual([d, c]);
  expect(await find({ actor: "file sweep", type: "project" })).toEqual([c]);
  expect(await find({ item, action: "trash" })).toEqual([e]);
  expect(await find({ item, actor: ada })).toEqual([a]);
  expect(await find({ type: "version", action: "members" })).toEqual([]);
  expect(await find({ from: new Date(START + 3) })).toEqual([e, d, c]);
  expect(await find({ to: new Date(START + 3) })).toEqual([b, a]);
  expect(await find({ from: new Date(START + 2), to: new Date(START + 4), type: "version" })).toEqual([b]);
  expect(await find({ actor: "nobody" })).toEqual([]);
});

test("a rare event is found behind a long stretch of others, in bounded steps, both ways", async () => {
  const world = await buildWorld();
  const actor = "cron";
  const common = { actorId: actor, actorType: "SYSTEM" as const };
  const [oldest] = await record(world, [{ at: 0, action: "api_key.created", ...common }]);
  const second = await connectSecond();
  await second.query(
    `insert into audit_events (id, workspace_id, at, actor_type, actor_id, actor_name, action, target_type, target_id, target_name, request_id)
     select gen_random_uuid()::text, $1, $2::timestamptz + i * interval '1 millisecond', 'SYSTEM', $3, $3, 'version.trashed', 'version', 'x', 'x', 'x'
     from generate_series(1, ${AUDIT_WINDOW}) i`,
    [world.workspace.id, new Date(START), actor],
  );
  await second.end();
  expect(await walk(world, 50, { action: "keys" })).toEqual([[oldest]]); // its own index
  expect(await walk(world, 50, { actor, action: "keys" })).toEqual([[], [oldest]]);
  const ctx = await userContext(world);
  const list = (after: string) =>
    listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 5, actor, action: "keys", after });
  const beginning = `2025-01-01T00:00:00.000Z_${newId()}`;
  const found = await list(beginning);
  expect([idsOf(found), found.newer === null]).toEqual([[oldest], false]);
  expect(idsOf(await list(found.newer!))).toEqual([]);
});

test("a download has all that fits, in the order of the log, in batches, and nothing of after it was asked for", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    Array.from({ length: 2_500 }, (_, i) => ({
      at: i >> 1,
      action: i % 5 === 0 ? "version.restored" : "version.trashed",
    })),
  );
  const ctx = { ...(await userContext(world)), now: new Date(START + 10_000) };
  await record(world, [{ at: 10_001 }]);
  const read = async (filter: AuditFilter) => {
    const batches: string[][] = [];
    for await (const batch of readAuditEvents(ctx, { ...filter, workspaceSlug: world.workspace.slug }))
      batches.push(batch.map(({ id }) => id));
    return batches;
  };
  const all = await read({});
  expect(all.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
  expect(all.flat()).toEqual(ids);
  expect((await read({ action: "version.restored" })).flat()).toHaveLength(500);
  expect(await read({ item: "none" })).toEqual([]);
  const editor = await memberContext(world, "EDITOR");
  expect(await outcomeOf(readAuditEvents(editor, { workspaceSlug: world.workspace.slug }).next())).toBe("forbidden");
});

test("what can be filtered by is in the log: each actor once, also who has left", async () => {
  const world = await buildWorld();
  await record(world, [
    { at: 0 },
    { at: 1 },
    { at: 2, actorId: "gone", userId: "gone" },
    { at: 3, actorType: "SYSTEM", actorId: "cron", userId: null },
  ]);
  const actors = await getAuditActors(await userContext(world), world.workspace.slug);
  expect(actors.map(({ id, type }) => [id, type]).toSorted()).toEqual(
    [
      [world.owner.id, "USER"],
      ["gone", "USER"],
      ["cron", "SYSTEM"],
    ].toSorted(),
  );
  expect(await outcomeOf(getAuditActors(await memberContext(world, "EDITOR"), world.workspace.slug))).toBe("forbidden");
});

test("each filter reads a page from an index of its own, without sorting or walking the log, however rare what it looks for", async () => {
  const world = await buildWorld();
  const second = await connectSecond();
  // Nearly everything is of one actor, one action, one item, and nothing recent of the others: what misleads a planner most.
  await second.query(
    `insert into audit_events (id, workspace_id, at, actor_type, actor_id, actor_name, action, target_type, target_id, target_name, request_id)
     select gen_random_uuid()::text, $1, now() - i * interval '1 second', 'SYSTEM', case when i > 59990 then 'rare' else 'cron' end, 'x',
       case when i > 59990 then 'api_key.created' else 'version.purged' end, 'version', case when i > 59990 then 'rare' else 'often' end, 'x', 'x'
     from generate_series(1, 60000) i`,
    [world.workspace.id],
  );
  await second.query("analyze audit_events");
  const explain = async (
    driver: "actor_id" | "action" | "target_id" | null,
    direction: "older" | "newer",
    keys: string[],
  ) => {
    const rows = await second.query<{ "QUERY PLAN": string }>(
      `explain (analyze, costs off, timing off, summary off) ${auditStatement(driver, direction).text}`,
      [
        world.workspace.id,
        keys,
        direction === "older" ? "infinity" : "-infinity",
        "",
        "-infinity",
        "infinity",
        51,
        null,
        null,
        null,
        51,
      ],
    );
    return rows.map((row) => row["QUERY PLAN"]).join("\n");
  };
  for (const direction of ["older", "newer"] as const) {
    for (const [driver, keys] of [
      ["actor_id", ["rare", "cron"]],
      ["action", ["api_key.created", "version.purged", "project.created"]],
      ["target_id", ["rare"]],
      ["target_id", ["often"]],
    ] as const) {
      const plan = await explain(driver, direction, [...keys]);
      expect(plan).toMatch(new RegExp(`audit_events_workspace_id_${driver}_at_id_idx`));
      expectBounded(plan, 51 * keys.length);
    }
    const plan = await explain(null, direction, [""]);
    expect(plan).toContain("audit_events_workspace_id_at_id_idx");
    expectBounded(plan, 51);
  }
  await second.end();
});

/** Nothing in the plan has seen more rows than that, and nothing was read from the log but by index. */
function expectBounded(plan: string, rows: number): void {
  expect(plan).not.toMatch(/Seq Scan on audit_events|Bitmap Heap Scan on audit_events|Rows Removed by Filter: \d{3,}/);
  const seen = [...plan.matchAll(/actual rows=([\d.]+) loops=(\d+)/g)].map(
    ([, each, loops]) => Number(each) * Number(loops),
  );
  expect(Math.max(...seen), plan).toBeLessThanOrEqual(rows + keysOf(plan));
}

/** Beside the events, the keys themselves and the one row that the bounds are joined to. */
const keysOf = (plan: string): number => (plan.includes("Function Scan") ? 3 : 0);

test("a cursor that we never gave is refused", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  for (const cursor of [
    "",
    "x",
    "1_2",
    "2026-01-01T00:00:00.000Z_~",
    "2026-13-45T99:00:00.000Z_019a0000-0000-7000-8000-000000000000",
    "2026-01-01T00:00:00.000Z_\0",
  ]) {
    for (const place of [{ before: cursor }, { after: cursor }])
      expect(
        await outcomeOf(listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 5, ...place })),
        cursor,
      ).toBe("invalid_input");
  }
});

test("owners alone read the log, of their own workspace, and no key ever does", async () => {
  const world = await buildWorld();
  await record(world, [{ at: 0 }]);
  const read = async (ctx: Awaited<ReturnType<typeof userContext>>) =>
    outcomeOf(listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 5 }));
  expect(await read(await userContext(world))).toBe("done");
  expect(await read(await memberContext(world, "EDITOR"))).toBe("forbidden");
  expect(await read(await memberContext(world, "VIEWER"))).toBe("forbidden");
  expect(await read(await keyContext(world))).toBe("missing_scope");
  expect(await read(await userContext(await buildWorld()))).toBe("not_found");
  const other = await buildWorld();
  expect(
    (await listAuditEvents(await userContext(other), { workspaceSlug: other.workspace.slug, limit: 5 })).events,
  ).toEqual([]);
});

test("what a key did names the person and the key, also once it is revoked", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const version = await buildVersion(world, project, { name: "digits baseline" });
  const owner = await userContext(world);
  const { keyId } = await createApiKey(owner, {
    workspaceSlug: world.workspace.slug,
    userId: world.owner.id,
    name: "CI",
  });
  const key = { ...owner, actor: { ...(await keyContext(world)).actor, keyId } };
  await trashVersion(key, versionRef(world, project, version));
  await restoreVersion(key, trashedVersionRef(world, project, version));
  await revokeApiKey(owner, { workspaceSlug: world.workspace.slug, keyId });
  const { events } = await listAuditEvents(owner, { workspaceSlug: world.workspace.slug, limit: 5, action: "trash" });
  expect(
    events.map(({ action, actorType, actorName, keyName, targetName }) => ({
      action,
      actorType,
      actorName,
      keyName,
      targetName,
    })),
  ).toEqual([
    {
      action: "version.restored",
      actorType: "API_KEY",
      actorName: "Ada",
      keyName: "CI",
      targetName: "digits baseline",
    },
    { action: "version.trashed", actorType: "API_KEY", actorName: "Ada", keyName: "CI", targetName: "digits baseline" },
  ]);
});

test("everything that is recorded has a sentence and a name in both languages, and every sentence is of something", () => {
  const actionsOf = (sentences: Record<string, Record<string, string>>) =>
    Object.entries(sentences).flatMap(([object, verbs]) => Object.keys(verbs).map((verb) => `${object}.${verb}`));
  expect(actionsOf(en.audit.sentences).sort()).toEqual([...AUDIT_ACTIONS].sort());
  expect(actionsOf(ja.audit.sentences).sort()).toEqual([...AUDIT_ACTIONS].sort());
  expect(actionsOf(en.audit.actions).sort()).toEqual([...AUDIT_ACTIONS].sort());
});
