import { expect, test } from "vitest";
import { buildMember, buildProject, buildVersion, buildWorld, userContext } from "@/lib/testing/builders";
import { DAY_MS, later, RETENTION_MS, versionRef } from "@/lib/testing/lifecycle";
import { readTrash, trashVersion } from "@/lib/domain/trash";
import { timeLeft } from "./retention";

const HOUR_MS = DAY_MS / 24;
const now = new Date("2026-11-23T12:00:00Z");

test.each([
  ["30 × 24 h", RETENTION_MS, { unit: "days", value: 30, urgent: false }],
  ["a little less", RETENTION_MS - 1, { unit: "days", value: 30, urgent: false }],
  ["3 days and a moment", 3 * DAY_MS + 1, { unit: "days", value: 4, urgent: false }],
  ["3 days", 3 * DAY_MS, { unit: "days", value: 3, urgent: true }],
  ["a day", DAY_MS, { unit: "days", value: 1, urgent: true }],
  ["a moment less than a day", DAY_MS - 1, { unit: "hours", value: 23, urgent: true }],
  ["an hour", HOUR_MS, { unit: "hours", value: 1, urgent: true }],
  ["a moment", 1, { unit: "underAnHour", value: 0, urgent: true }],
  ["nothing", 0, { unit: "due", value: 0, urgent: true }],
  ["an hour ago", -HOUR_MS, { unit: "due", value: 0, urgent: true }],
])("%s is left: never 0 days, amber from 3 days", (_what, ms, expected) => {
  expect(timeLeft(new Date(now.getTime() + ms), now)).toEqual(expected);
});

test("the overview reads each type from its own place and says what this person may do", async () => {
  const world = await buildWorld();
  const slug = world.workspace.slug;
  const owner = await userContext(world);
  const project = await buildProject(world);
  for (let i = 0; i < 52; i++)
    await trashVersion(later(owner, i), versionRef(world, project, await buildVersion(world, project, { images: 1 })));
  const overview = await readTrash(owner, { workspaceSlug: slug, cursors: {} });
  expect(overview).toMatchObject({
    asOf: owner.now,
    mayRestore: true,
    mayPurge: true,
    summary: { items: 52, images: 52 },
  });
  expect(overview.sections.map(({ type, items }) => [type, items.length])).toEqual([
    ["PROJECT", 0],
    ["VERSION", 50],
    ["TRAINING", 0],
  ]);
  expect(overview.sections[1]!.items[0]).toMatchObject({
    name: "v52",
    loss: { images: 1 },
    timeLeft: { unit: "days" },
  });
  const rest = await readTrash(owner, {
    workspaceSlug: slug,
    type: "VERSION",
    cursors: { VERSION: overview.sections[1]!.nextCursor! },
  });
  expect(rest.sections.map(({ type, items, nextCursor }) => [type, items.map(({ name }) => name), nextCursor])).toEqual(
    [["VERSION", ["v2", "v1"], null]],
  );

  for (const [role, mayRestore] of [
    ["EDITOR", true],
    ["VIEWER", false],
  ] as const) {
    const ctx = await userContext(world, { user: await buildMember(world, role), role });
    expect(await readTrash(ctx, { workspaceSlug: slug, cursors: {} })).toMatchObject({ mayRestore, mayPurge: false });
  }
  await expect(
    readTrash(await userContext(await buildWorld()), { workspaceSlug: slug, cursors: {} }),
  ).rejects.toMatchObject({ code: "not_found" });
});
