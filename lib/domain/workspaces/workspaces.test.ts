import { expect, test } from "vitest";
import { systemContext } from "@/lib/domain/context";
import { prisma } from "@/lib/platform/db";
import { buildUser, buildWorld, countRows, userContext } from "@/lib/testing/builders";
import { auditedActions, outcomeOf } from "@/lib/testing/lifecycle";
import { createWorkspace, systemMembership } from "./workspaces";

test("a new workspace has its first owner, and its log begins with it", async () => {
  const owner = await buildUser();
  const ctx = await systemContext("admin");
  const { workspaceId } = await createWorkspace(ctx, { slug: "hats", name: "Hats", ownerEmail: owner.email });
  expect(await prisma().membership.findMany({ where: { workspaceId } })).toMatchObject([
    { userId: owner.id, role: "OWNER", createdAt: ctx.now },
  ]);
  expect(await auditedActions({ workspace: { id: workspaceId, slug: "hats", name: "Hats" }, owner })).toEqual([
    "workspace.created",
  ]);
});

test("a slug that is taken, or that nobody could have, and an owner whom nobody knows make nothing at all", async () => {
  const { workspace, owner } = await buildWorld();
  const { email } = await prisma().user.findUniqueOrThrow({ where: { id: owner.id } });
  const ctx = await systemContext("admin");
  const before = await countRows();
  const create = (slug: string, ownerEmail = email) =>
    outcomeOf(createWorkspace(ctx, { slug, name: "Hats", ownerEmail }));
  expect([
    await create(workspace.slug),
    await create("trash"),
    await create("caps", "nobody@example.org"),
    await outcomeOf(
      createWorkspace(await userContext({ workspace, owner }), { slug: "caps", name: "x", ownerEmail: email }),
    ),
  ]).toEqual(["already_exists", "invalid_input", "not_found", "forbidden"]);
  expect(await countRows()).toEqual(before);
});

test("a job of ours works in a workspace as its owner would, if there is such a workspace", async () => {
  const { workspace } = await buildWorld();
  expect(await systemMembership(workspace.slug)).toEqual({
    workspaceId: workspace.id,
    slug: workspace.slug,
    name: workspace.name,
    role: "OWNER",
  });
  expect(await outcomeOf(systemMembership("nowhere"))).toBe("not_found");
});
