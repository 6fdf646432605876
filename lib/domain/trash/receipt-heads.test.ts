import { beforeEach, expect, test, vi } from "vitest";
import { prisma } from "@/lib/platform/db";
import { log } from "@/lib/platform/log";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import { itemRef, outcomeOf, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { systemContext, type Context } from "@/lib/domain/context";
import {
  eraseFiles,
  getReceiptHead,
  getReceiptProof,
  logMovedHeads,
  purgeItem,
  trashVersion,
} from "@/lib/domain/trash";
import { readSignedHead } from "./receipt-heads";

let world: World;
let owner: Context;
let ref: { workspaceSlug: string };

beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  ref = { workspaceSlug: world.workspace.slug };
});

async function purge() {
  const project = await buildProject(world);
  const version = await buildVersion(world, project);
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
  return prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
}

/** What is written to the log meanwhile about heads. */
async function loggedHeads(run: () => Promise<unknown>): Promise<unknown[]> {
  const info = vi.spyOn(log(), "info");
  await run();
  const lines = info.mock.calls.map(([line]) => line as unknown);
  info.mockRestore();
  return lines.filter((line) => (line as { workspace?: string }).workspace === world.workspace.slug);
}

test("a signed head says its entry and hash, to this server and workspace alone", async () => {
  expect(await getReceiptHead(owner, ref)).toBeNull();
  await purge();
  const head = (await getReceiptHead(owner, ref))!;
  expect(head).toEqual({ number: 1, hash: expect.any(String), signed: expect.stringMatching(/^rh1\./) });
  expect(readSignedHead(world.workspace.id, head.signed!)).toEqual({ number: 1, hash: head.hash });
  expect(() => readSignedHead("another", head.signed!)).toThrow("another workspace");
  expect(() => readSignedHead(world.workspace.id, head.signed!.replace(".1.", ".2."))).toThrow("NEXTAUTH_SECRET");
  expect(() => readSignedHead(world.workspace.id, head.hash)).toThrow("not a signed head");
});

test("a receipt is led to the entries that tell of it, oldest first, by members alone", async () => {
  const { id: receiptId } = await purge();
  await purge();
  await eraseFiles(await systemContext("erase-files"), UNBOUNDED);
  const { entries, head } = await getReceiptProof(owner, { ...ref, receiptId });
  expect(entries.map(({ number, kind }) => [number, kind])).toEqual([
    [1, "PURGED"],
    [3, "VERIFIED"],
  ]);
  expect(head).toMatchObject({ number: 3, hash: entries[1]!.hash });
  const elsewhere = await buildWorld();
  const stranger = await userContext(elsewhere);
  for (const workspaceSlug of [elsewhere.workspace.slug, ref.workspaceSlug])
    expect(await outcomeOf(getReceiptProof(stranger, { workspaceSlug, receiptId }))).toBe("not_found");
  expect(await outcomeOf(getReceiptHead(stranger, ref))).toBe("not_found");
});

test("a head that moved is written to the log once, and again when it moves again", async () => {
  const job = await systemContext("test");
  await purge();
  const { signed } = (await getReceiptHead(owner, ref))!;
  expect(await loggedHeads(() => logMovedHeads(job))).toEqual([{ workspace: world.workspace.slug, head: signed }]);
  expect(await loggedHeads(() => logMovedHeads(job))).toEqual([]);
  await purge();
  expect(await loggedHeads(() => logMovedHeads(job))).toHaveLength(1);
  await expect(logMovedHeads(owner)).rejects.toMatchObject({ code: "forbidden" });
});

test("a head that somebody is appending to is not waited for, and written when it is theirs no more", async () => {
  const job = await systemContext("test");
  await purge();
  const second = await connectSecond();
  await second.query("begin");
  await second.query("select * from receipt_heads where workspace_id = $1 for update", [world.workspace.id]);
  expect(await loggedHeads(() => logMovedHeads(job))).toEqual([]);
  await second.query("commit");
  await second.end();
  expect(await loggedHeads(() => logMovedHeads(job))).toHaveLength(1);
});
