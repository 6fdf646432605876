import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { keyContext, memberContext, outcomeOf, trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import en from "@/messages/en.json";
import ja from "@/messages/ja.json";
import { createApiKey, revokeApiKey } from "@/lib/domain/people";
import { AUDIT_ACTIONS } from "@/lib/domain/audit";
import { AUDIT_GROUPS, AUDIT_WINDOW, auditGroupOf, listAuditEvents, type AuditGroup } from "./audit-log";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";

const START = Date.parse("2026-01-01T00:00:00.000Z");

/** Events of these actions, `at` each of these milliseconds after START. */
async function record(world: World, events: readonly { at: number; action?: string }[]): Promise<string[]> {
  const rows = events.map(({ at, action = "version.trashed" }) => ({
    id: newId(),
    workspaceId: world.workspace.id,
    at: new Date(START + at),
    actorType: "USER" as const,
    actorId: world.owner.id,
    actorName: "Ada",
    action,
    targetType: "version",
    targetId: newId(),
    targetName: "v1",
    requestId: newId(),
  }));
  await prisma().auditEvent.createMany({ data: rows });
  return rows.sort((a, b) => b.at.getTime() - a.at.getTime() || (b.id < a.id ? -1 : 1)).map(({ id }) => id);
}

/** Every page until the last, as ids. */
async function walk(world: World, limit: number, group?: AuditGroup): Promise<string[][]> {
  const [ctx, pages] = [await userContext(world), [] as string[][]];
  for (let cursor: string | undefined; ;) {
    const { events, nextCursor } = await listAuditEvents(ctx, {
      workspaceSlug: world.workspace.slug,
      limit,
      cursor,
      group,
    });
    pages.push(events.map(({ id }) => id));
    if (nextCursor === null) return pages;
    cursor = nextCursor;
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

test("events that come while somebody turns pages move nothing", async () => {
  const world = await buildWorld();
  const ids = await record(
    world,
    [0, 1, 2, 3].map((at) => ({ at })),
  );
  const ctx = await userContext(world);
  const first = await listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 2 });
  await record(world, [{ at: 10 }]);
  const second = await listAuditEvents(ctx, {
    workspaceSlug: world.workspace.slug,
    limit: 2,
    cursor: first.nextCursor!,
  });
  expect([...first.events, ...second.events].map(({ id }) => id)).toEqual(ids);
});

test("a group has its own events only, each once", async () => {
  const world = await buildWorld();
  await record(
    world,
    AUDIT_ACTIONS.flatMap((action, at) => [
      { at, action },
      { at, action },
    ]),
  );
  const byGroup = await Promise.all(AUDIT_GROUPS.map((group) => walk(world, 3, group)));
  expect(new Set(byGroup.flat(2)).size).toBe(2 * AUDIT_ACTIONS.length);
  expect(byGroup.flat(2)).toHaveLength(2 * AUDIT_ACTIONS.length);
  const [keys] = [
    await listAuditEvents(await userContext(world), { workspaceSlug: world.workspace.slug, limit: 50, group: "keys" }),
  ];
  expect(keys.events.map(({ action }) => auditGroupOf(action as "api_key.created"))).toEqual([
    "keys",
    "keys",
    "keys",
    "keys",
  ]);
});

test("a rare group is found behind a long stretch of others, in bounded steps", async () => {
  const world = await buildWorld();
  const [rare] = await record(world, [{ at: 0, action: "api_key.created" }]);
  await record(
    world,
    Array.from({ length: AUDIT_WINDOW }, (_, i) => ({ at: i + 1 })),
  );
  expect(await walk(world, 50, "keys")).toEqual([[], [rare]]);
});

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
    expect(
      await outcomeOf(listAuditEvents(ctx, { workspaceSlug: world.workspace.slug, limit: 5, cursor })),
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
  const { events } = await listAuditEvents(owner, { workspaceSlug: world.workspace.slug, limit: 5, group: "trash" });
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

test("everything that is recorded has a sentence in both languages, and every sentence is of something", () => {
  const actionsOf = (sentences: Record<string, Record<string, string>>) =>
    Object.entries(sentences).flatMap(([object, verbs]) => Object.keys(verbs).map((verb) => `${object}.${verb}`));
  expect(actionsOf(en.audit.sentences).sort()).toEqual([...AUDIT_ACTIONS].sort());
  expect(actionsOf(ja.audit.sentences).sort()).toEqual([...AUDIT_ACTIONS].sort());
});
