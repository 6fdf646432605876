import { beforeAll, describe, expect, it } from "vitest";
import { buildApiKey, buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, later, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { systemContext } from "@/lib/domain/context";
import { eraseFiles, purgeItem, trashVersion, verifyReceipts } from "@/lib/domain/trash";
import { receiptAnswer, receiptsAnswer } from "@/lib/doors/receipts/schemas";
import { call } from "./_test/call-api";

let world: World;
let key: string;
let path: string;

// Three purges a minute apart; the files of the first are proved gone.
beforeAll(async () => {
  world = await buildWorld();
  key = await buildApiKey(world, { scopes: ["project:read"] });
  path = `/${world.workspace.slug}/receipts`;
  const [owner, project] = [await userContext(world), await buildProject(world, { slug: "hard-hats" })];
  for (const [i, name] of ["first", "second", "third"].entries()) {
    const version = await buildVersion(world, project, { name });
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(later(owner, i * 60_000), itemRef(world, "VERSION", version), UNBOUNDED);
    if (i === 0) await eraseFiles(await systemContext("test"), UNBOUNDED);
  }
});

const list = async (query = "") => receiptsAnswer.parse((await call("GET", `${path}${query}`, { key })).body);
const names = async (query: string) => (await list(query)).receipts.map(({ name }) => name);

describe("GET receipts", () => {
  it("answers every purge, newest first, with who, when, why, what was lost and what is proved", async () => {
    const { receipts, nextCursor } = await list();
    expect(nextCursor).toBeNull();
    expect(receipts.map(({ name }) => name)).toEqual(["third", "second", "first"]);
    expect(receipts[2]).toMatchObject({
      type: "version",
      project: "hard-hats",
      version: 1,
      training: null,
      parentReceiptId: null,
      reason: "by_hand",
      note: null,
      purgedBy: { type: "user", id: world.owner.id, name: world.owner.name },
      deletedBy: world.owner.id,
      deletedByName: world.owner.name,
      deletedNote: null,
      lost: { versions: 1, images: 10, sourceImages: 0, trainings: 0, models: 0 },
      files: { expected: 0, removed: 0, missing: 0, late: 0 },
      verified: true,
      verifiedAt: expect.any(String),
      waiting: null,
    });
    expect(receipts[0]).toMatchObject({ verified: false, verifiedAt: null, waiting: { reason: null } });
  });

  it("is read in pages", async () => {
    const first = await list("?limit=2");
    expect(first.receipts.map(({ name }) => name)).toEqual(["third", "second"]);
    const second = await list(`?limit=2&cursor=${first.nextCursor}`);
    expect(second).toMatchObject({ receipts: [{ name: "first" }], nextCursor: null });
  });

  it("is narrowed by type, state, words and instants", async () => {
    const [third, second] = (await list()).receipts;
    expect(await names("?type=project")).toEqual([]);
    expect(await names("?type=version&state=verified")).toEqual(["first"]);
    expect(await names("?state=waiting")).toEqual(["third", "second"]);
    expect(await names("?search=SEC")).toEqual(["second"]);
    expect(await names(`?from=${second!.purgedAt}`)).toEqual(["third", "second"]);
    expect(await names(`?from=${second!.purgedAt}&until=${third!.purgedAt}`)).toEqual(["second"]);
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=1001", "limit"],
    ["limit=ten", "limit"],
    ["cursor=nonsense", "cursor"],
    [`cursor=${"x".repeat(201)}`, "cursor"],
    ["type=image", "type"],
    ["state=gone", "state"],
    [`search=${"x".repeat(201)}`, "search"],
    ["from=yesterday", "from"],
    ["until=2026-11-28", "until"],
  ])("is 422 for ?%s", async (query, field) => {
    expect(await call("GET", `${path}?${query}`, { key })).toMatchObject({
      status: 422,
      body: { code: "invalid_input", field },
    });
  });
});

describe("GET receipt", () => {
  it("answers one in full, with its entries in the chain and a head that verifies", async () => {
    const [, , first] = (await list()).receipts;
    const answer = receiptAnswer.parse((await call("GET", `${path}/${first!.id}`, { key })).body);
    expect(answer).toMatchObject({ ...first });
    expect(answer.entries.map(({ number, kind }) => [number, kind])).toEqual([
      [1, "purged"],
      [2, "verified"],
    ]);
    expect(answer.entries[1]!.previousHash).toBe(answer.entries[0]!.hash);
    expect(answer.head).toMatchObject({ number: 4, signed: expect.stringMatching(/^rh1\./) });
    const workspaceSlug = world.workspace.slug;
    expect(await verifyReceipts(await userContext(world), { workspaceSlug, head: answer.head!.signed! })).toMatchObject(
      { ok: true },
    );
  });

  it("is 404 for what does not exist, and for another workspace's", async () => {
    const [receipt] = (await list()).receipts;
    const stranger = await buildWorld();
    const theirs = await buildApiKey(stranger);
    for (const [which, asked] of [
      [key, `${path}/nothing`],
      [theirs, `${path}/${receipt!.id}`],
      [theirs, `/${stranger.workspace.slug}/receipts/${receipt!.id}`],
    ] as const)
      expect(await call("GET", asked, { key: which })).toMatchObject({ status: 404, body: { code: "not_found" } });
  });

  it("is 401 without a key, and without project:read", async () => {
    const [receipt] = (await list()).receipts;
    for (const asked of [path, `${path}/${receipt!.id}`]) {
      expect(await call("GET", asked)).toMatchObject({ status: 401, body: { code: "unauthorized" } });
      expect(await call("GET", asked, { key: await buildApiKey(world, { scopes: ["version:read"] }) })).toMatchObject({
        status: 401,
        body: { code: "missing_scope", scope: "project:read" },
      });
    }
  });
});
