import { beforeAll, expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, buildWorld, userContext, type World } from "@/lib/testing/builders";
import { itemRef, later, memberContext, UNBOUNDED, versionRef } from "@/lib/testing/lifecycle";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";
import type { Context } from "@/lib/domain/context";
import { purgeItem, trashVersion, verifyReceipts } from "@/lib/domain/trash";
import { downloadReceipts } from "./download";
import { receipt as receiptSchema } from "./schemas";

leavesBroken("its receipts are copied by hand");

let world: World;
let owner: Context;
const FORMULA = '=HYPERLINK("http://evil.example","free")';

beforeAll(async () => {
  world = await buildWorld();
  owner = await userContext(world);
  const project = await buildProject(world, { slug: "digits" });
  for (const [i, name] of [FORMULA, "a, b", "ひらがな"].entries()) {
    const version = await buildVersion(world, project, { name });
    await trashVersion(owner, versionRef(world, project, version));
    await purgeItem(later(owner, i), itemRef(world, "VERSION", version), UNBOUNDED);
  }
});

const download = (format: "csv" | "json", filters: { search?: string } = {}, ctx = owner) =>
  downloadReceipts(ctx, { workspaceSlug: world.workspace.slug, format, ...filters });
const text = async (answer: Promise<Response>) => Buffer.from(await (await answer).arrayBuffer()).toString("utf8");
const verifies = async (head: string) =>
  (await verifyReceipts(owner, { workspaceSlug: world.workspace.slug, head })).problems.every(
    ({ kind }) => kind !== "cut_off",
  );

test("as CSV: a row each, newest first, no cell a formula, every row as wide, the signed head at the end", async () => {
  const answer = await download("csv");
  expect(answer.headers.get("content-type")).toBe("text/csv; charset=utf-8");
  expect(answer.headers.get("content-disposition")).toMatch(
    /^attachment; filename="receipts-acme-\d+-\d{4}-\d\d-\d\d\.csv"$/,
  );
  const body = await text(Promise.resolve(answer));
  expect(body.startsWith("\uFEFFreceipt,purged_at,type,name,project,version,")).toBe(true);
  const rows = body.slice(1).split("\r\n");
  expect(rows).toHaveLength(6); // head, three, the signed head, and nothing after the last line break
  expect(rows[1]).toContain(",version,ひらがな,digits,3,");
  expect(rows[2]).toContain(',version,"a, b",digits,2,');
  expect(rows[3]).toContain(`,version,"'=HYPERLINK(""http://evil.example"",""free"")",digits,1,`);
  const [label, head, ...rest] = rows[4]!.split(",");
  expect(label).toBe("signed_head");
  expect(rest.join("")).toBe("");
  expect(rows[4]!.split(",")).toHaveLength(rows[0]!.split(",").length);
  expect(await verifies(head!)).toBe(true);
});

test("as JSON: one object, with the same facts as the API gives, and the signed head", async () => {
  const answer = await download("json");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const body = JSON.parse(await text(Promise.resolve(answer))) as {
    workspace: string;
    receipts: unknown[];
    head: string;
  };
  expect(body.workspace).toBe(world.workspace.slug);
  expect(body.receipts.map((one) => receiptSchema.parse(one).name)).toEqual(["ひらがな", "a, b", FORMULA]);
  expect(await verifies(body.head)).toBe(true);
});

test("holds what the filters leave, which may be nothing", async () => {
  expect(JSON.parse(await text(download("json", { search: "ひら" })))).toMatchObject({
    receipts: [{ name: "ひらがな" }],
  });
  expect(JSON.parse(await text(download("json", { search: "nothing" })))).toMatchObject({ receipts: [] });
  expect((await text(download("csv", { search: "nothing" }))).split("\r\n")).toHaveLength(3);
  const empty = await buildWorld();
  const answer = downloadReceipts(await userContext(empty), { workspaceSlug: empty.workspace.slug, format: "json" });
  expect(JSON.parse(await text(answer))).toMatchObject({ receipts: [], head: null });
});

test("is for members alone, and refused before the first byte", async () => {
  expect((await download("csv", {}, await memberContext(world, "VIEWER"))).status).toBe(200);
  const stranger = await userContext(await buildWorld());
  await expect(download("csv", {}, stranger)).rejects.toMatchObject({ code: "not_found" });
});

test("of more receipts than a page holds every one is in it once, and no more is read than is taken", async () => {
  await prisma().$executeRaw`
    insert into purge_receipts select (jsonb_populate_record(r, jsonb_build_object('id', gen_random_uuid(), 'item_id', gen_random_uuid(), 'item_name', 'copy ' || n))).*
    from purge_receipts r, generate_series(1, 2500) n where r.item_name = 'a, b'`;
  const body = JSON.parse(await text(download("json"))) as { receipts: { id: string }[] };
  expect([body.receipts.length, new Set(body.receipts.map(({ id }) => id)).size]).toEqual([2_503, 2_503]);
  const reader = (await download("csv")).body!.getReader();
  await reader.read();
  await reader.cancel();
});
