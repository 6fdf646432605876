import { restoreItem, trashProject } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, userContext } from "@/lib/testing/builders";
import { expect, LONG, PHONE, test } from "./fixtures";
import { fillTrash, isInTrash, openPurge, ref, rowOf, toast, trashedVersion, trashPath } from "./trash-steps";

test(
  "Empty Trash of many is a job: it goes on when the tab is closed, and is found again with what came of each",
  LONG,
  async ({ page, context, world, signIn, axe, fits }) => {
    const project = await fillTrash(world, 300);
    await signIn(world.owner);
    await page.goto(trashPath(world));
    await page.getByRole("button", { name: "Empty Trash" }).click();
    const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
    await expect(dialog.getByRole("list", { name: "What will be lost" })).toContainText("300 versions · 1 image");
    await expect(dialog).toContainText("Source images stay");
    await axe();
    await dialog.getByRole("textbox", { name: "Reason" }).fill("made by mistake");
    await dialog.getByRole("textbox", { name: /to confirm/ }).fill("300");
    await dialog.getByRole("button", { name: "Empty Trash" }).click();

    await page.waitForURL(/\/settings\/trash\/activity\/[\w-]+$/);
    const title = "Delete 300 items permanently";
    await expect(page.getByRole("heading", { level: 1, name: title })).toBeVisible();
    const address = page.url();
    await page.close();

    const again = await context.newPage();
    await again.setViewportSize(PHONE);
    await again.goto(trashPath(world));
    await again.getByRole("link", { name: "Activity" }).click();
    await again.getByRole("link", { name: title }).click();
    await again.waitForURL(address);
    await expect(again.getByText("made by mistake")).toBeVisible();
    await expect(again.getByText("All 300 items were permanently deleted").first()).toBeVisible({ timeout: 45_000 });
    await expect(again.getByRole("progressbar")).toHaveCount(0);
    await expect(again.getByRole("row")).toHaveCount(51);
    await axe(again);
    await fits(again);
    await again.getByRole("link", { name: "Further" }).click();
    await again.waitForURL(/after=/);
    expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(0);
    expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(300);
  },
);

test("a job that is stopped leaves the rest untouched, and says who stopped it", async ({ page, world, signIn }) => {
  const project = await fillTrash(world, 2_000);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("button", { name: "Empty Trash" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("2000");
  await dialog.getByRole("button", { name: "Empty Trash" }).click();
  await page.waitForURL(/\/activity\//);
  await expect
    .poll(async () => Number(await page.getByRole("progressbar").getAttribute("aria-valuenow")), { timeout: 20_000 })
    .toBeGreaterThan(0);
  await page.getByRole("button", { name: "Stop", exact: true }).click();
  await expect(page.getByText(/^Stopped by Ada Lovelace: [\d,]+ of 2,000 permanently deleted/).first()).toBeVisible();
  const left = await prisma().version.count({ where: { projectId: project.id } });
  expect(left).toBeGreaterThan(0);
  expect(left + (await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } }))).toBe(2_000);
  await page.goto(trashPath(world));
  await expect(page.getByRole("button", { name: "Empty Trash" })).toBeVisible();
});

test("all that matches is acted on, whatever the page shows of it", LONG, async ({ page, world, signIn }) => {
  const project = await fillTrash(world, 60);
  await signIn(world.owner);
  await page.goto(`${trashPath(world)}?q=copy`);
  await page.getByRole("checkbox", { name: "Select all versions" }).click();
  const bar = page.getByRole("group", { name: "Selected items" });
  await expect(bar).toContainText("50 selected");
  await bar.getByRole("button", { name: "Select everything that matches" }).click();
  await expect(bar).toContainText(/59 that match selected|Everything that matches is selected/);
  await bar.getByRole("button", { name: "Delete Permanently" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Delete everything that matches permanently?" });
  await expect(dialog).toContainText("59 versions");
  await expect(dialog).toContainText("1 other item stays in Trash");
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("59");
  await dialog.getByRole("button", { name: "Delete Permanently" }).click();
  await page.waitForURL(/\/activity\//);
  await expect(page.getByText("All 59 items were permanently deleted").first()).toBeVisible({ timeout: 30_000 });
  expect(await prisma().version.findMany({ where: { projectId: project.id }, select: { name: true } })).toEqual([
    { name: "baseline" },
  ]);
});

test("what changed between the look and the purge is shown, and nothing was deleted", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "digits" });
  const versions = [await trashedVersion(world, project, "one"), await trashedVersion(world, project, "two")];
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("button", { name: "Empty Trash" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("2");
  await restoreItem(await userContext(world), {
    ...ref(world),
    item: { type: "VERSION", projectId: project.id, number: versions[0]!.number },
  });
  await dialog.getByRole("button", { name: "Empty Trash" }).click();
  const alert = dialog.getByRole("alert");
  await expect(alert).toContainText("Nothing was deleted: 1 item has changed since you looked.");
  await expect(alert).toContainText("digits v1 was restored");
  await expect(dialog.getByRole("textbox", { name: /to confirm/ })).toHaveValue("");
  expect(await isInTrash(versions[1]!)).toBe(true);
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("1");
  await expect(dialog.getByRole("button", { name: "Empty Trash" })).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("two");
  await dialog.getByRole("button", { name: "Empty Trash" }).click();
  await expect(toast(page, 'Permanently deleted "two"')).toBeVisible();
  expect(await prisma().purgeReceipt.count({ where: { itemId: versions[1]!.id } })).toBe(1);
});

test("a connection that breaks at the purge is told as it is: what was done is not known here", async ({
  page,
  world,
  signIn,
  expectedErrors,
}) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await trashedVersion(world, project, "baseline");
  await trashProject(await userContext(world), { ...ref(world), projectSlug: (await buildProject(world)).slug });
  await buildVersion(world, project);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const dialog = await openPurge(page, "digits v1");
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("baseline");
  expectedErrors.push(/ERR_FAILED/);
  await page.route(/settings\/trash/, async (route) => {
    if (route.request().method() !== "POST") return route.continue();
    await route.fetch(); // it arrives, and its answer does not
    return route.abort();
  });
  await dialog.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(dialog.getByRole("alert")).toContainText("not known here whether anything was deleted");
  await page.unroute(/settings\/trash/);
  await dialog.getByRole("link", { name: "activity of Trash" }).click();
  await page.getByRole("link", { name: "Delete 1 item permanently" }).click();
  await expect(page.getByText("The item was permanently deleted").first()).toBeVisible();
  await expect(rowOf(page, "baseline")).toHaveCount(1);
  expect(await prisma().version.count({ where: { id: version.id } })).toBe(0);
});
