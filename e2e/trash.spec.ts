import { gzipSync } from "node:zlib";
import type { Page } from "@playwright/test";
import { trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildProject, buildTraining, buildVersion, userContext, type World } from "@/lib/testing/builders";
import { expect, test } from "./fixtures";

const HOUR_MS = 60 * 60 * 1000;
const RETENTION_MS = 30 * 24 * HOUR_MS;
const SCRIPTS_MAX_BYTES = 170_000;

// The builders' versions have no files, so there is no first image to show.
test.beforeEach(({ expectedErrors }) => void expectedErrors.push(/\/images\?limit=1/));

const ref = (world: World) => ({ workspaceSlug: world.workspace.slug });
const trashPath = (world: World) => `/${world.workspace.slug}/settings/trash`;

async function trashedVersion(world: World, project: { id: string; slug: string }, name: string, images = 10) {
  const version = await buildVersion(world, project, { name, images });
  await trashVersion(await userContext(world), { ...ref(world), projectSlug: project.slug, number: version.number });
  return version;
}

/** Lets an item have been deleted so long ago that this much is left. */
async function age(version: { id: string }, leftMs: number): Promise<void> {
  const purgeAfter = new Date(Date.now() + leftMs);
  await prisma().version.update({ where: { id: version.id }, data: { purgeAfter, deletedAt: new Date(purgeAfter.getTime() - RETENTION_MS) } });
}

const isInTrash = async (version: { id: string }) => (await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).deletedAt !== null;
const rowOf = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
const toast = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

/** Chooses Delete Permanently in the menu of a row. */
async function openPurge(page: Page, label: string) {
  await page.getByRole("button", { name: `More actions for ${label}` }).click();
  await page.getByRole("menuitem", { name: "Delete Permanently" }).click();
  return page.getByRole("alertdialog");
}

test("a version is restored from its row; focus goes to the row that took its place, at last to the heading", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const [first, second] = [await trashedVersion(world, project, "first", 1_200), await trashedVersion(world, project, "second")];
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await expect(page.getByText("2 items", { exact: true })).toBeVisible();
  await expect(rowOf(page, "first")).toContainText("1,200 images");
  await expect(rowOf(page, "first")).toContainText("Ada Lovelace");
  await expect(rowOf(page, "first")).toContainText("30 days");

  await page.getByRole("button", { name: "Restore digits v2" }).click();
  await expect(toast(page, 'Restored "digits v2"')).toBeVisible();
  await expect(page.getByRole("button", { name: "Restore digits v1" })).toBeFocused();
  expect([await isInTrash(first), await isInTrash(second)]).toEqual([true, false]);

  await page.keyboard.press("Enter");
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  await expect(page.getByText("Deleted projects, versions and trainings wait here for 30 days.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await isInTrash(first)).toBe(false);
});

test("a project in Trash keeps its version from being restored, and says so; once it is back, so can the version and its training", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await buildVersion(world, project, { name: "baseline" });
  const training = await buildTraining(world, version, { status: "FINISHED" });
  const owner = await userContext(world);
  await trashTraining(owner, { ...ref(world), trainingId: training.id });
  await trashVersion(owner, { ...ref(world), projectSlug: project.slug, number: 1 });
  await trashProject(owner, { ...ref(world), projectSlug: project.slug });
  await signIn(world.owner);
  await page.goto(trashPath(world));

  const row = rowOf(page, "baseline");
  const restore = row.getByRole("button", { name: "Restore digits v1", exact: true });
  await expect(restore).toHaveAttribute("aria-disabled", "true");
  await expect(restore).toHaveAccessibleDescription('Its project "digits" is in Trash. Restore the project first.');
  await restore.click({ force: true });
  await row.getByRole("button", { name: "Restore digits", exact: true }).click();
  await expect(toast(page, 'Restored "digits"')).toBeVisible();
  await expect(restore).not.toHaveAttribute("aria-disabled", "true");
  await expect(restore).toBeFocused();
  await expect(page.getByText('Its version "digits v1" is in Trash. Restore the version first.')).toBeVisible();
  expect(await isInTrash(version)).toBe(true);

  await restore.click();
  await expect(toast(page, 'Restored "digits v1"')).toBeVisible();
  await page.getByRole("button", { name: "Restore digits v1, training 1" }).click();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  expect(await isInTrash(version)).toBe(false);
});

test("an owner purges a version after typing its name; its receipt stays", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await buildVersion(world, project, { name: "Überblick", images: 321 });
  await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  await trashVersion(await userContext(world), { ...ref(world), projectSlug: project.slug, number: 1 });
  const other = await trashedVersion(world, project, "other");
  await signIn(world.owner);
  await page.goto(trashPath(world));

  const dialog = await openPurge(page, "digits v1");
  await expect(dialog).toHaveAccessibleName('Delete "digits v1" permanently?');
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog.getByRole("list", { name: "What will be lost" })).toContainText("321 images · 100 bytes · 1 training · 1 model");
  await expect(dialog).toContainText("This cannot be undone.");
  const act = dialog.getByRole("button", { name: "Delete Permanently" });
  const field = dialog.getByRole("textbox");
  for (const wrong of ["", "überblick", "Uberblick", "Überblick\u200b", "Überblic\u043a"]) {
    await field.fill(wrong);
    await expect(act).toHaveAttribute("aria-disabled", "true");
    await field.press("Enter");
  }
  expect(await isInTrash(version)).toBe(true);
  await field.fill("  U\u0308berblick ");
  await act.click();
  await expect(toast(page, 'Permanently deleted "digits v1"')).toBeVisible();
  await expect(rowOf(page, "Überblick")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Restore digits v2" })).toBeFocused();
  const receipt = await prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: version.id } });
  expect(receipt).toMatchObject({ itemName: "Überblick", reason: "BY_HAND", actorName: "Ada Lovelace", images: 321, models: 1 });
  expect(await isInTrash(other)).toBe(true);
});

test("an editor restores and sees nothing to purge with; what an owner's page would send is refused. A viewer only looks", async ({ page, world, signIn, makeUser, browser, baseURL }) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await trashedVersion(world, project, "baseline");
  const editor = await makeUser({ role: "EDITOR" });
  await signIn(editor);
  await page.goto(trashPath(world));
  await expect(page.getByRole("button", { name: "Restore digits v1" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Restore All" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Empty Trash" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "More actions" })).toHaveCount(0);
  await page.getByRole("checkbox", { name: "Select digits v1" }).click();
  await expect(page.getByRole("group", { name: "Selected items" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Delete Permanently" })).toHaveCount(0);

  // An owner's page is open while the owner becomes an editor.
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const dialog = await openPurge(page, "digits v1");
  await prisma().membership.update({ where: { workspaceId_userId: { workspaceId: world.workspace.id, userId: world.owner.id } }, data: { role: "EDITOR" } });
  await dialog.getByRole("textbox").fill("baseline");
  await dialog.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(dialog.getByText("Ask an owner.")).toBeVisible();
  expect(await isInTrash(version)).toBe(true);
  expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(0);

  const viewerContext = await browser.newContext({ baseURL: baseURL! });
  const viewer = await viewerContext.newPage();
  await signIn(await makeUser({ name: "Vera", role: "VIEWER" }), viewerContext);
  await viewer.goto(trashPath(world));
  await expect(rowOf(viewer, "baseline")).toBeVisible();
  await expect(viewer.getByRole("button", { name: "Restore" })).toHaveCount(0);
  await expect(viewer.getByRole("checkbox")).toHaveCount(0);
  await viewerContext.close();
});

test("Empty Trash leaves what was moved there after the page was opened", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  for (let i = 1; i <= 7; i++) await trashedVersion(world, project, `old ${i}`);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await expect(page.getByText("7 items", { exact: true })).toBeVisible();
  const late = await trashedVersion(world, project, "late");

  await page.getByRole("button", { name: "Empty Trash" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog).toContainText("and 2 more");
  await expect(dialog).toContainText("70 images");
  const act = dialog.getByRole("button", { name: "Empty Trash" });
  await dialog.getByRole("textbox").fill("8");
  await expect(act).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox").fill("７");
  await act.click();
  await expect(toast(page, "Emptied Trash: 7 items permanently deleted")).toBeVisible();
  await expect(rowOf(page, "late")).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(2);
  expect(await isInTrash(late)).toBe(true);
  expect(await prisma().version.count({ where: { projectId: project.id } })).toBe(1);
  expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(7);
});

test("Restore All brings everything back, whatever the filters show", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const versions = [await trashedVersion(world, project, "one"), await trashedVersion(world, project, "two")];
  await trashProject(await userContext(world), { ...ref(world), projectSlug: project.slug });
  await signIn(world.owner);
  await page.goto(`${trashPath(world)}?q=one`);
  await page.getByRole("button", { name: "Restore All" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Restore all 3 items in Trash?" });
  await dialog.getByRole("button", { name: "Restore All" }).click();
  await expect(toast(page, "Restored 3 items")).toBeVisible();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  for (const version of versions) expect(await isInTrash(version)).toBe(false);
});

test("chosen items are restored together; what could not be is listed with its reason", async ({ page, world, signIn, axe }) => {
  const [digits, faces] = [await buildProject(world, { name: "digits" }), await buildProject(world, { name: "faces" })];
  const [free, blocked] = [await trashedVersion(world, digits, "free"), await trashedVersion(world, faces, "blocked")];
  await trashedVersion(world, digits, "not chosen");
  await trashProject(await userContext(world), { ...ref(world), projectSlug: faces.slug });
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("checkbox", { name: "Select all versions" }).click();
  const bar = page.getByRole("group", { name: "Selected items" });
  await expect(bar).toContainText("3 selected");
  await page.getByRole("checkbox", { name: "Select digits v2" }).click();
  await expect(page.getByRole("checkbox", { name: "Select all versions" })).toHaveAttribute("aria-checked", "mixed");
  await bar.getByRole("button", { name: "Restore" }).click();
  const dialog = page.getByRole("dialog", { name: "Restored 1 of 2 items" });
  await expect(dialog).toContainText("faces v1");
  await expect(dialog).toContainText('Its project "faces" is in Trash. Restore the project first.');
  await axe();
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(bar).toContainText("1 selected");
  await bar.getByRole("button", { name: "Clear" }).click();
  await expect(bar).toBeHidden();
  expect([await isInTrash(free), await isInTrash(blocked)]).toEqual([false, true]);
});

test("several are purged by their number; a project and the version in it are not counted twice", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  await trashedVersion(world, project, "inside", 30);
  await buildVersion(world, project, { name: "live inside", images: 12 });
  await trashProject(await userContext(world), { ...ref(world), projectSlug: project.slug });
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("checkbox", { name: "Select digits", exact: true }).click();
  await page.getByRole("checkbox", { name: "Select digits v1" }).click();
  await page.getByRole("group", { name: "Selected items" }).getByRole("button", { name: "Delete Permanently" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Delete 2 items permanently?" });
  await expect(dialog).toContainText("42 images");
  await dialog.getByRole("textbox").fill("2");
  await dialog.getByRole("textbox").press("Enter");
  await expect(toast(page, "Permanently deleted 2 items")).toBeVisible();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  expect(await prisma().project.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
  const { usedImages } = await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } });
  expect(usedImages).toBe(0);
});

test("time left by the server's clock: days, amber from three, hours, due; and a deleter whose account is gone", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const cases = [
    { name: "fresh", left: RETENTION_MS - HOUR_MS, text: "30 days", amber: false },
    { name: "four", left: 73 * HOUR_MS, text: "4 days", amber: false },
    { name: "three", left: 71 * HOUR_MS, text: "3 days", amber: true },
    { name: "hours", left: 5.5 * HOUR_MS, text: "less than a day (5 hours)", amber: true },
    { name: "minutes", left: HOUR_MS / 2, text: "less than an hour", amber: true },
    { name: "overdue", left: -HOUR_MS, text: "due", amber: true },
  ];
  for (const { name, left } of cases) await age(await trashedVersion(world, project, name), left);
  const ghost = "0190aaaa-0000-7000-8000-000000000048";
  await prisma().version.updateMany({ where: { projectId: project.id, name: "four" }, data: { deletedById: ghost } });
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const ordinary = await rowOf(page, "fresh").getByRole("cell", { name: "Ada Lovelace" }).evaluate((element) => getComputedStyle(element).color);
  for (const { name, text, amber } of cases) {
    const cell = rowOf(page, name).getByRole("cell").filter({ hasText: text }).locator("[title$=UTC]").first();
    await expect(cell).toContainText(text);
    await expect(cell).toContainText("scheduled purge");
    const colour = await cell.evaluate((element) => getComputedStyle(element).color);
    expect(colour !== ordinary, `${name} is amber`).toBe(amber);
  }
  await expect(page.getByText(/(^|\s)0 days/)).toHaveCount(0);
  await expect(page.getByText("scheduled purge due now")).toBeVisible();
  await expect(rowOf(page, "four")).toContainText(`deleted user (${ghost})`);
  // Until a purge has claimed it, it can be restored.
  await page.getByRole("button", { name: "Restore digits v6" }).click();
  await expect(toast(page, 'Restored "digits v6"')).toBeVisible();
  await page.getByRole("button", { name: "Restore digits v2" }).click();
  await expect(toast(page, 'Restored "digits v2"')).toBeVisible();
});

test("filters stand in the address: type, name, order; nothing matches has a way out", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  await trashedVersion(world, project, "Alpha 100%");
  await trashedVersion(world, project, "beta");
  await trashProject(await userContext(world), { ...ref(world), projectSlug: (await buildProject(world, { name: "alphabet" })).slug });
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("searchbox", { name: "Search by name" }).fill("ALPHA");
  await expect(page).toHaveURL(/\?q=ALPHA$/);
  await expect(page.getByRole("row", { name: "beta" })).toHaveCount(0);
  await expect(page.getByRole("table")).toHaveCount(2);
  await page.getByLabel("Type").selectOption("Versions");
  await expect(page).toHaveURL(/type=versions&q=ALPHA$/);
  await expect(page.getByRole("table")).toHaveCount(1);
  await expect(rowOf(page, "Alpha 100%")).toBeVisible();
  await page.getByRole("searchbox").fill("a_pha");
  await expect(page.getByText("No item matches")).toBeVisible();
  await page.getByRole("link", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(new RegExp(`${trashPath(world)}$`));
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.getByLabel("Order").selectOption("Oldest first");
  await expect(page).toHaveURL(/\?order=oldest$/);
  await expect(page.getByRole("table", { name: "Versions" }).getByRole("rowheader")).toContainText([/^Alpha/, /^beta/]);
  await page.goto(`${trashPath(world)}?q=beta&type=versions&versions=forged`);
  await expect(page).toHaveURL(/\?type=versions&q=beta$/);
  await expect(page.getByRole("searchbox")).toHaveValue("beta");
  await expect(rowOf(page, "beta")).toBeVisible();
});

test("a section shows 50 and reads on, its place in the address", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  for (let i = 1; i <= 53; i++) await trashedVersion(world, project, `n${i}`, 1);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await expect(page.getByText("53 items", { exact: true })).toBeVisible();
  const headers = page.getByRole("table", { name: "Versions" }).getByRole("rowheader");
  await expect(headers).toHaveCount(50);
  await page.getByRole("link", { name: "Show more versions" }).click();
  await expect(headers).toHaveCount(3);
  await expect(page).toHaveURL(/\?versions=/);
  await page.getByRole("link", { name: "Back to the first ones" }).click();
  await expect(headers).toHaveCount(50);
});

test("a stale tab gets a clear answer and what is there now", async ({ page, context, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await trashedVersion(world, project, "baseline");
  await trashedVersion(world, project, "other");
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const stale = await context.newPage();
  await stale.goto(trashPath(world));
  const dialog = await openPurge(stale, "digits v1");
  await page.getByRole("button", { name: "Restore digits v1" }).click();
  await expect(rowOf(page, "baseline")).toHaveCount(0);

  await dialog.getByRole("textbox").fill("baseline");
  await dialog.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(toast(stale, '"baseline" is not in Trash. Nothing was purged.')).toBeVisible();
  await expect(rowOf(stale, "baseline")).toHaveCount(0);
  expect(await isInTrash(version)).toBe(false);

  // Purged in one tab, restored in the other.
  const purge = await openPurge(page, "digits v2");
  await purge.getByRole("textbox").fill("other");
  await purge.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  await stale.getByRole("button", { name: "Restore digits v2" }).click();
  await expect(toast(stale, "was permanently deleted")).toBeVisible();
  await expect(stale.getByText("Trash is empty.")).toBeVisible();
});

test("restoring and purging by keyboard alone", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const [first, second] = [await trashedVersion(world, project, "first"), await trashedVersion(world, project, "second")];
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await page.getByRole("checkbox", { name: "Select digits v2" }).focus();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("button", { name: "Restore digits v2" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Restore digits v1" })).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem", { name: "Delete Permanently" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("alertdialog")).toBeHidden();
  await expect(page.getByRole("button", { name: "More actions for digits v1" })).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("button", { name: "Cancel" })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("textbox")).toBeFocused();
  await page.keyboard.type("first");
  await page.keyboard.press("Enter");
  await expect(toast(page, 'Permanently deleted "digits v1"')).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await isInTrash(second)).toBe(false);
  expect(await prisma().purgeReceipt.count({ where: { itemId: first.id } })).toBe(1);
});

test("a workspace one is not a member of has no Trash: 404", async ({ page, world, signIn, makeUser, expectedErrors }) => {
  expectedErrors.push(/404/);
  await signIn(await makeUser());
  expect((await page.goto(trashPath(world)))?.status()).toBe(404);
  expect((await page.goto(`/${world.workspace.slug}/settings/usage`))?.status()).toBe(404);
});

test("the page's scripts are at most 170 kB, gzipped", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  await trashedVersion(world, project, "baseline");
  await signIn(world.owner);
  const html = await (await page.request.get(trashPath(world))).text();
  // What browsers without modules would load besides is for none that can run the app.
  const modern = html.replace(/<script[^>]*\bnomodule\b[^>]*>/gi, "");
  const scripts = new Set([...modern.matchAll(/\/_next\/static\/[^"'\\ ]+\.js/g)].map(([path]) => path));
  const sizes = await Promise.all([...scripts].map(async (path) => ({ path, bytes: gzipSync(await (await page.request.get(path)).body()).length })));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  test.info().annotations.push({ type: "scripts", description: `${total} bytes in ${sizes.length} files` });
  expect(sizes.length).toBeGreaterThan(3);
  expect(total, JSON.stringify(sizes.sort((a, b) => b.bytes - a.bytes))).toBeLessThanOrEqual(SCRIPTS_MAX_BYTES);
});

test("usage adds up: live + in Trash = used, by project", async ({ page, world, signIn, axe }) => {
  const project = await buildProject(world, { name: "digits" });
  await buildVersion(world, project, { images: 1_234 });
  await trashedVersion(world, project, "baseline", 766);
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/settings/usage`);
  await expect(page.getByRole("region", { name: "Generated images" })).toContainText("2,000 of 100,000 used");
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "digits" }) });
  for (const figure of ["1,234", "766", "2,000"]) await expect(row).toContainText(figure);
  await axe();
  await page.getByRole("link", { name: "Open Trash" }).click();
  await expect(rowOf(page, "baseline")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  for (const locale of ["en-US", "ja-JP"]) {
    test.describe(`${locale}, ${colorScheme}`, () => {
      test.use({ locale, colorScheme });

      test("Trash and its dialogs have no flaw that axe knows, and fit a small phone", async ({ page, world, signIn, axe, fits }) => {
        const [digits, faces] = [await buildProject(world, { name: "Handwritten digits with a name that is long" }), await buildProject(world, { name: "faces" })];
        await age(await trashedVersion(world, digits, "AVeryLongNameWithoutAnySpaceThatDoesNotWantToBreakAnywhereAtAll"), 5 * HOUR_MS);
        await trashedVersion(world, faces, "blocked");
        await trashProject(await userContext(world), { ...ref(world), projectSlug: faces.slug });
        await signIn(world.owner);
        await page.goto(trashPath(world));
        await expect(page.getByRole("table")).toHaveCount(2);
        await axe();
        await page.setViewportSize({ width: 360, height: 740 });
        await fits();
        await page.getByRole("row").nth(1).getByRole("checkbox").click();
        await expect(page.getByRole("group")).toBeVisible();
        await axe();
        await fits();
        await page.getByRole("group").getByRole("button").nth(1).click();
        await expect(page.getByRole("alertdialog")).toBeVisible();
        await axe();
        await fits();
        await page.keyboard.press("Escape");
        for (const index of [0, 1]) {
          await page.getByRole("main").getByRole("banner").or(page.locator("main header")).getByRole("button").nth(index).click();
          await expect(page.getByRole("alertdialog")).toBeVisible();
          await axe();
          await page.keyboard.press("Escape");
          await expect(page.getByRole("alertdialog")).toBeHidden();
        }
        await page.goto(`/${world.workspace.slug}/settings/usage`);
        await expect(page.getByRole("table")).toBeVisible();
        await axe();
        await fits();
      });
    });
  }
}

test.describe("in Japanese", () => {
  test.use({ locale: "ja-JP" });

  test("a version is restored and another is purged", async ({ page, world, signIn }) => {
    const project = await buildProject(world, { name: "digits" });
    const [first, second] = [await trashedVersion(world, project, "最初"), await trashedVersion(world, project, "二番目")];
    await signIn(world.owner);
    await page.goto(trashPath(world));
    await expect(page.getByRole("heading", { level: 1, name: "ゴミ箱" })).toBeVisible();
    await expect(rowOf(page, "最初")).toContainText("あと30日");
    await page.getByRole("button", { name: "digits v1を復元" }).click();
    await expect(toast(page, "「digits v1」を復元しました")).toBeVisible();
    await page.getByRole("button", { name: "digits v2のその他の操作" }).click();
    await page.getByRole("menuitem", { name: "完全に削除" }).click();
    const dialog = page.getByRole("alertdialog", { name: "「digits v2」を完全に削除しますか？" });
    await expect(dialog).toContainText("この操作は取り消せません。");
    await dialog.getByRole("textbox", { name: "確認のため、バージョン名を入力してください" }).fill("二番目");
    await dialog.getByRole("button", { name: "完全に削除" }).click();
    await expect(toast(page, "「digits v2」を完全に削除しました")).toBeVisible();
    await expect(page.getByText("ゴミ箱は空です。")).toBeVisible();
    expect(await isInTrash(first)).toBe(false);
    expect(await prisma().purgeReceipt.count({ where: { itemId: second.id } })).toBe(1);
  });
});
