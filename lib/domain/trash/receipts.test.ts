import { expect, test } from "vitest";
import { getReceipt, listReceipts, purgeItem, trashVersion } from "@/lib/domain/trash";
import { buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { itemRef, later, memberContext, outcomeOf, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";

async function buildReceipts(count: number) {
  const world = await buildWorld();
  const owner = await userContext(world);
  const project = await buildProject(world);
  for (let i = 0; i < count; i++) {
    const version = await buildVersion(world, project, { name: `v${i}`, images: i });
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(later(owner, 1 + i), itemRef(world, "VERSION", version), UNBOUNDED);
  }
  return { world, owner };
}

test("receipts are listed newest first, as many as asked for, and read one by one, by every member", async () => {
  const { world, owner } = await buildReceipts(3);
  const ref = { workspaceSlug: world.workspace.slug };
  const receipts = await listReceipts(owner, { ...ref, limit: 2 });
  expect(receipts.map(({ itemName, images }) => [itemName, images])).toEqual([
    ["v2", 2],
    ["v1", 1],
  ]);
  const viewer = await memberContext(world, "VIEWER");
  expect(await getReceipt(viewer, { ...ref, receiptId: receipts[0]!.id })).toEqual(receipts[0]);
});

test("a receipt says who purged what, when, why and what it held; unverified, with nothing removed yet", async () => {
  const { world, owner } = await buildReceipts(1);
  const [receipt] = await listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 1 });
  expect(receipt).toMatchObject({
    itemType: "VERSION",
    itemName: "v0",
    versionNumber: 1,
    trainingNumber: null,
    reason: "BY_HAND",
    actorType: "USER",
    purgedAt: later(owner, 1).now,
    deletedAt: owner.now,
    expectedBytes: 0,
    removedFiles: 0,
    removedBytes: 0,
    verifiedAt: null,
    lastError: null,
  });
});

test("nobody reads another workspace's receipts, be it under their own workspace's name", async () => {
  const { world, owner } = await buildReceipts(1);
  const [receipt] = await listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 1 });
  const stranger = await userContext(await buildWorld());
  const own = stranger.actor.memberships[0]!.slug;
  expect(await outcomeOf(getReceipt(stranger, { workspaceSlug: own, receiptId: receipt!.id }))).toBe("not_found");
  expect(await outcomeOf(getReceipt(stranger, { workspaceSlug: world.workspace.slug, receiptId: receipt!.id }))).toBe(
    "not_found",
  );
});
