import { trashProject, trashTraining, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildProject, buildTraining, buildVersion, userContext } from "@/lib/testing/builders";
import { expect, LONG, test } from "./fixtures";
import { isInTrash, NO_THUMBNAIL, openPurge, ref, rowOf, toast, trashedVersion, trashPath } from "./trash-steps";

test.beforeEach(({ expectedErrors }) => void expectedErrors.push(NO_THUMBNAIL));

test("a version is restored from its row; focus goes to the row that took its place, at last to the heading", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "digits" });
  const [first, second] = [
    await trashedVersion(world, project, "first", 1_200),
    await trashedVersion(world, project, "second"),
  ];
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
  await expect(page.getByText("Deleted projects, versions, trainings and images wait here for 30 days.")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await isInTrash(first)).toBe(false);
});

test("a project in Trash keeps its version from being restored, and says so; once it is back, so can the version and its training", async ({
  page,
  world,
  signIn,
}) => {
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
  await expect(dialog.getByRole("list", { name: "What will be lost" })).toContainText(
    "1 version · 321 images · 1 training · 1 model",
  );
  await expect(dialog).toContainText("This cannot be undone.");
  const act = dialog.getByRole("button", { name: "Delete Permanently" });
  const field = dialog.getByRole("textbox", { name: /to confirm/ });
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
  expect(receipt).toMatchObject({
    itemName: "Überblick",
    reason: "BY_HAND",
    actorName: "Ada Lovelace",
    images: 321,
    models: 1,
  });
  expect(await isInTrash(other)).toBe(true);
});

test("an editor restores and sees nothing to purge with; what an owner's page would send is refused. A viewer only looks", async ({
  page,
  world,
  signIn,
  makeUser,
  browser,
  baseURL,
}) => {
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
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("baseline");
  await expect(dialog.getByRole("button", { name: "Delete Permanently" })).not.toHaveAttribute("aria-disabled");
  await prisma().membership.update({
    where: { workspaceId_userId: { workspaceId: world.workspace.id, userId: world.owner.id } },
    data: { role: "EDITOR" },
  });
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

test("Empty Trash takes what is there when its dialog opens, and leaves what is moved there after it", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "digits" });
  for (let i = 1; i <= 6; i++) await trashedVersion(world, project, `old ${i}`);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await expect(page.getByText("6 items", { exact: true })).toBeVisible();
  await trashedVersion(world, project, "shown with the dialog");

  await page.getByRole("button", { name: "Empty Trash" }).click();
  const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
  await expect(dialog.getByRole("button", { name: "Cancel" })).toBeFocused();
  await expect(dialog).toContainText("70 images");
  await expect(dialog).toContainText("shown with the dialog");
  const late = await trashedVersion(world, project, "late");
  const act = dialog.getByRole("button", { name: "Empty Trash" });
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("8");
  await expect(act).toHaveAttribute("aria-disabled", "true");
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("７");
  await act.click();
  await expect(toast(page, "Permanently deleted 7 items")).toBeVisible();
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

test("chosen items are restored together; what could not be is listed with its reason", async ({
  page,
  world,
  signIn,
  axe,
}) => {
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

test("several are purged by their number; a project and the version in it are not counted twice", async ({
  page,
  world,
  signIn,
}) => {
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
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("2");
  await expect(dialog.getByRole("button", { name: "Delete Permanently" })).not.toHaveAttribute("aria-disabled");
  await dialog.getByRole("textbox", { name: /to confirm/ }).press("Enter");
  await expect(toast(page, "Permanently deleted 2 items")).toBeVisible();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  expect(await prisma().project.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
  const { usedImages } = await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } });
  expect(usedImages).toBe(0);
});

test("a stale tab gets a clear answer and what is there now", LONG, async ({ page, context, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const version = await trashedVersion(world, project, "baseline");
  await trashedVersion(world, project, "other");
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const stale = await context.newPage();
  await stale.goto(trashPath(world));
  const dialog = await openPurge(stale, "digits v1");
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("baseline");
  await expect(dialog.getByRole("button", { name: "Delete Permanently" })).not.toHaveAttribute("aria-disabled");
  await page.getByRole("button", { name: "Restore digits v1" }).click();
  await expect(rowOf(page, "baseline")).toHaveCount(0);

  await dialog.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(dialog.getByRole("alert")).toContainText("What you chose is not in Trash any more as it was listed.");
  await dialog.getByRole("button", { name: "Try again" }).click();
  await expect(dialog).toBeHidden();
  await expect(rowOf(stale, "baseline")).toHaveCount(0);
  expect(await isInTrash(version)).toBe(false);

  // Purged in one tab, restored in the other.
  const purge = await openPurge(page, "digits v2");
  await purge.getByRole("textbox", { name: /to confirm/ }).fill("other");
  await purge.getByRole("button", { name: "Delete Permanently" }).click();
  await expect(page.getByText("Trash is empty.")).toBeVisible();
  await stale.getByRole("button", { name: "Restore digits v2" }).click();
  await expect(toast(stale, "was permanently deleted")).toBeVisible();
  await expect(stale.getByText("Trash is empty.")).toBeVisible();
});

test(
  "a dialog about what is no longer so, or too old, says it and looks again",
  LONG,
  async ({ page, context, world, signIn, expectedErrors }) => {
    const project = await buildProject(world, { name: "digits" });
    for (const name of ["one", "two", "three"]) await trashedVersion(world, project, name);
    await signIn(world.owner);
    await page.goto(trashPath(world));
    const other = await context.newPage();
    await other.goto(trashPath(world));
    await other.getByRole("button", { name: "Restore digits v1" }).click();
    await expect(rowOf(other, "one")).toHaveCount(0);

    // Not as the page listed it: a look at what is left of the chosen, which is nothing.
    const stale = await openPurge(page, "digits v1");
    await expect(stale.getByRole("alert")).toContainText("What you chose is not in Trash any more as it was listed.");
    await expect(stale.getByRole("textbox", { name: /to confirm/ })).toBeHidden();
    await expect(stale.getByRole("button", { name: "Delete Permanently" })).toHaveAttribute("aria-disabled", "true");
    await stale.getByRole("button", { name: "Try again" }).click();
    await expect(stale).toBeHidden();
    await expect(rowOf(page, "one")).toHaveCount(0);

    // A server that is away while it looks.
    expectedErrors.push(/ERR_FAILED/);
    await page.route(/settings\/trash/, (route) =>
      route.request().method() === "POST" ? route.abort() : route.continue(),
    );
    await page.getByRole("button", { name: "Empty Trash" }).click();
    const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
    await expect(dialog.getByRole("alert")).toContainText("The server cannot be reached.");
    await expect(dialog.getByRole("textbox", { name: /to confirm/ })).toBeHidden();
    await page.unroute(/settings\/trash/);
    await dialog.getByRole("button", { name: "Try again" }).click();

    // Half an hour later.
    await dialog.getByRole("textbox", { name: /to confirm/ }).fill("2");
    await prisma().trashSelection.updateMany({
      where: { workspaceId: world.workspace.id },
      data: { expiresAt: new Date("2026-01-01T00:00:00Z") },
    });
    await dialog.getByRole("button", { name: "Empty Trash" }).click();
    await expect(dialog.getByRole("alert")).toContainText("Too much time has passed since you looked at Trash.");
    expect(await prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id } })).toBe(0);
    await dialog.getByRole("textbox", { name: /to confirm/ }).fill("2");
    await dialog.getByRole("button", { name: "Empty Trash" }).click();
    await expect(toast(page, "Permanently deleted 2 items")).toBeVisible();
  },
);

test("restoring and purging by keyboard alone", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  const [first, second] = [
    await trashedVersion(world, project, "first"),
    await trashedVersion(world, project, "second"),
  ];
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
  await expect(page.getByRole("textbox", { name: /to confirm/ })).toBeVisible(); // once it is foreseen
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("textbox", { name: /to confirm/ })).toBeFocused();
  await page.keyboard.type("first");
  await expect(page.getByRole("button", { name: "Delete Permanently" })).not.toHaveAttribute("aria-disabled");
  await page.keyboard.press("Enter");
  await expect(toast(page, 'Permanently deleted "digits v1"')).toBeVisible();
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
  expect(await isInTrash(second)).toBe(false);
  expect(await prisma().purgeReceipt.count({ where: { itemId: first.id } })).toBe(1);
});

test("the name to type before a purge is shown as it is, with what cannot be seen or looks like something else", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "digits" });
  await trashedVersion(world, project, "b\u0430se\u00a0li\u202ene");
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const dialog = await openPurge(page, "digits v1");
  await expect(dialog.getByTestId("exact-name")).toHaveText("b⟨U+0430⟩se⟨U+00A0⟩li⟨U+202E⟩ne");
  await expect(dialog.getByText("Copy the name instead of typing it.")).toBeVisible();
  await dialog.getByRole("textbox", { name: /to confirm/ }).fill("base line");
  await expect(dialog.getByRole("button", { name: "Delete Permanently" })).toHaveAttribute("aria-disabled", "true");
  await axe();
});
