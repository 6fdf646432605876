import { beforeAll, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { connectSecond } from "@/lib/testing/database";
import {
  DAY_MS,
  itemRef,
  later,
  outcomeOf,
  projectRef,
  trainingRef,
  UNBOUNDED,
  versionRef,
} from "@/lib/testing/lifecycle";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";
import type { Context } from "@/lib/domain/context";
import {
  listReceipts,
  purgeItem,
  summarizeWaiting,
  trashProject,
  trashTraining,
  trashVersion,
  type ReceiptFilters,
} from "@/lib/domain/trash";
import { receiptsStatement } from "./receipt-list";

leavesBroken("its receipts are marked by hand");

let world: World;
let owner: Context;

// Of a version "v0" … "v5" each day, two at each instant; then of a training and of a project with a version, on day 3.
beforeAll(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  const project = await buildProject(world, { slug: "digits" });
  for (let i = 0; i < 6; i++) {
    const version = await buildVersion(world, project, { name: `v${i}` });
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(later(owner, Math.floor(i / 2) * DAY_MS), itemRef(world, "VERSION", version), UNBOUNDED);
  }
  const training = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
  await trashTraining(owner, trainingRef(world, training));
  await purgeItem(later(owner, 3 * DAY_MS), itemRef(world, "TRAINING", training), UNBOUNDED);
  const faces = await buildProject(world, { slug: "faces", name: "Faces 100%" });
  await buildVersion(world, faces, { name: "smiles" });
  await trashProject(owner, projectRef(world, faces));
  await purgeItem(later(owner, 3 * DAY_MS + 1), itemRef(world, "PROJECT", faces), UNBOUNDED);
  await prisma().purgeReceipt.updateMany({
    where: { itemName: { in: ["v0", "v1", "v2"] } },
    data: { verifiedAt: new Date() },
  });
  const foreign = await buildWorld();
  const theirs = await buildProject(foreign);
  await trashProject(await userContext(foreign), projectRef(foreign, theirs));
  await purgeItem(await userContext(foreign), itemRef(foreign, "PROJECT", theirs), UNBOUNDED);
});

const list = (
  input: { limit?: number; cursor?: string | undefined; towards?: "older" | "newer" } & ReceiptFilters = {},
) => listReceipts(owner, { workspaceSlug: world.workspace.slug, limit: 100, ...input });
const names = async (filters: ReceiptFilters) => (await list(filters)).receipts.map(({ itemName }) => itemName);

async function everything(): Promise<string[]> {
  const rows = await prisma().purgeReceipt.findMany({
    where: { workspaceId: world.workspace.id },
    orderBy: [{ purgedAt: "desc" }, { id: "desc" }],
  });
  return rows.map(({ id }) => id);
}

test.each([1, 2, 4, 8, 9, 10])(
  "pages of %i hold every receipt once, newest first, and the way back leads over the same pages",
  async (limit) => {
    const pages: string[][] = [];
    let page = await list({ limit });
    for (;;) {
      pages.push(page.receipts.map(({ id }) => id));
      if (page.older === null) break;
      page = await list({ limit, cursor: page.older });
    }
    expect(pages.flat()).toEqual(await everything());
    for (const before of pages.slice(0, -1).reverse()) {
      page = await list({ limit, cursor: page.newer!, towards: "newer" });
      expect(page.receipts.map(({ id }) => id)).toEqual(before);
    }
    expect(page.newer).toBeNull();
  },
);

test("a step back that reaches the newest ones shows a whole first page", async () => {
  const first = await list({ limit: 2 });
  const second = await list({ limit: 3, cursor: first.older! });
  const back = await list({ limit: 3, cursor: second.newer!, towards: "newer" });
  expect(back.receipts.map(({ id }) => id)).toEqual((await everything()).slice(0, 3));
  expect(back.newer).toBeNull();
});

test("filters narrow it: by type, proof, name or project, and days; and by all of them at once", async () => {
  expect(await names({ type: "TRAINING" })).toEqual(["Training 1"]);
  expect(await names({ type: "PROJECT" })).toEqual(["Faces 100%"]);
  expect((await names({ state: "verified" })).sort()).toEqual(["v0", "v1", "v2"]);
  expect((await names({ state: "waiting" })).sort()).toEqual(["Faces 100%", "Training 1", "smiles", "v3", "v4", "v5"]);
  expect((await names({ search: "FACES" })).sort()).toEqual(["Faces 100%", "smiles"]);
  expect(await names({ search: "100%" })).toEqual(["Faces 100%"]);
  expect(await names({ search: "v_" })).toEqual([]);
  expect((await names({ search: "  " })).length).toBe(9);
  const [from, until] = [later(owner, DAY_MS).now, later(owner, 2 * DAY_MS).now];
  expect((await names({ from, until })).sort()).toEqual(["v2", "v3"]); // the end is not in it
  expect((await names({ until: from })).sort()).toEqual(["v0", "v1"]);
  expect(await names({ type: "VERSION", state: "verified", search: "digits", from, until })).toEqual(["v2"]);
});

test("a project's receipt counts the files of its versions, which have their own receipts too", async () => {
  const { receipts } = await list({ search: "faces" });
  const [project, version] = ["PROJECT", "VERSION"].map((type) => receipts.find(({ itemType }) => itemType === type)!);
  await prisma().purgeReceipt.update({ where: { id: version!.id }, data: { expectedFiles: 7, expectedBytes: 70 } });
  const [own] = (await list({ type: "PROJECT" })).receipts;
  expect(own).toMatchObject({ expectedFiles: project!.expectedFiles + 7, expectedBytes: project!.expectedBytes + 70 });
  expect(own).toMatchObject({ versions: 1, images: 10 });
});

test("a cursor that we never gave is refused with a sentence, one of nothing at all shows nothing", async () => {
  for (const cursor of ["nonsense", "", Buffer.from("2026-01-01 x").toString("base64url"), "\u0000"])
    expect(await outcomeOf(list({ cursor })), cursor).toBe("invalid_input");
  const before = Buffer.from(`2000-01-01T00:00:00.000Z ${"0".repeat(36)}`).toString("base64url");
  expect(await list({ cursor: before })).toEqual({ receipts: [], older: null, newer: null });
});

test("nobody lists another workspace's receipts", async () => {
  const stranger = await userContext(await buildWorld());
  const ref = { workspaceSlug: world.workspace.slug };
  expect(await outcomeOf(listReceipts(stranger, { ...ref, limit: 1 }))).toBe("not_found");
  expect(await outcomeOf(summarizeWaiting(stranger, ref))).toBe("not_found");
});

test("what the store has not given back is told in bytes, with what it said last and the next try", async () => {
  const ref = { workspaceSlug: world.workspace.slug };
  const waiting = await summarizeWaiting(owner, ref);
  expect(waiting).toMatchObject({ receipts: 6, more: false, failing: null });
  const [one, other] = (await list({ state: "waiting", type: "VERSION" })).receipts;
  const nextAttemptAt = later(owner, 60_000).now;
  for (const [receipt, lastError, at] of [
    [one!, "newest", later(owner, 90_000).now],
    [other!, "older", nextAttemptAt],
  ] as const)
    await prisma().purgeReceipt.update({
      where: { id: receipt.id },
      data: { lastError, nextAttemptAt: at, expectedBytes: 100, removedBytes: 120 },
    });
  expect((await summarizeWaiting(owner, ref)).failing).toEqual({
    receipts: 2,
    bytes: 240,
    reason: "newest",
    nextAttemptAt,
  });
});

describe("however many there are", () => {
  test.each([
    ["all", {}],
    ["of a type", { type: "PROJECT" }],
    ["waiting", { state: "waiting" }],
    ["of some days", { from: new Date("2026-01-01T00:00:00Z"), until: new Date("2026-01-02T00:00:00Z") }],
  ] as [string, ReceiptFilters][])(
    "%s are read from an index in their order, and never sorted",
    async (_what, filters) => {
      const second = await connectSecond();
      await second.query("begin");
      await second.query("set local enable_seqscan = off");
      await second.query("set local enable_sort = off");
      await second.query("set local enable_bitmapscan = off");
      for (const direction of ["older", "newer"] as const) {
        const { statement, values } = receiptsStatement(filters, direction);
        const rows = await second.query<{ "QUERY PLAN": string }>(
          `explain ${statement.text}`,
          values({ workspaceId: world.workspace.id, from: { purgedAt: new Date(), id: "x" }, limit: 51 }),
        );
        const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
        expect(plan).toContain("Index");
        expect(plan).not.toMatch(/Sort|Seq Scan/);
      }
      await second.query("rollback");
      await second.end();
    },
  );
});
