import { describe, expect, test } from "vitest";
import type { Context } from "./context";
import { prisma, transaction } from "@/lib/platform/db";
import { buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions, DAY_MS, keyContext, later } from "@/lib/testing/lifecycle";
import { BATCH_PAUSE_MS, recordAudit, recordBatch, type AuditEntry } from "./audit";

const renamed = (world: World, targetId: string): AuditEntry => ({
  workspaceId: world.workspace.id,
  action: "project.renamed",
  targetType: "project",
  targetId,
  targetName: "hats",
  details: { before: "caps" },
});

test("an event says who did what to what, at the instant and in the request of the act", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world, { now: new Date("2026-05-01T10:00:00.123Z") });
  await transaction((tx) => recordAudit(tx, ctx, [renamed(world, "p")]));
  expect(await prisma().auditEvent.findMany({ where: { workspaceId: world.workspace.id } })).toEqual([
    {
      id: expect.any(String),
      workspaceId: world.workspace.id,
      at: ctx.now,
      actorType: "USER",
      actorId: world.owner.id,
      actorName: world.owner.name,
      userId: world.owner.id,
      action: "project.renamed",
      targetType: "project",
      targetId: "p",
      targetName: "hats",
      details: { before: "caps" },
      requestId: ctx.requestId,
    },
  ]);
});

test("a set of events is written with what it tells of, or not at all", async () => {
  const world = await buildWorld();
  const ctx = await userContext(world);
  const act = (end: () => void) =>
    transaction(async (tx) => {
      await recordAudit(tx, ctx, [renamed(world, "p"), renamed(world, "q")]);
      end();
    });
  await expect(
    act(() => {
      throw new Error("the act failed after all");
    }),
  ).rejects.toThrow("after all");
  expect(await auditedActions(world)).toEqual([]);
  await act(() => {});
  expect(await auditedActions(world)).toEqual(["project.renamed", "project.renamed"]);
});

describe("what is done many times in a row", () => {
  const eventsOf = async (world: World) =>
    (await prisma().auditEvent.findMany({ where: { workspaceId: world.workspace.id }, orderBy: { id: "asc" } })).map(
      ({ actorId, targetId, action, at, details }) => ({ actorId, targetId, action, at, details }),
    );

  async function setup() {
    const world = await buildWorld();
    const ctx = await userContext(world, { now: new Date("2026-05-01T10:00:00.000Z") });
    const add = (
      by: Context,
      images: number,
      targetId = "p",
      action: "image.uploaded" | "image.annotated" = "image.uploaded",
    ) =>
      transaction((tx) =>
        recordBatch(
          tx,
          by,
          { workspaceId: world.workspace.id, action, targetType: "project", targetId, targetName: "hats" },
          { images },
        ),
      );
    return { world, ctx, add };
  }

  test("is one event, with its sum and when the last of it was, as long as no pause is longer than ten minutes", async () => {
    const { world, ctx, add } = await setup();
    for (let i = 0; i < 4; i++) await add(later(ctx, i * BATCH_PAUSE_MS - i), 10);
    const until = later(ctx, 3 * BATCH_PAUSE_MS - 3).now;
    expect(await eventsOf(world)).toMatchObject([{ at: ctx.now, details: { images: 40, until: until.toISOString() } }]);
    await add({ ...ctx, now: new Date(until.getTime() + BATCH_PAUSE_MS) }, 1);
    expect(await eventsOf(world)).toMatchObject([{ details: { images: 40 } }, { details: { images: 1 } }]);
  });

  test("is another event for another actor, another thing and another action", async () => {
    const { world, ctx, add } = await setup();
    const key = { ...(await keyContext(world)), now: ctx.now };
    for (let i = 0; i < 2; i++) {
      await add(ctx, 1);
      await add(key, 1);
      await add(ctx, 1, "q");
      await add(ctx, 1, "p", "image.annotated");
    }
    const events = await eventsOf(world);
    expect(events).toHaveLength(4);
    for (const { details } of events) expect(details).toMatchObject({ images: 2 });
  });

  test("is no more than a day of it in one event", async () => {
    const { world, ctx, add } = await setup();
    for (let at = 0; at <= DAY_MS; at += BATCH_PAUSE_MS / 2) await add(later(ctx, at), 1);
    expect((await eventsOf(world)).map(({ details }) => (details as { images: number }).images)).toEqual([288, 1]);
  });

  test("is counted whole by many at once, and not at all by what is rolled back", async () => {
    const { world, ctx, add } = await setup();
    await Promise.all(Array.from({ length: 30 }, (_, i) => add(later(ctx, i), 1)));
    await expect(
      transaction(async (tx) => {
        await recordBatch(
          tx,
          ctx,
          {
            workspaceId: world.workspace.id,
            action: "image.uploaded",
            targetType: "project",
            targetId: "p",
            targetName: "",
          },
          { images: 1 },
        );
        throw new Error("the upload failed after all");
      }),
    ).rejects.toThrow("after all");
    const [event, ...others] = await eventsOf(world);
    expect(others).toEqual([]);
    expect(event!.details).toEqual({ images: 30, until: later(ctx, 29).now.toISOString() });
  });
});
