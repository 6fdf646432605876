import { expect, test } from "vitest";
import type { Context } from "@/lib/domain/context";
import { transaction } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { getReceipt, listReceipts, purgeItem, trashVersion } from "@/lib/domain/trash";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, later, memberContext, outcomeOf, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { appendEntry } from "./receipt-chain";
import { insertReceipts, type PurgedItem } from "./receipts";

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

const newest = async (ctx: Context, world: World) =>
  (await listReceipts(ctx, { workspaceSlug: world.workspace.slug, limit: 1 })).receipts[0]!;

test("a receipt is read by every member, as the list has it", async () => {
  const { world, owner } = await buildReceipts(2);
  const receipt = await newest(owner, world);
  expect(receipt).toMatchObject({ itemName: "v1", images: 1 });
  const viewer = await memberContext(world, "VIEWER");
  const ref = { workspaceSlug: world.workspace.slug, receiptId: receipt.id };
  expect(await getReceipt(viewer, ref)).toEqual(receipt);
});

test("words of whoever purged it, or moved it to Trash, stand on it", async () => {
  const { world, owner } = await buildReceipts(1);
  const { id } = await newest(owner, world);
  expect(await newest(owner, world)).toMatchObject({ note: null, deletedNote: null, deletedByName: world.owner.name });
  const item: PurgedItem = {
    type: "VERSION",
    id: newId(),
    name: "noted",
    projectId: "p",
    projectSlug: "digits",
    versionNumber: 1,
    trainingNumber: null,
    deletedAt: owner.now,
    deletedById: "somebody who is gone",
    deletedNote: "blurred",
    purgeAfter: null,
    writersUntil: null,
    prefixes: [],
    images: 0,
    sourceImages: 0,
    trainings: 0,
    models: 0,
    files: 0,
    bytes: 0,
  };
  const how = { reason: "BY_HAND", note: "asked by legal", parentReceiptId: null, rowsRemoved: true } as const;
  await transaction(async (tx) => {
    const ids = await insertReceipts(tx, later(owner, 10_000), world.workspace.id, [item], how);
    await appendEntry(tx, world.workspace.id, "PURGED", ids);
  });
  const receipt = await newest(owner, world);
  expect(receipt.id).not.toBe(id);
  expect(receipt).toMatchObject({
    note: "asked by legal",
    deletedNote: "blurred",
    deletedById: "somebody who is gone",
    deletedByName: null,
  });
});

test("a receipt says who purged what, when, why and what it held; unverified, with nothing removed yet", async () => {
  const { world, owner } = await buildReceipts(1);
  const receipt = await newest(owner, world);
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
  const receipt = await newest(owner, world);
  const stranger = await userContext(await buildWorld());
  const own = stranger.actor.memberships[0]!.slug;
  expect(await outcomeOf(getReceipt(stranger, { workspaceSlug: own, receiptId: receipt.id }))).toBe("not_found");
  expect(await outcomeOf(getReceipt(stranger, { workspaceSlug: world.workspace.slug, receiptId: receipt.id }))).toBe(
    "not_found",
  );
});
