import { renameVersion } from "@/lib/domain/versions";
import { purgeItem, restoreVersion, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildProject, buildTraining, buildVersion, userContext } from "@/lib/testing/builders";
import { expect, hydrated, LONG, PHONE, test } from "./fixtures";
import { buildDigits, openDelete, deletedAt, nameField, NOT_FOUND } from "./delete-steps";

test("the whole way by mouse: what will happen, the typed name, the next version, Undo after going elsewhere", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const { project, version, home } = await buildDigits(world);
  const running = await buildTraining(world, version, { status: "RUNNING" });
  await prisma().training.update({ where: { id: running.id }, data: { epoch: 5 } });
  await buildTraining(world, version, { status: "QUEUED" });
  const model = await buildModel(world, await buildTraining(world, version, { status: "FINISHED" }));
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await page.getByRole("main").getByRole("link", { name: "Digits" }).click();
  await page.getByRole("list", { name: "Versions of Digits" }).getByRole("link", { name: "digits baseline" }).click();
  await expect(page).toHaveURL(`${home}/2`);

  // The tree of a version that is in Trash says 404: nobody may see it flash by on the way.
  await page.evaluate(() =>
    new MutationObserver(
      () => document.querySelector("main")?.textContent?.includes("is in Trash") && (document.title = "flashed"),
    ).observe(document.body, { childList: true, subtree: true }),
  );

  const dialog = await openDelete(page);
  await expect(dialog).toHaveAccessibleName('Move "digits baseline" to Trash?');
  await expect(dialog.getByText(/It is kept until .+ \(30 days\)/)).toBeVisible();
  await expect(dialog.getByText("1,200 images keep counting against the quota until then.")).toBeVisible();
  await expect(dialog.getByText("Training 1, epoch 5 of 20, is cancelled for good.")).toBeVisible();
  await expect(dialog.getByText("Training 2, not begun yet, is cancelled for good.")).toBeVisible();
  await expect(dialog.getByText(`The model ${model.slug} stops serving until the restore.`)).toBeVisible();
  await axe();

  const confirm = dialog.getByRole("button", { name: "Move to Trash" });
  await expect(confirm).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type the version's name to confirm").fill("digits baselin");
  await expect(confirm).toHaveAttribute("aria-disabled", "true");
  await dialog.getByLabel("Type the version's name to confirm").fill("digits baseline");
  await expect(confirm).not.toHaveAttribute("aria-disabled", "true");
  await axe();
  await confirm.click();

  await expect(page).toHaveURL(home);
  await expect(page.getByText('Moved "digits baseline" to Trash')).toBeVisible();
  await expect(page.getByRole("heading", { level: 2, name: "older v1" })).toBeFocused();
  await expect(page.getByRole("list", { name: "Versions of Digits" }).getByRole("link")).toHaveCount(1);
  expect(await page.title()).not.toBe("flashed");
  expect(await deletedAt(version.id)).not.toBeNull();

  await page.getByRole("navigation", { name: "Breadcrumbs" }).getByRole("link").first().click();
  await expect(page).toHaveURL(`/${world.workspace.slug}`);
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(page.getByText('Restored "digits baseline"')).toBeVisible();
  expect(await deletedAt(version.id)).toBeNull();
  await expect(
    page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: project.name }) }),
  ).toContainText("2 versions");
});

test("the whole way by keyboard alone, Undo too, and Escape leads back to the menu's button", async ({
  page,
  world,
  signIn,
}) => {
  const { version, home } = await buildDigits(world);
  await signIn(world.owner);
  await page.goto(`${home}/2`);
  const menu = page.getByRole("button", { name: "Edit Dataset" });
  await hydrated(menu);
  await menu.focus();
  for (const leave of [true, false]) {
    await page.keyboard.press("Enter");
    await expect(page.getByRole("menuitem", { name: "Rename" })).toBeFocused();
    await page.keyboard.press("ArrowDown");
    await expect(page.getByRole("menuitem", { name: "Delete Version" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.getByLabel("Type the version's name to confirm")).toBeFocused();
    if (!leave) break;
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
    await expect(menu).toBeFocused();
  }
  await expect(page.getByText("It is kept until")).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.type("digits baseline");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(home);
  await expect(page.getByRole("heading", { level: 2, name: "older v1" })).toBeFocused();
  await expect(page.getByText('Moved "digits baseline" to Trash')).toBeVisible();
  await page.keyboard.press("Alt+t");
  await page.keyboard.press("Tab");
  const undo = page.getByRole("button", { name: "Undo" });
  if (!(await undo.evaluate((button) => button === document.activeElement))) await page.keyboard.press("Tab");
  await expect(undo).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText('Restored "digits baseline"')).toBeVisible();
  await expect(page.getByRole("list", { name: "Versions of Digits" }).getByRole("link")).toHaveCount(2);
  expect(await deletedAt(version.id)).toBeNull();
});

const NAMES = [
  {
    what: "composed letters",
    name: "Überblick",
    shown: "Überblick",
    accepted: "U\u0308berblick",
    refused: ["überblick", "Uberblick"],
  },
  {
    what: "white space around it",
    name: "digits baseline",
    shown: "digits baseline",
    accepted: "  digits baseline\t",
    refused: ["digits  baseline", "digitsbaseline"],
  },
  {
    what: "a look-alike letter",
    name: "b\u0430seline",
    shown: "b⟨U+0430⟩seline",
    accepted: "b\u0430seline",
    refused: ["baseline"],
  },
  {
    what: "a right-to-left override",
    name: "v\u202Egpj.baseline",
    shown: "v⟨U+202E⟩gpj.baseline",
    accepted: "v\u202Egpj.baseline",
    refused: ["vgpj.baseline", "venilesab.jpg"],
  },
  {
    what: "a character of no width",
    name: "base\u200Bline",
    shown: "base⟨U+200B⟩line",
    accepted: "base\u200Bline",
    refused: ["baseline"],
  },
  {
    what: "emoji",
    name: "lab 👩‍🔬 one",
    shown: "lab 👩‍🔬 one",
    accepted: "lab 👩‍🔬 one",
    refused: ["lab 👩🔬 one", "lab one"],
  },
];

test("the typed name counts, whatever it is made of", LONG, async ({ page, world, signIn }) => {
  test.slow(); // a version for each name
  await signIn(world.owner);
  for (const { what, name, shown, accepted, refused } of NAMES)
    await test.step(what, async () => {
      const { version, home } = await buildDigits(world, name);
      await page.goto(`${home}/2`);
      const dialog = await openDelete(page);
      await expect(dialog).toHaveAccessibleName(`Move "${shown}" to Trash?`);
      await expect(dialog.getByTestId("exact-name")).toHaveText(shown);
      await expect(dialog.getByText("v2", { exact: true })).toBeVisible();
      await expect(dialog.getByText("It is kept until")).toBeVisible();
      const [field, confirm] = [nameField(dialog), dialog.getByRole("button", { name: "Move to Trash" })];
      for (const text of ["", "   ", ...refused]) {
        await field.fill(text);
        await expect(confirm).toHaveAttribute("aria-disabled", "true");
      }
      await field.press("Enter");
      expect(await deletedAt(version.id)).toBeNull();
      await field.fill(accepted);
      await confirm.click();
      await expect(page.getByText(`Moved "${shown}" to Trash`)).toBeVisible();
      expect(await deletedAt(version.id)).not.toBeNull();
    });
});

test("a version renamed while the dialog is open is not moved: the new name is shown and the field cleared", async ({
  page,
  world,
  signIn,
}) => {
  const { version, home, ref } = await buildDigits(world);
  await signIn(world.owner);
  await page.goto(`${home}/2`);
  const dialog = await openDelete(page);
  await nameField(dialog).fill("digits baseline");
  await expect(dialog.getByText("It is kept until")).toBeVisible();
  await renameVersion(await userContext(world), ref, "digits final");
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(dialog.getByRole("alert")).toContainText('the version is now called "digits final"');
  await expect(nameField(dialog)).toHaveValue("");
  await expect(nameField(dialog)).toBeFocused();
  await expect(dialog.getByTestId("exact-name")).toHaveText("digits final");
  expect(await deletedAt(version.id)).toBeNull();
  await nameField(dialog).fill("digits final");
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText('Moved "digits final" to Trash')).toBeVisible();
});

test(
  "two tabs: what the other one moved to Trash is said, before and after the dialog opens",
  LONG,
  async ({ page, world, signIn, expectedErrors }) => {
    expectedErrors.push(NOT_FOUND);
    const { version, home, ref, project } = await buildDigits(world);
    await signIn(world.owner);
    await page.goto(`${home}/2`);
    const ctx = await userContext(world);

    // after: the dialog is open, the other tab is faster; nothing is counted or dated twice
    const dialog = await openDelete(page);
    await nameField(dialog).fill("digits baseline");
    await expect(dialog.getByText("It is kept until")).toBeVisible();
    await trashVersion(ctx, ref);
    const before = await deletedAt(version.id);
    await dialog.getByRole("button", { name: "Move to Trash" }).click();
    await expect(page.getByText('"digits baseline" was in Trash already')).toBeVisible();
    await expect(page).toHaveURL(home);
    expect(await deletedAt(version.id)).toEqual(before);

    // before: the page still shows it
    await restoreVersion(ctx, { workspaceSlug: world.workspace.slug, projectId: project.id, number: 2 });
    await page.goto(`${home}/2`);
    await trashVersion(await userContext(world), ref);
    await openDelete(page);
    await expect(dialog.getByRole("alert")).toContainText('"digits baseline" is in Trash already');
    await expect(dialog.getByRole("button", { name: "Move to Trash" })).toBeHidden();
    await dialog.getByRole("button", { name: "Close" }).last().click();
    await expect(page.getByRole("heading", { name: '"digits baseline" v2 is in Trash' })).toBeVisible();
  },
);

test("Undo after somebody restored or purged it says so", LONG, async ({ page, world, signIn }) => {
  const { project, version, home } = await buildDigits(world);
  await signIn(world.owner);
  for (const fate of ["restored", "purged"] as const) {
    await page.goto(`${home}/2`);
    const dialog = await openDelete(page);
    await nameField(dialog).fill("digits baseline");
    await dialog.getByRole("button", { name: "Move to Trash" }).click();
    await expect(page).toHaveURL(home);
    if (fate === "restored")
      await restoreVersion(await userContext(world), {
        workspaceSlug: world.workspace.slug,
        projectId: project.id,
        number: 2,
      });
    else
      await purgeItem(
        await userContext(world),
        { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id },
        new AbortController().signal,
      );
    await page.getByRole("button", { name: "Undo" }).click();
    await expect(
      page.getByText(
        fate === "restored"
          ? '"digits baseline" is not in Trash any more'
          : '"digits baseline" was permanently deleted meanwhile',
      ),
    ).toBeVisible();
  }
});

test("a viewer is offered nothing, and somebody who became one is refused", async ({
  page,
  world,
  signIn,
  makeUser,
}) => {
  const { version, home } = await buildDigits(world);
  await buildTraining(world, version, { status: "FINISHED" });
  await signIn(await makeUser({ role: "VIEWER" }));
  await page.goto(`${home}/2`);
  await expect(page.getByRole("heading", { level: 2, name: "digits baseline v2" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Edit Dataset" })).toBeHidden();
  await expect(page.getByRole("button", { name: /Delete/ })).toHaveCount(0);
  await page.goto(`/${world.workspace.slug}`);
  await expect(page.getByRole("heading", { name: "Digits" })).toBeVisible();
  await expect(page.getByRole("button", { name: /Edit project/ })).toHaveCount(0);
  expect((await page.request.get(`/data${home}/2/consequences`)).status()).toBe(403);

  const editor = await makeUser({ role: "EDITOR" });
  await signIn(editor);
  await page.goto(`${home}/2`);
  const dialog = await openDelete(page);
  await nameField(dialog).fill("digits baseline");
  await expect(dialog.getByText("It is kept until")).toBeVisible();
  await prisma().membership.updateMany({ where: { userId: editor.id }, data: { role: "VIEWER" } });
  await dialog.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText(/which does not include this. Ask an owner/)).toBeVisible();
  expect(await deletedAt(version.id)).toBeNull();
});

test("a version that failed can be deleted, one being generated has its generation cancelled", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world);
  await buildVersion(world, project, { name: "broken", status: "FAILED" });
  const making = await buildVersion(world, project, {
    name: "making",
    status: "GENERATING",
    images: 30,
    generatorUntil: new Date(Date.now() + 3_600_000),
  });
  await signIn(world.owner);
  for (const name of ["making", "broken"]) {
    await page.goto(`/${world.workspace.slug}/${project.slug}`);
    const dialog = await openDelete(page);
    await expect(dialog.getByText("Its generation is cancelled")).toHaveCount(name === "making" ? 1 : 0);
    await expect(dialog.getByText("keep counting")).toHaveCount(0);
    await nameField(dialog).fill(name);
    await dialog.getByRole("button", { name: "Move to Trash" }).click();
    await expect(page.getByText(`Moved "${name}" to Trash`)).toBeVisible();
  }
  await expect(page.getByText("No versions yet")).toBeVisible();
  expect((await prisma().version.findUniqueOrThrow({ where: { id: making.id } })).status).toBe("FAILED");
});

test.describe("in Japanese, in the dark, on a small phone", () => {
  test.use({ locale: "ja-JP", colorScheme: "dark", viewport: PHONE });

  test("the main path", async ({ page, world, signIn, axe, fits }) => {
    const { version, home } = await buildDigits(world, "数字のベースライン");
    await buildTraining(world, version, { status: "RUNNING" });
    await signIn(world.owner);
    await page.goto(home);
    await page.getByRole("link", { name: "数字のベースライン" }).click();
    await page.getByRole("button", { name: "データセットを編集" }).click();
    await fits();
    await page.getByRole("menuitem", { name: "バージョンを削除" }).click();
    const dialog = page.getByRole("dialog", { name: "「数字のベースライン」をゴミ箱に移動しますか？" });
    await expect(dialog.getByText("学習1（エポック0／20）はキャンセルされ、復元しても再開されません。")).toBeVisible();
    await axe();
    await fits();
    await dialog.getByLabel("確認のため、バージョン名を入力してください").fill("数字のベースライン");
    await dialog.getByRole("button", { name: "ゴミ箱に移動" }).click();
    await expect(page.getByText("「数字のベースライン」をゴミ箱に移動しました")).toBeVisible();
    await axe();
    await fits();
    await page.getByRole("button", { name: "元に戻す" }).click();
    await expect(page.getByText("「数字のベースライン」を復元しました")).toBeVisible();
    expect(await deletedAt(version.id)).toBeNull();
  });
});

test("a reason is asked for and need not be given; it is told in Trash, at the version's address, and in the audit log", async ({
  page,
  world,
  signIn,
  expectedErrors,
}) => {
  expectedErrors.push(NOT_FOUND);
  const { home } = await buildDigits(world);
  await signIn(world.owner);
  await page.goto(`${home}/2`);
  const dialog = await openDelete(page);
  await dialog.getByLabel("Type the version's name to confirm").fill("digits baseline");
  await dialog.getByLabel("Reason (optional)").fill("the labels of March were wrong");
  await page.keyboard.press("Enter");
  await expect(page.getByText('Moved "digits baseline" to Trash')).toBeVisible();
  await page.goto(`${home}/2`);
  await expect(page.getByText("Reason: the labels of March were wrong")).toBeVisible();
  await expect(page.getByText(/^Deleted by Ada Lovelace, /)).toBeVisible();
  await page.goto(`/${world.workspace.slug}/settings/trash`);
  await expect(page.getByText("Reason: the labels of March were wrong")).toBeVisible();
  await page.goto(`/${world.workspace.slug}/settings/audit-log`);
  await expect(page.getByText("Reason: the labels of March were wrong")).toBeVisible();
});
