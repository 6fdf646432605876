import { expect, test } from "vitest";
import { prisma, transaction } from "@/lib/platform/db";
import { buildWorld, userContext, type World } from "@/lib/testing/builders";
import { auditedActions } from "@/lib/testing/lifecycle";
import { recordAudit, type AuditEntry } from "./audit";

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
