import { expect, test } from "vitest";
import { prisma } from "@/lib/platform/db";
import { buildWorld, userContext } from "@/lib/testing/builders";
import { memberContext, outcomeOf } from "@/lib/testing/lifecycle";
import { downloadAuditLog } from "./audit-download";

async function setup(events: number) {
  const world = await buildWorld();
  const ctx = await userContext(world, { now: new Date("2026-05-01T00:00:00Z") });
  await prisma().auditEvent.createMany({
    data: Array.from({ length: events }, (_, i) => ({
      workspaceId: world.workspace.id,
      at: new Date(i),
      actorType: "USER" as const,
      actorId: world.owner.id,
      actorName: "Ada",
      action: i % 2 === 0 ? "version.trashed" : "version.restored",
      targetType: "version",
      targetId: `v${i}`,
      targetName: i === 1 ? '=HYPERLINK("http://evil")' : `数字 ${i}`,
      details: { images: i },
      requestId: "r",
    })),
  });
  const download = (format: string, filter = {}) =>
    downloadAuditLog(ctx, { workspaceSlug: world.workspace.slug, ...filter }, format);
  return { world, download };
}

test("CSV has a row for each event, which no spreadsheet takes for a formula or for another alphabet", async () => {
  const { world, download } = await setup(3);
  const answer = await download("csv");
  expect(answer.headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
  expect(answer.headers.get("Content-Disposition")).toBe(
    `attachment; filename="audit-log-${world.workspace.slug}-2026-05-01.csv"`,
  );
  const text = Buffer.from(await answer.arrayBuffer()).toString("utf8");
  const [head, ...rows] = text.split("\r\n");
  expect(head).toBe(
    "\uFEFFat,action,actor_type,actor_id,actor_name,key_name,item_type,item_id,item_name,details,event_id,request_id",
  );
  expect(rows).toHaveLength(4); // and nothing after the last line end
  expect(rows[0]).toMatch(
    /^1970-01-01T00:00:00\.002Z,version\.trashed,user,.+,Ada,,version,v2,数字 2,"\{""images"":2\}",.+,r$/,
  );
  expect(rows[1]).toContain(`"'=HYPERLINK(""http://evil"")"`);
});

test("JSON is one list, whole however many batches it is read in, and by the filters of the page", async () => {
  const { download } = await setup(2_100);
  const all: { item_id: string }[] = await (await download("json")).json();
  expect(all).toHaveLength(2_100);
  expect(all[0]).toMatchObject({ item_id: "v2099", action: "version.restored", details: { images: 2099 } });
  const some: unknown[] = await (await download("json", { action: "version.restored" })).json();
  expect(some).toHaveLength(1_050);
  expect(await (await download("json", { item: "none" })).json()).toEqual([]);
});

test("it is read as fast as it is taken: what nobody reads any more is not read on", async () => {
  const { download } = await setup(2_100);
  const body = (await download("csv")).body!;
  await body.getReader().read();
  await body.cancel().catch(() => {}); // its reader holds it
  const reader = (await download("csv")).body!.getReader();
  await reader.read();
  await reader.cancel();
  expect((await reader.read()).done).toBe(true);
});

test("whoever may not read the log gets nothing of it, and no other format is made", async () => {
  const { world, download } = await setup(1);
  expect(await outcomeOf(download("xlsx"))).toBe("not_found");
  for (const [ctx, code] of [
    [await memberContext(world, "EDITOR"), "forbidden"],
    [await userContext(await buildWorld()), "not_found"],
  ] as const)
    expect(await outcomeOf(downloadAuditLog(ctx, { workspaceSlug: world.workspace.slug }, "csv"))).toBe(code);
});
