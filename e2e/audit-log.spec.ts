import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion } from "@/lib/testing/builders";
import { DESKTOP, expect, LONG, PHONE, test } from "./fixtures";

type World = { workspace: { id: string }; owner: { id: string; name: string } };

interface Recorded {
  at?: number;
  action?: string;
  targetType?: string;
  targetId?: string;
  targetName?: string;
  actorType?: "USER" | "SYSTEM";
  actorId?: string;
  actorName?: string;
  details?: object;
}

const START = Date.parse("2026-01-10T12:00:00Z");

const record = (world: World, events: readonly Recorded[]) =>
  prisma().auditEvent.createMany({
    data: events.map(({ at = 0, ...given }) => ({
      workspaceId: world.workspace.id,
      at: new Date(START + at),
      actorType: "USER" as const,
      actorId: world.owner.id,
      actorName: world.owner.name,
      action: "version.created",
      targetType: "version",
      targetId: "x",
      targetName: "digits",
      requestId: "r",
      ...given,
    })),
  });

test(
  "the log turns its pages in both directions, and a page that never was says so",
  LONG,
  async ({ page, world, signIn }) => {
    const { slug } = world.workspace;
    await record(
      world,
      Array.from({ length: 120 }, (_, i) => ({
        at: i * 1000,
        targetName: `version ${i}`,
        ...(i === 0 ? { action: "something.new" } : {}),
      })),
    );
    await signIn(world.owner);
    await page.goto(`/${slug}/settings/audit-log`);
    const shows = (name: string) => expect(page.getByText(name, { exact: true }).first()).toBeVisible();
    await shows("version 119");
    await expect(page.getByRole("link", { name: "Newest" })).toBeHidden();
    await page.getByRole("link", { name: "Older" }).click();
    await shows("version 69");
    await page.getByRole("link", { name: "Older" }).click();
    await expect(page.getByText("something.new version 0")).toBeVisible();
    await expect(page.getByRole("link", { name: "Older" })).toBeHidden();
    await page.getByRole("link", { name: "Newer" }).click();
    await shows("version 69");
    await page.getByRole("link", { name: "Newer" }).click();
    await shows("version 119");
    await page.goto(`/${slug}/settings/audit-log?before=nonsense&action=data`);
    await expect(page.getByText("This page of the log does not exist")).toBeVisible();
    await page.getByRole("link", { name: "Newest" }).click();
    await expect(page).toHaveURL(`/${slug}/settings/audit-log?action=data`);
    await shows("version 119");
    await page.goto(`/${slug}/settings/audit-log?type=nonsense`);
    await expect(page.getByText("This cannot be looked for")).toBeVisible();
    await page.getByRole("link", { name: "Show everything" }).click();
    await shows("version 119");
  },
);

for (const [device, size] of [
  ["desktop", DESKTOP],
  ["phone", PHONE],
] as const)
  test(`filters stand in the address, and narrow the log and its downloads (${device})`, async ({
    page,
    world,
    signIn,
    axe,
  }) => {
    await page.setViewportSize(size);
    const { slug } = world.workspace;
    await record(world, [
      { action: "version.purged", targetName: "first", details: { reason: "BY_HAND" } },
      { at: 86_400_000, targetName: "second" },
      { at: 2 * 86_400_000, targetName: "third", actorType: "SYSTEM", actorId: "cron", actorName: "cron" },
    ]);
    await signIn(world.owner);
    await page.goto(`/${slug}/settings/audit-log`);
    /** With the head, and the event that made the workspace. */
    const rows = page.getByRole("table", { name: "Audit log" }).getByRole("row");
    await expect(rows).toHaveCount(5);
    await axe();

    await page.getByLabel("Who", { exact: true }).selectOption({ label: world.owner.name });
    await expect(page).toHaveURL(new RegExp(`actor=${world.owner.id}$`));
    await expect(rows).toHaveCount(3);
    await page.getByLabel("What", { exact: true }).selectOption({ label: "All of Trash" });
    await expect(rows).toHaveCount(2);
    await expect(rows.nth(1)).toContainText("Permanently deleted the version “first” by hand");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "JSON" }).click();
    const file = await download;
    expect(file.suggestedFilename()).toMatch(/^audit-log-.*\.json$/);
    const chunks: Buffer[] = [];
    for await (const chunk of await file.createReadStream()) chunks.push(chunk as Buffer);
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject([{ item_name: "first" }]);

    await page.getByRole("link", { name: "Clear filters" }).click();
    await expect(rows).toHaveCount(5);
    await expect(page.getByLabel("What", { exact: true })).toHaveValue("");
    await page.getByLabel("From", { exact: true }).fill("2026-01-11");
    await page.getByLabel("To", { exact: true }).fill("2026-01-11");
    await expect(page).toHaveURL(/from=2026-01-11&to=2026-01-11$/);
    await expect(rows).toHaveCount(2);
    await page.goto(`/${slug}/settings/audit-log?action=keys`);
    await expect(page.getByText("No event matches")).toBeVisible();
    await axe();
  });

test("what a row names leads to where it is, and to its history", async ({
  page,
  world,
  signIn,
  axe,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 404.*\/images\?/); // its versions are rows, without images
  const { slug } = world.workspace;
  const project = await buildProject(world, { name: "Digits" });
  const [kept, other] = [await buildVersion(world, project, { name: "kept" }), await buildVersion(world, project)];
  const training = await buildTraining(world, other, { status: "FINISHED" });
  const trained = { action: "training.started", targetType: "training", targetName: "Training 1" };
  await record(world, [
    { targetId: kept.id, targetName: "kept" },
    { at: 1, targetId: kept.id, targetName: "kept", action: "version.renamed", details: { before: "first" } },
    { at: 2, ...trained, targetId: training.id },
    { at: 3, ...trained, targetId: "gone", details: { versionId: kept.id } },
    {
      at: 4,
      action: "image.uploaded",
      targetType: "project",
      targetId: project.id,
      targetName: "Digits",
      details: { images: 1200, until: new Date(START + 3_600_000).toISOString() },
    },
    {
      at: 5,
      action: "training.failed",
      targetType: "training",
      targetId: training.id,
      targetName: "Training 1",
      details: { reason: "worker lost" },
    },
  ]);
  await signIn(world.owner);
  await page.goto(`/${slug}/settings/audit-log`);
  const log = page.getByRole("table", { name: "Audit log" });
  await expect(log.getByText("Started training 1 of Digits v2")).toBeVisible();
  await expect(log.getByText("Started training 1 of Digits v1")).toBeVisible();
  await expect(log.getByText("Uploaded 1,200 images to the project “Digits”")).toBeVisible();
  await expect(log.getByText("Three workers began this training and fell silent.")).toBeVisible();
  await page.getByRole("link", { name: "History of “kept”" }).first().click();
  await expect(page.getByText("Only the history of “kept”")).toBeVisible();
  await expect(log.getByRole("row")).toHaveCount(3);
  await axe();
  await log.getByRole("link", { name: "kept" }).first().click();
  await expect(page).toHaveURL(`/${slug}/${project.slug}/${kept.number}`);
});

test("editors are not offered what only owners may open", async ({ page, world, makeUser, signIn }) => {
  await signIn(await makeUser({ name: "Grace Hopper", role: "EDITOR" }));
  await page.goto(`/${world.workspace.slug}`);
  const navigation = page.getByRole("navigation", { name: "Main navigation" });
  await expect(navigation.getByRole("link", { name: "Usage" })).toBeVisible();
  for (const name of ["Audit log", "API keys", "Members"])
    await expect(navigation.getByRole("link", { name })).toHaveCount(0);
});
