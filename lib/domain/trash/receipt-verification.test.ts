import { createHash } from "node:crypto";
import { beforeEach, describe, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, memberContext, outcomeOf, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";
import { systemContext, type Context } from "@/lib/domain/context";
import { eraseFiles, getReceiptHead, purgeItem, trashVersion, verifyReceipts } from "@/lib/domain/trash";

leavesBroken("its receipts are altered by hand");

let world: World;
let owner: Context;
let project: Awaited<ReturnType<typeof buildProject>>;
let receipts: { id: string; itemName: string }[];
/** The workspace, as a value and as a condition of SQL. */
let where: { workspaceId: string };

async function purge(name: string) {
  const version = await buildVersion(world, project, { name });
  await trashVersion(owner, versionRef(world, project, version));
  await purgeItem(owner, itemRef(world, "VERSION", version), UNBOUNDED);
}

// Three purges, entries 1 to 3, and their proof, entry 4.
beforeEach(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  project = await buildProject(world);
  where = { workspaceId: world.workspace.id };
  for (const name of ["a", "b", "c"]) await purge(name);
  await eraseFiles(await systemContext("erase-files"), UNBOUNDED);
  receipts = await prisma().purgeReceipt.findMany({ where, orderBy: { itemName: "asc" } });
});

const verify = (head?: string) => verifyReceipts(owner, { workspaceSlug: world.workspace.slug, head });
const problems = async (head?: string) =>
  (await verify(head)).problems.map(({ kind, entry, itemName, fields }) =>
    [kind, entry, itemName, fields.join(" ")].filter((part) => part !== null && part !== "").join(" "),
  );
const signedHead = async () => (await getReceiptHead(owner, { workspaceSlug: world.workspace.slug }))!.signed!;
const entryOf = (number: number) => ({ workspaceId_number: { workspaceId: world.workspace.id, number } });

/** As somebody does who can write in the database and knows how hashes are made: all entries anew, and the head. */
async function rebuildChain(change: (text: string) => string) {
  let previousHash = "0".repeat(64);
  for (const { number, text: before } of await prisma().receiptEntry.findMany({ where, orderBy: { number: "asc" } })) {
    const text = change(before);
    const hash = createHash("sha256").update(`${previousHash}\n${number}\n${text}`).digest("hex");
    await prisma().receiptEntry.update({ where: entryOf(number), data: { text, previousHash, hash } });
    await prisma().receiptHead.update({ where, data: { number, previousHash, hash } });
    previousHash = hash;
  }
}

test("what nobody altered is as it was written, with every head that there was", async () => {
  const before = await signedHead();
  expect(await verify(before)).toEqual({
    ok: true,
    entries: 4,
    receipts: 3,
    head: { number: 4, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    problems: [],
    more: false,
  });
  await purge("d");
  expect(await verify(before)).toMatchObject({ ok: true, entries: 5, receipts: 4 });
});

test("a workspace without receipts has nothing altered", async () => {
  const empty = await buildWorld();
  expect(await verifyReceipts(await userContext(empty), { workspaceSlug: empty.workspace.slug })).toMatchObject({
    ok: true,
    entries: 0,
    receipts: 0,
    head: null,
  });
});

test("attempts, the next try and a second look that found nothing change no fact", async () => {
  await prisma().purgeReceipt.updateMany({ where, data: { attempts: 9, lookedAgainAt: new Date(), lastError: "x" } });
  expect(await problems()).toEqual([]);
});

describe("of receipts", () => {
  test.each([
    ["images", { images: 99 }],
    ["actorName", { actorName: "Somebody else" }],
    ["purgedAt", { purgedAt: new Date("2020-01-01T00:00:00Z") }],
    ["note", { note: "asked for by legal" }],
    ["removedFiles", { removedFiles: 7 }],
    ["lateAt lateBytes lateFiles", { lateFiles: 1, lateBytes: 1, lateAt: new Date() }],
    ["removedBytes removedFiles verifiedAt", { verifiedAt: null }],
    ["prefixes", { prefixes: ["versions/other/"] }],
  ])("one whose %s was altered is named", async (fields, data) => {
    await prisma().purgeReceipt.update({ where: { id: receipts[1]!.id }, data });
    expect(await problems()).toEqual([`receipt_altered 4 ${receipts[1]!.itemName} ${fields}`]);
  });

  test("one that was removed is named, once, though two entries tell of it", async () => {
    await prisma().purgeReceipt.delete({ where: { id: receipts[1]!.id } });
    expect(await problems()).toEqual(["receipt_removed 2 b"]);
  });

  test("one that was put in is named", async () => {
    const { prefixes, ...row } = await prisma().purgeReceipt.findUniqueOrThrow({ where: { id: receipts[1]!.id } });
    await prisma().purgeReceipt.create({
      data: { ...row, prefixes, id: "inserted", itemId: "x", itemName: "never was" },
    });
    expect(await problems()).toEqual(["receipt_inserted never was"]);
    // and one that claims an entry which does not tell of it
    await prisma().receiptEntryItem.create({ data: { receiptId: "inserted", number: 2 } });
    expect(await problems()).toEqual(["receipt_inserted 2 never was"]);
  });

  test("one whose last entry was taken from its list, so that it looks unverified, is named", async () => {
    const { id: receiptId } = receipts[1]!;
    await prisma().receiptEntryItem.delete({ where: { receiptId_number: { receiptId, number: 4 } } });
    await prisma().purgeReceipt.update({ where: { id: receiptId }, data: { verifiedAt: null } });
    expect(await problems()).toEqual(["receipt_unlisted 4 b"]);
  });

  test("one of another workspace does not stand in for one that was removed", async () => {
    const elsewhere = await buildWorld();
    await prisma().purgeReceipt.update({
      where: { id: receipts[1]!.id },
      data: { workspaceId: elsewhere.workspace.id },
    });
    expect(await problems()).toEqual(["receipt_removed 2 b"]);
  });
});

describe("of entries", () => {
  test("one whose text was altered is named, and with its hash made anew the one after it does not follow", async () => {
    const { text, previousHash } = await prisma().receiptEntry.findUniqueOrThrow({ where: entryOf(2) });
    const altered = text.replace('"images" : 10', '"images" : 11');
    expect(altered).not.toBe(text);
    await prisma().receiptEntry.update({ where: entryOf(2), data: { text: altered } });
    expect(await problems()).toEqual(["entry_altered 2"]);
    const hash = createHash("sha256").update(`${previousHash}\n2\n${altered}`).digest("hex");
    await prisma().receiptEntry.update({ where: entryOf(2), data: { hash } });
    expect(await problems()).toEqual(["entry_misplaced 3"]);
  });

  test.each(["not JSON", "{}", '{"kind":"VERIFIED","workspace":"w","receipts":[]}'])(
    "one whose text is now %s is named, and its receipts are not blamed for it",
    async (text) => {
      await prisma().receiptEntry.update({ where: entryOf(4), data: { text } });
      expect(await problems()).toEqual(["entry_altered 4"]);
    },
  );

  test("one that was removed in the middle, or from the beginning, is named", async () => {
    await prisma().receiptEntry.delete({ where: entryOf(2) });
    expect(await problems()).toEqual(["entry_missing 2"]);
    await prisma().receiptEntry.delete({ where: entryOf(1) });
    expect(await problems()).toEqual(["entry_missing 1"]);
  });

  test("the last ones that were removed are noticed by the head", async () => {
    await prisma().receiptEntry.delete({ where: entryOf(4) });
    expect(await problems()).toContain("cut_off 4");
  });

  test("the end that was removed with its head and its receipts is noticed by a signed head", async () => {
    const before = await signedHead();
    await purge("d");
    const head = await signedHead();
    const { previousHash } = await prisma().receiptEntry.findUniqueOrThrow({ where: entryOf(5) });
    await prisma().receiptEntry.delete({ where: entryOf(5) });
    await prisma().purgeReceipt.deleteMany({ where: { ...where, itemName: "d" } });
    await prisma().receiptEntryItem.deleteMany({ where: { number: 5 } });
    await prisma().receiptHead.update({ where, data: { number: 4, hash: previousHash } });
    expect(await problems()).toEqual([]);
    expect(await problems(before)).toEqual([]);
    expect(await problems(head)).toEqual(["cut_off 5"]);
  });

  test("a chain that was made anew over an altered receipt is noticed by a signed head alone", async () => {
    const head = await signedHead();
    await prisma().purgeReceipt.update({ where: { id: receipts[1]!.id }, data: { images: 11 } });
    const { id } = receipts[1]!;
    await rebuildChain((text) => {
      const said = JSON.parse(text) as { receipts: { id: string; images: number }[] };
      for (const receipt of said.receipts) if (receipt.id === id) receipt.images = 11;
      return JSON.stringify(said);
    });
    expect(await problems()).toEqual([]);
    expect(await problems(head)).toEqual(["cut_off 4"]);
  });
});

test("a head that was not signed here, or for another workspace, is refused with a sentence", async () => {
  const head = await signedHead();
  const forged = head.replace(/\.4\./, ".5.");
  const elsewhere = head.replace(world.workspace.id, "another");
  for (const text of [
    "",
    "rh1",
    "nonsense",
    forged,
    elsewhere,
    `${head.slice(0, -1)}${head.endsWith("A") ? "B" : "A"}`,
  ])
    expect(await outcomeOf(verify(text)), text).toBe("invalid_input");
});

test("every member may verify, nobody else", async () => {
  expect(
    await outcomeOf(verifyReceipts(await memberContext(world, "VIEWER"), { workspaceSlug: world.workspace.slug })),
  ).toBe("done");
  const stranger = await userContext(await buildWorld());
  expect(await outcomeOf(verifyReceipts(stranger, { workspaceSlug: world.workspace.slug }))).toBe("not_found");
});

test("what is altered in more places than anybody would read is told so", async () => {
  await prisma().$executeRaw`
    insert into purge_receipts select (jsonb_populate_record(r, jsonb_build_object('id', r.id || n, 'item_id', r.item_id || n))).*
    from purge_receipts r, generate_series(1, 120) n where r.id = ${receipts[0]!.id}`;
  const { problems: found, more, receipts: read } = await verify();
  expect([found.length, more, read]).toEqual([100, true, 123]);
});
