import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildMember, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { later, memberContext, outcomeOf, scheduler, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import type { Context } from "@/lib/domain/context";
import {
  emptyTrash,
  freezeTrash,
  listTrash,
  purgeExpired,
  purgeItems,
  restoreAll,
  trashVersion,
} from "@/lib/domain/trash";
import { forgetExpiredSelections, readSelected } from "./selections";

const MINUTE_MS = 60_000;

let world: World;
let owner: Context;
let slugs: { workspaceSlug: string };
let versions: { id: string; number: number }[];

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  slugs = { workspaceSlug: world.workspace.slug };
  const project = await buildProject(world);
  versions = [];
  for (let i = 0; i < 3; i++) {
    const version = await buildVersion(world, project);
    await trashVersion(later(owner, -i), versionRef(world, project, version));
    versions.push(version);
  }
});

const itemsInTrash = async () => (await listTrash(owner, slugs)).items;
const frozen = async (selectionId: string) => {
  const ids: string[] = [];
  for await (const page of readSelected(selectionId)) ids.push(...page.map(({ id }) => id));
  return ids;
};

test("all of Trash is frozen, or exactly the items that were chosen; nobody else's are", async () => {
  await buildVersion(world, await buildProject(world));
  const all = await freezeTrash(owner, slugs);
  expect(all).toMatchObject({ items: 3, more: false });
  expect(await frozen(all.id)).toEqual(versions.map(({ id }) => id).reverse()); // oldest first

  const [newest, , oldest] = await itemsInTrash();
  const two = await freezeTrash(owner, { ...slugs, items: [newest!, oldest!] });
  expect(two).toMatchObject({ items: 2, more: false });
  expect(await frozen(two.id)).toEqual([oldest!.id, newest!.id]);

  const stranger = await buildWorld();
  const theirs = freezeTrash(await userContext(stranger), { workspaceSlug: stranger.workspace.slug, items: [newest!] });
  expect(await outcomeOf(theirs)).toBe("stale_selection");
});

test("what is not as the page listed it cannot be chosen, nor what is chosen beside it", async () => {
  const [one, two] = await itemsInTrash();
  const another = { ...one!, deletedAt: new Date(one!.deletedAt.getTime() + 1) };
  const before = await prisma().trashSelection.count();
  expect(await outcomeOf(freezeTrash(owner, { ...slugs, items: [another, two!] }))).toBe("stale_selection");
  expect(await prisma().trashSelection.count()).toBe(before);
});

test("a selection is for half an hour, for the person who looked, and for the workspace looked at", async () => {
  const { id: selectionId } = await freezeTrash(owner, slugs);
  const elsewhere = await buildWorld();
  await prisma().membership.create({
    data: { workspaceId: elsewhere.workspace.id, userId: world.owner.id, role: "OWNER" },
  });
  const there = await userContext(elsewhere, { user: world.owner });
  const other = await userContext(world, { user: await buildMember(world, "OWNER") });
  const input = { ...slugs, selectionId, confirm: "3" };
  for (const [ctx, ref] of [
    [later(owner, 30 * MINUTE_MS), input],
    [other, input],
    [there, { ...input, workspaceSlug: elsewhere.workspace.slug }],
    [owner, { ...input, selectionId: "0190aaaa-0000-7000-8000-000000000005" }],
    [owner, { ...input, selectionId: "nonsense" }],
  ] as const) {
    for (const act of [emptyTrash, purgeItems, restoreAll])
      expect(await outcomeOf(act(ctx, ref, UNBOUNDED))).toBe("stale_selection");
  }
  expect(await itemsInTrash()).toHaveLength(3);
  expect(await emptyTrash(later(owner, 30 * MINUTE_MS - 1), input, UNBOUNDED)).toMatchObject({ items: 3, left: 0 });
});

test("who may only look freezes nothing", async () => {
  expect(await outcomeOf(freezeTrash(await memberContext(world, "VIEWER"), slugs))).toBe("forbidden");
  expect((await freezeTrash(await memberContext(world, "EDITOR"), slugs)).items).toBe(3);
});

test("an empty Trash is an empty selection", async () => {
  const { id, items } = await freezeTrash(owner, slugs);
  await emptyTrash(owner, { ...slugs, selectionId: id, confirm: String(items) }, UNBOUNDED);
  const nothing = await freezeTrash(owner, slugs);
  expect(nothing).toMatchObject({ items: 0, more: false });
  expect(await emptyTrash(owner, { ...slugs, selectionId: nothing.id, confirm: "0" }, UNBOUNDED)).toEqual({
    items: 0,
    left: 0,
    changed: 0,
  });
});

test("the scheduled run forgets what expired an hour ago, with its items, and nothing else", async () => {
  await prisma().trashSelection.deleteMany();
  for (let i = 0; i < 25; i++) await freezeTrash(later(owner, -91 * MINUTE_MS - i), slugs);
  const kept = await freezeTrash(later(owner, -89 * MINUTE_MS), slugs);
  await purgeExpired(await scheduler(owner.now), UNBOUNDED);
  expect(await prisma().trashSelection.findMany({ select: { id: true } })).toEqual([{ id: kept.id }]);
  expect(await prisma().trashSelectionItem.count()).toBe(3);
});

test("a run without time left forgets some of them all the same", async () => {
  await prisma().trashSelection.deleteMany();
  for (let i = 0; i < 12; i++) await freezeTrash(later(owner, -91 * MINUTE_MS - i), slugs);
  expect(await forgetExpiredSelections(await scheduler(owner.now), AbortSignal.abort())).toBe(10);
  expect(await forgetExpiredSelections(await scheduler(owner.now), UNBOUNDED)).toBe(2);
});
