import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildMember, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { later, memberContext, outcomeOf, scheduler, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import type { Context } from "@/lib/domain/context";
import {
  freezeTrash,
  listTrash,
  previewPurge,
  runTrashJobs,
  startPurge,
  startRestore,
  trashVersion,
} from "@/lib/domain/trash";
import { purgeSet } from "@/lib/testing/full-trash";
import { forgetExpiredSelections, isAsSeen, readSelected } from "./selections";

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
  for await (const page of readSelected(selectionId, 2)) ids.push(...page.map(({ id }) => id));
  return ids;
};

test("all of Trash is frozen, or exactly the items that were chosen; nobody else's are", async () => {
  await buildVersion(world, await buildProject(world));
  const all = await freezeTrash(owner, { ...slugs, set: "all" });
  expect(all).toMatchObject({ items: 3, more: false, asSeen: 3 });
  expect(await frozen(all.id)).toEqual(versions.map(({ id }) => id).reverse()); // oldest first

  const [newest, , oldest] = await itemsInTrash();
  const two = await freezeTrash(owner, { ...slugs, set: { items: [newest!, oldest!] } });
  expect(two).toMatchObject({ items: 2, more: false, asSeen: 2 });
  expect(await frozen(two.id)).toEqual([oldest!.id, newest!.id]);

  const stranger = await buildWorld();
  const ctx = await userContext(stranger);
  const set = { items: [newest!] };
  expect(await freezeTrash(ctx, { workspaceSlug: stranger.workspace.slug, set })).toMatchObject({
    items: 0,
    asSeen: 0,
  });
});

test("all that a view matches is frozen, whatever of it a page showed", async () => {
  const [one, two] = await itemsInTrash();
  const view = { type: "VERSION", search: one!.name } as const;
  const matching = await freezeTrash(owner, { ...slugs, set: { view } });
  expect(await frozen(matching.id)).toEqual([one!.id]);
  const until = one!.deletedAt;
  const earlier = await freezeTrash(owner, { ...slugs, set: { view: { until } } });
  expect(await frozen(earlier.id)).not.toContain(one!.id);
  expect(earlier).toMatchObject({ items: 2, asSeen: 2, more: false });
  const none = await freezeTrash(owner, { ...slugs, set: { view: { type: "PROJECT", search: two!.name } } });
  expect(none.items).toBe(0);
});

test("what is not as the page listed it is frozen as it was listed, and told from the rest", async () => {
  const [one, two, three] = await itemsInTrash();
  await purgeSet(owner, slugs.workspaceSlug, { items: [three!] });
  const another = { ...one!, deletedAt: new Date(one!.deletedAt.getTime() + 1) };
  const selection = await freezeTrash(owner, { ...slugs, set: { items: [another, two!, three!] } });
  expect(selection).toMatchObject({ items: 3, asSeen: 1 });
  const seen = new Map<string, [string, boolean, boolean]>();
  for await (const page of readSelected(selection.id, 10))
    for (const item of page) seen.set(item.id, [item.name, isAsSeen(item), item.exists]);
  expect([one, two, three].map((item) => seen.get(item!.id))).toEqual([
    [one!.name, false, true],
    [two!.name, true, true],
    [three!.name, false, false],
  ]);
});

test("a selection is for half an hour, for the person who looked, and for the workspace looked at", async () => {
  const { id } = await previewPurge(owner, { ...slugs, set: "all" });
  const elsewhere = await buildWorld();
  await prisma().membership.create({
    data: { workspaceId: elsewhere.workspace.id, userId: world.owner.id, role: "OWNER" },
  });
  const there = await userContext(elsewhere, { user: world.owner });
  const other = await userContext(world, { user: await buildMember(world, "OWNER") });
  for (const [ctx, workspaceSlug, token] of [
    [later(owner, 30 * MINUTE_MS), slugs.workspaceSlug, id],
    [other, slugs.workspaceSlug, id],
    [there, elsewhere.workspace.slug, id],
    [owner, slugs.workspaceSlug, "0190aaaa-0000-7000-8000-000000000005"],
    [owner, slugs.workspaceSlug, "nonsense"],
  ] as const) {
    expect(await outcomeOf(startPurge(ctx, { workspaceSlug, previewId: token, confirm: "3" }))).toBe("stale_selection");
    expect(await outcomeOf(startRestore(ctx, { workspaceSlug, selectionId: token }))).toBe("stale_selection");
  }
  expect(await itemsInTrash()).toHaveLength(3);
  const inTime = later(owner, 30 * MINUTE_MS - 1);
  expect(await startPurge(inTime, { ...slugs, previewId: id, confirm: "3" })).toMatchObject({ done: 3, left: 0 });
});

test("who may only look freezes nothing", async () => {
  expect(await outcomeOf(freezeTrash(await memberContext(world, "VIEWER"), { ...slugs, set: "all" }))).toBe(
    "forbidden",
  );
  expect((await freezeTrash(await memberContext(world, "EDITOR"), { ...slugs, set: "all" })).items).toBe(3);
});

test("an empty Trash is an empty selection", async () => {
  await purgeSet(owner, slugs.workspaceSlug, "all");
  expect(await freezeTrash(owner, { ...slugs, set: "all" })).toMatchObject({ items: 0, more: false });
  expect(await purgeSet(owner, slugs.workspaceSlug, "all")).toMatchObject({ items: 0, done: 0, end: "FINISHED" });
});

test("what expired an hour ago is forgotten with its items, save what was acted on, and nothing else", async () => {
  const now = new Date();
  const acted = await freezeTrash(later(owner, -91 * MINUTE_MS), { ...slugs, set: "all" });
  await startRestore(later(owner, -90 * MINUTE_MS), { ...slugs, selectionId: acted.id });
  for (let i = 0; i < 25; i++) await freezeTrash(later(owner, -91 * MINUTE_MS - i), { ...slugs, set: "all" });
  const kept = await freezeTrash(later(owner, -89 * MINUTE_MS), { ...slugs, set: "all" });
  await runTrashJobs(await scheduler(now), UNBOUNDED);
  const left = await prisma().trashSelection.findMany({
    where: { workspaceId: world.workspace.id },
    orderBy: { id: "asc" },
    select: { id: true },
  });
  expect(left).toEqual([{ id: acted.id }, { id: kept.id }]);
});

test("a run without time left forgets some of them all the same", async () => {
  await forgetExpiredSelections(await scheduler(owner.now), UNBOUNDED);
  for (let i = 0; i < 12; i++) await freezeTrash(later(owner, -91 * MINUTE_MS - i), { ...slugs, set: "all" });
  expect(await forgetExpiredSelections(await scheduler(owner.now), AbortSignal.abort())).toBe(10);
  expect(await forgetExpiredSelections(await scheduler(owner.now), UNBOUNDED)).toBe(2);
});
