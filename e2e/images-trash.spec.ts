import type { Page } from "@playwright/test";
import { prisma } from "@/lib/platform/db";
import { buildProject, type World } from "@/lib/testing/builders";
import { expect, LONG, test } from "./fixtures";
import { toast, trashPath } from "./trash-steps";
import { draw, filesOf, panelOf, png } from "./upload-steps";

type SignIn = (user: { id: string }) => Promise<void>;

async function uploadImages(page: Page, base: string, count: number): Promise<void> {
  for (let number = 0; number < count; number++) {
    const response = await page.request.post(`/data${base}/images?name=image-${number}.png&split=train&label=seven`, {
      data: await draw(number),
      headers: { "Content-Type": "application/octet-stream", "Sec-Fetch-Site": "same-origin" },
    });
    expect(response.status()).toBe(200);
  }
}

const gridOf = (page: Page) => page.getByRole("listbox", { name: "Images of Digits" });
const optionsOf = (page: Page) => gridOf(page).getByRole("option");

/** Chooses the newest images by keyboard and asks to remove them. */
async function askToRemove(page: Page, count: number): Promise<void> {
  await gridOf(page).focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  for (let more = 1; more < count; more++) await page.keyboard.press("Shift+ArrowRight");
  await page.getByRole("region", { name: "Selected images" }).getByRole("button", { name: "Remove" }).press("Enter");
}

/** So many images on their page; their rows `before` what comes, and as they are then. */
async function openImages(page: Page, world: World, signIn: SignIn, count: number) {
  const project = await buildProject(world, { name: "Digits" });
  const base = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  await uploadImages(page, base, count);
  const rows = () => prisma().image.findMany({ where: { projectId: project.id }, orderBy: { id: "asc" } });
  const before = await rows();
  await page.goto(`${base}/images`);
  await expect(optionsOf(page)).toHaveCount(count);
  return { project, base, rows, before };
}

test("images are removed by keyboard, with an Undo, and restored in Trash, each exactly as it was", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const { rows, before } = await openImages(page, world, signIn, 6);

  await askToRemove(page, 2);
  const dialog = page.getByRole("dialog", { name: "Move 2 images to Trash?" });
  await expect(dialog).toContainText("kept for 30 days");
  await expect(dialog).toContainText("Versions that were made of them stay as they are");
  await dialog.getByLabel("Reason (optional)").fill("blurred");
  await axe();
  await dialog.getByRole("button", { name: "Move to Trash" }).press("Enter");
  await expect(optionsOf(page)).toHaveCount(4);
  await expect(gridOf(page)).toBeFocused();
  await toast(page, 'Moved "2 images of Digits" to Trash').getByRole("button", { name: "Undo" }).click();
  await expect(toast(page, 'Restored "2 images of Digits"')).toBeVisible();
  await expect(optionsOf(page)).toHaveCount(6);
  expect(await rows()).toEqual(before);

  await askToRemove(page, 2);
  await page.getByRole("dialog").getByRole("button", { name: "Move to Trash" }).press("Enter");
  await expect(optionsOf(page)).toHaveCount(4);
  await page.goto(trashPath(world));
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: /2 images of Digits/ }) });
  await expect(page.getByRole("heading", { name: "Images" })).toBeVisible();
  await expect(row).toContainText("Ada");
  await expect(row).toContainText("30 days");
  await axe();
  await row.getByRole("button", { name: "Restore 2 images of Digits" }).click();
  await expect(toast(page, 'Restored "2 images of Digits"')).toBeVisible();
  await expect(row).toHaveCount(0);
  expect(await rows()).toEqual(before);
});

test(
  "some of what went to Trash together is looked at and restored, the rest waits on",
  LONG,
  async ({ page, world, signIn, axe }) => {
    const { rows, before } = await openImages(page, world, signIn, 5);
    await askToRemove(page, 4);
    await page.getByRole("dialog").getByRole("button", { name: "Move to Trash" }).press("Enter");
    await expect(optionsOf(page)).toHaveCount(1);
    await page.goto(trashPath(world));
    await page.getByRole("link", { name: "4 images of Digits" }).click();
    await expect(page.getByRole("heading", { name: "4 images of Digits" })).toBeVisible();
    const tiles = page.getByRole("list", { name: "4 images of Digits" }).getByRole("listitem");
    await expect(tiles).toHaveCount(4);
    for (const tile of await tiles.all())
      await expect
        .poll(() => tile.locator("img").evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
        .toBeGreaterThan(0);
    await axe();
    await page.getByRole("checkbox", { name: /^image-4\.png/ }).check();
    await page.getByRole("checkbox", { name: /^image-2\.png/ }).focus();
    await page.keyboard.press("Space");
    await axe();
    const bar = page.getByRole("group", { name: "Selected images" });
    await expect(bar).toContainText("2 selected");
    await bar.getByRole("button", { name: "Restore" }).click();
    await expect(toast(page, "Restored 2 images")).toBeVisible();
    await expect(page.getByRole("heading", { name: "2 images of Digits" })).toBeVisible();
    await expect(page.getByRole("listitem").filter({ has: page.getByRole("checkbox") })).toHaveCount(2);
    const there = async () =>
      (await rows()).filter(({ removalId }) => removalId === null).map(({ fileName }) => fileName);
    expect(await there()).toEqual(["image-0.png", "image-2.png", "image-4.png"]);

    await page.getByRole("checkbox", { name: "Select these 2 images" }).click();
    await bar.getByRole("button", { name: "Restore" }).click();
    await expect(page.getByText("Trash is empty.")).toBeVisible();
    expect(await rows()).toEqual(before);
  },
);

test(
  "bytes that wait in Trash are restored by an upload; what is left is purged by its name, with a receipt",
  LONG,
  async ({ page, world, signIn, axe }) => {
    const { rows, before } = await openImages(page, world, signIn, 6);
    await askToRemove(page, 3);
    await page.getByRole("dialog").getByRole("button", { name: "Move to Trash" }).press("Enter");
    await expect(optionsOf(page)).toHaveCount(3);
    await filesOf(page).setInputFiles([png("again.png", await draw(5))]);
    await page.getByRole("dialog").getByRole("button", { name: "Upload 1 image" }).click();
    await expect(panelOf(page)).toContainText("1 was in Trash and is restored");
    await expect(optionsOf(page)).toHaveCount(4);

    await page.goto(trashPath(world));
    await page.getByRole("button", { name: "More actions for 2 images of Digits" }).click();
    await page.getByRole("menuitem", { name: "Delete Permanently" }).click();
    const purge = page.getByRole("alertdialog", { name: 'Delete "2 images of Digits" permanently?' });
    await expect(purge).toContainText("2 source images");
    await expect(purge).toContainText("Versions that were made of these images stay as they are.");
    await axe();
    await purge.getByLabel("Type exactly this to confirm").fill("2 images of Digits");
    await purge.getByRole("button", { name: "Delete Permanently" }).click();
    await expect(toast(page, 'Permanently deleted "2 images of Digits"')).toBeVisible();
    await page.goto(`/${world.workspace.slug}/settings/receipts?type=images`);
    await page.getByRole("link", { name: "2 images of Digits" }).click();
    await expect(page.getByText("2 uploaded images").first()).toBeVisible();
    await axe();
    expect((await rows()).map(({ id }) => id)).toEqual(before.filter((_, i) => i !== 3 && i !== 4).map(({ id }) => id));
  },
);

test("all of them may go, a viewer may remove none, and both languages name them", async ({
  page,
  world,
  signIn,
  makeUser,
}) => {
  const { project, base } = await openImages(page, world, signIn, 3);
  await gridOf(page).focus();
  await page.keyboard.press("Control+a");
  await page.getByRole("region", { name: "Selected images" }).getByRole("button", { name: "Remove" }).click();
  await page
    .getByRole("dialog", { name: "Move 3 images to Trash?" })
    .getByRole("button", { name: "Move to Trash" })
    .click();
  await expect(page.getByText("No images yet")).toBeVisible();
  await toast(page, 'Moved "3 images of Digits" to Trash').getByRole("button", { name: "Undo" }).click();
  await expect(optionsOf(page)).toHaveCount(3);

  const viewer = await makeUser();
  await prisma().membership.create({ data: { workspaceId: world.workspace.id, userId: viewer.id, role: "VIEWER" } });
  await signIn(viewer);
  await page.goto(`${base}/images`);
  await expect(optionsOf(page)).toHaveCount(3);
  const { id } = await prisma().image.findFirstOrThrow({ where: { projectId: project.id } });
  const refused = await page.request.delete(`/data${base}/images`, {
    data: { imageIds: [id] },
    headers: { "Sec-Fetch-Site": "same-origin" },
  });
  expect(refused.status()).toBe(403);
});

test.describe("in Japanese", () => {
  test.use({ locale: "ja-JP" });
  test("Trash names the project and how many of its images", async ({ page, world, signIn, axe }) => {
    const project = await buildProject(world, { name: "Digits" });
    const base = `/${world.workspace.slug}/${project.slug}`;
    await signIn(world.owner);
    await uploadImages(page, base, 2);
    await page.request.delete(`/data${base}/images`, {
      data: { filter: {} },
      headers: { "Sec-Fetch-Site": "same-origin" },
    });
    await page.goto(trashPath(world));
    await expect(page.getByRole("rowheader", { name: /Digitsの画像2枚/ })).toBeVisible();
    await axe();
  });
});
