import { expect, test } from "vitest";
import { createApiKey } from "@/lib/domain/people";
import { trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { keyContext, versionRef } from "@/lib/testing/lifecycle";
import { listAuditActors } from "./audit-actors";

test("everybody in the log is named once, as of their newest event, a key with whose it is, and nobody of another workspace", async () => {
  const world = await buildWorld();
  const project = await buildProject(world);
  const owner = await userContext(world);
  const { keyId } = await createApiKey(owner, {
    workspaceSlug: world.workspace.slug,
    userId: world.owner.id,
    name: "CI",
  });
  const byKey = { ...owner, actor: { ...(await keyContext(world)).actor, keyId } };
  for (const ctx of [owner, byKey, byKey])
    await trashVersion(ctx, versionRef(world, project, await buildVersion(world, project)));
  const stranger = await buildWorld();
  await createApiKey(await userContext(stranger), {
    workspaceSlug: stranger.workspace.slug,
    userId: stranger.owner.id,
    name: "theirs",
  });
  const event = { workspaceId: world.workspace.id, action: "x", targetType: "version", targetId: "x", targetName: "x" };
  await prisma().auditEvent.createMany({
    data: ["Old name", "New name"].map((actorName, i) => ({
      ...event,
      at: new Date(i),
      actorType: "USER" as const,
      actorId: "left",
      actorName,
      userId: "left",
      requestId: "x",
    })),
  });

  const name = world.owner.name;
  expect((await listAuditActors(world.workspace.id)).toSorted((a, b) => (a.type < b.type ? -1 : 1))).toEqual([
    { id: keyId, type: "API_KEY", name, keyName: "CI", userId: world.owner.id },
    { id: world.owner.id, type: "USER", name, keyName: null, userId: world.owner.id },
    { id: "left", type: "USER", name: "New name", keyName: null, userId: "left" },
  ]);
  expect(await listAuditActors((await buildWorld()).workspace.id)).toEqual([]);
});
