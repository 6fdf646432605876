import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { BlobReader, ZipReader } from "@zip.js/zip.js";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, userContext } from "@/lib/testing/builders";
import { trashVersion } from "@/lib/domain/trash";
import type { VersionImages } from "@/lib/work/versions/images";
import { buildRealVersion, uploadDigits } from "@/lib/testing/real-version";
import { expect, LONG, PHONE, test } from "./fixtures";
import { uploadScenes } from "./scenes";

/** Until then the worker leaves a generation alone. */
const inAnHour = () => new Date(Date.now() + 3_600_000);
/** The worker makes a version while the browser and other tests want the same cores. */
const MADE = { timeout: 45_000 };

async function addStep(page: Page, part: "preprocessing" | "augmentation", step: string): Promise<void> {
  await page.getByRole("button", { name: `Add step to ${part}` }).click();
  await page.getByRole("menuitem", { name: new RegExp(`^${step}`) }).click();
  await expect(page.getByRole("heading", { name: step, exact: true })).toBeFocused();
}

/** The images that one would get, as the page counts them. */
const sum = (page: Page) => page.getByRole("region", { name: "New version" }).getByRole("status");

test("settings are chosen, seen on real images, counted, and become a version whose boxes follow", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "Street", type: "OBJECT_DETECTION" });
  await uploadScenes(world, project, 12); // 8 train, 2 valid, 2 test
  const path = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  await page.goto(`${path}/generate`);
  await expect(sum(page)).toHaveText("12 images8 train · 2 valid · 2 test");
  const previews = page.getByRole("img", { name: /What becomes of street-\d+\.jpg, 640 × 640/ });
  await expect(previews).toHaveCount(8);
  await expect.poll(() => previews.first().evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(320);
  await axe();

  await page.getByRole("spinbutton", { name: "Width" }).fill("200");
  await page.getByRole("spinbutton", { name: "Height" }).fill("100");
  await expect(page.getByRole("img", { name: /, 200 × 100$/ })).toHaveCount(8);
  await addStep(page, "augmentation", "Flip");
  await expect(sum(page)).toHaveText("28 images24 train · 2 valid · 2 test");
  await page.getByRole("spinbutton", { name: "Outputs per training image" }).fill("2");
  await expect(sum(page)).toHaveText("20 images16 train · 2 valid · 2 test");
  await page.getByRole("radio", { name: "Rebalance" }).click();
  await page.getByRole("spinbutton", { name: "Train", exact: true }).fill("50");
  await expect(page.getByRole("spinbutton", { name: "Valid" })).toHaveValue("33");
  await expect(sum(page)).toHaveText("18 images12 train · 4 valid · 2 test");
  const { seed } = await prisma().project.findUniqueOrThrow({ where: { id: project.id } });
  await expect(page.getByText(`By this project's seed, ${seed}: `)).toBeVisible();
  await page.getByRole("button", { name: "Shuffle again" }).click();
  const shuffled = /^Seed (\d+) is new/.exec(await page.getByText(/is new: images change splits/).innerText())![1]!;
  await addStep(page, "preprocessing", "Rename classes");
  await page.getByRole("textbox", { name: "New name of van" }).fill("car");
  await addStep(page, "preprocessing", "Grayscale");
  await page.getByRole("button", { name: "Remove Grayscale" }).click();
  await expect(page.getByRole("button", { name: "Add step to preprocessing" })).toBeFocused();
  await page.getByRole("textbox", { name: "Name", exact: true }).fill("street small");
  await axe();
  await page.getByRole("button", { name: "Generate", exact: true }).click();

  await expect(page).toHaveURL(`${path}/1`);
  await page.reload();
  await expect(page.getByRole("heading", { level: 2, name: "street small v1" })).toBeVisible();
  const article = page.getByRole("article");
  await expect(article.getByRole("listitem").filter({ hasText: /^Train\s*12$/ })).toBeVisible(MADE);
  await expect(article.getByRole("listitem").filter({ hasText: /^Valid\s*4$/ })).toBeVisible();
  await expect(article.getByText("Resize: stretch to 200 × 100")).toBeVisible();
  await expect(article.getByText("Rebalanced: 50% train · 33% valid · 17% test")).toBeVisible();
  await expect(article.getByText(shuffled, { exact: true })).toBeVisible();
  expect((await prisma().project.findUniqueOrThrow({ where: { id: project.id } })).seed).toBe(Number(shuffled)); // from now on

  const listed: VersionImages = await (await page.request.get(`/data${path}/1/images?limit=100`)).json();
  expect(listed.total).toBe(18);
  for (const { width, height, boxes } of listed.images) {
    expect([width, height]).toEqual([200, 100]);
    expect(boxes[0]).toMatchObject({ label: "car", width: expect.closeTo(68, 0), height: expect.closeTo(28, 0) });
  }
  const grid = article.getByRole("region", { name: 'Images of "street small"' });
  await expect(grid.getByRole("button", { name: /Image 1: car.*, Train/ })).toBeVisible();
  await page.getByLabel("Filter by class").selectOption("ball");
  await expect(
    page
      .getByRole("status")
      .filter({ hasText: `${listed.images.filter(({ boxes }) => boxes.length > 1).length} images` }),
  ).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).click();

  await grid.getByRole("button", { name: /^Image 1:/ }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(grid.getByRole("button", { name: /^Image 2:/ })).toBeFocused();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: listed.images[1]!.name });
  await expect(dialog.getByRole("status")).toHaveText("2 of 18");
  await expect
    .poll(() =>
      dialog.getByRole("img", { name: "Source image" }).evaluate((image: HTMLImageElement) => image.naturalWidth),
    )
    .toBe(640);
  await page.keyboard.press("ArrowRight");
  await expect(page.getByRole("dialog", { name: listed.images[2]!.name }).getByRole("status")).toHaveText("3 of 18");
  await axe();
  await page.keyboard.press("Escape");
  await expect(grid.getByRole("button", { name: /^Image 3:/ })).toBeFocused();
});

test("images without boxes are left out unless one wants them as background", async ({ page, world, signIn, axe }) => {
  const project = await buildProject(world, { name: "Street", type: "OBJECT_DETECTION" });
  await uploadScenes(world, project, 4);
  const [first] = await prisma().image.findMany({ where: { projectId: project.id }, orderBy: { id: "asc" } });
  await prisma().image.update({ where: { id: first!.id }, data: { boxes: [] } });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/generate`);
  await expect(page.getByText("1 image has no box and is left out.")).toBeVisible();
  await expect(sum(page)).toHaveText(/^3 images/);
  await axe();
  await page.getByRole("button", { name: "Keep as background" }).click();
  await expect(page.getByText("1 image has no box and becomes background")).toBeVisible();
  await expect(sum(page)).toHaveText(/^4 images/);
  await page.getByRole("button", { name: "Leave out" }).click();
  await expect(sum(page)).toHaveText(/^3 images/);

  await page.getByRole("radio", { name: "Rebalance" }).click();
  await page.getByRole("button", { name: "Shuffle again" }).click();
  await expect(page.getByText(/^Seed \d+ is new: images change splits/)).toBeVisible();
  await axe();
  await page.getByRole("button", { name: /^Back to seed \d+$/ }).click();
  await expect(page.getByText(/^By this project's seed, \d+: /)).toBeVisible();
});

test("a version is downloaded as a zip through the menu, which knows it again after a reload", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "Digits" });
  await buildRealVersion(world, project, { name: "digits", images: 20 });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
  await page.getByRole("button", { name: "Download" }).click();
  const menu = page.getByRole("dialog", { name: 'Download "digits"' });
  const begun = page.waitForEvent("download", MADE);
  await menu.getByRole("button", { name: "Prepare Folders" }).click();
  const zip = new ZipReader(new BlobReader(new Blob([await readFile(await (await begun).path())])));
  const entries = (await zip.getEntries()).filter(({ directory }) => !directory).map(({ filename }) => filename);
  await zip.close();
  expect(entries.filter((name) => /^(train|valid|test)\/\d\/.+\.png$/.test(name))).toHaveLength(20);
  await expect(menu.getByRole("link", { name: /^Download Folders, / })).toBeVisible();
  await axe();
  await page.reload();
  await page.getByRole("button", { name: "Download" }).click();
  const again = page.waitForEvent("download");
  await menu.getByRole("link", { name: /^Download Folders, / }).click();
  expect((await again).suggestedFilename()).toMatch(/\.zip$/);
});

test(
  "over the quota nothing is generated, and what sits in Trash is said",
  LONG,
  async ({ page, world, signIn, axe }) => {
    const project = await buildProject(world);
    await uploadDigits(world, project, 20);
    const trashed = await buildVersion(world, project, { name: "old", images: 15 });
    await trashVersion(await userContext(world), {
      workspaceSlug: world.workspace.slug,
      projectSlug: project.slug,
      number: trashed.number,
    });
    await prisma().workspace.update({ where: { id: world.workspace.id }, data: { imageQuota: 40 } });
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/generate`);
    await expect(page.getByText("5 of 40 images of the quota would be left.")).toBeVisible();
    await addStep(page, "augmentation", "Noise");
    const alert = page.getByRole("alert").filter({ hasText: "This needs" });
    await expect(alert).toHaveText(
      /This needs \d+ images, and 25 of the quota of 40 are free\. 15 more sit in Trash until the purge\./,
    );
    const button = page.getByRole("button", { name: "Generate", exact: true });
    await expect(button).toHaveAttribute("aria-disabled", "true");
    await axe();
    await button.click({ force: true });
    await alert.getByRole("link", { name: "Trash" }).click();
    await expect(page).toHaveURL(/\/settings\/trash$/);
    expect(await prisma().version.count({ where: { projectId: project.id, deletedAt: null } })).toBe(0);
  },
);

test("what does not fit is said at its field, and asks the server nothing", async ({ page, world, signIn }) => {
  const project = await buildProject(world);
  await uploadDigits(world, project, 10);
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/generate`);
  await expect(sum(page)).toHaveText(/10 images/);
  await addStep(page, "preprocessing", "Tile");
  await expect(sum(page)).toHaveText(/40 images/);
  const rows = page.getByRole("spinbutton", { name: "Rows" });
  await rows.fill("11");
  await expect(rows).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText("A whole number from 1 to 10.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Generate", exact: true })).toHaveAttribute("aria-disabled", "true");
  await rows.fill("3");
  await expect(sum(page)).toHaveText(/60 images/);
  await addStep(page, "preprocessing", "Static crop");
  await page.getByRole("spinbutton", { name: "Right edge" }).fill("5");
  await expect(page.getByText("It must be greater than the other bound.")).toBeVisible();
});

test(
  "a generation is cancelled, says so, and is made after all when one tries again",
  LONG,
  async ({ page, world, signIn, axe }) => {
    const project = await buildProject(world, { name: "Digits" });
    await uploadDigits(world, project, 10);
    await buildVersion(world, project, {
      name: "on its way",
      status: "GENERATING",
      images: 10,
      generatorUntil: inAnHour(),
    });
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
    const article = page.getByRole("article");
    await expect(article.getByRole("progressbar", { name: 'Generating "on its way"' })).toHaveAttribute(
      "aria-valuenow",
      "0",
    );
    await prisma().version.updateMany({ where: { projectId: project.id }, data: { progress: 0.5 } });
    await expect(article.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "50"); // by itself
    await expect(article.getByText("5 of 10 images")).toBeVisible();
    await axe();

    await article.getByRole("button", { name: "Cancel generation" }).click();
    const question = page.getByRole("alertdialog", { name: 'Cancel generating "on its way"?' });
    await expect(question.getByRole("button", { name: "Go on generating" })).toBeFocused();
    await question.getByRole("button", { name: "Cancel generation" }).click();
    await expect(article.getByText("Generating this version was cancelled.")).toBeVisible();
    await expect(page.getByRole("heading", { level: 2, name: "on its way v1" })).toBeFocused();
    expect((await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } })).usedImages).toBe(0);
    await expect(article.getByRole("button", { name: "Delete Version" })).toBeVisible();
    await axe();

    await article.getByRole("button", { name: "Generate again" }).click();
    await expect(page.getByRole("heading", { level: 2, name: "on its way v1" })).toBeFocused();
    await expect(article.getByRole("region", { name: 'Images of "on its way"' }).getByRole("img").first()).toBeVisible(
      MADE,
    );
  },
);

test("an image that cannot be read fails the version, which can be deleted from there", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project, { name: "broken", status: "FAILED" });
  await prisma().version.update({
    where: { id: version.id },
    data: { failureReason: "unreadable_image", failureDetail: "seven.png" },
  });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
  await expect(page.getByText('the image "seven.png" cannot be read')).toBeVisible();
  await page.getByRole("button", { name: "Generate again" }).click();
  await expect(page.getByRole("article").getByRole("alert")).toHaveCount(2); // the project has no image
  await page.getByRole("button", { name: "Delete Version" }).click();
  await page.getByRole("dialog").getByRole("textbox", { name: "to confirm" }).fill("broken");
  await page.getByRole("button", { name: "Move to Trash" }).click();
  await expect(page.getByText("No versions yet")).toBeVisible();
  await page.getByRole("link", { name: "Generate a version" }).click();
  await expect(page.getByText("No images yet")).toBeVisible();
});

test("viewers may look and download, and not generate", async ({ page, world, signIn, makeUser, axe }) => {
  const project = await buildProject(world);
  await uploadDigits(world, project, 10);
  await signIn(await makeUser({ role: "VIEWER" }));
  const path = `/${world.workspace.slug}/${project.slug}`;
  await page.goto(`${path}/generate`);
  await expect(page.getByText("Viewers cannot generate versions")).toBeVisible();
  await axe();
  const origin = new URL(page.url()).origin;
  const settings = { preprocessing: {}, augmentation: {} };
  for (const [what, data] of [
    ["estimate", settings],
    ["preview", { ...settings, from: "" }],
  ] as const) {
    expect(
      (await page.request.post(`/data${path}/${what}`, { data, headers: { Origin: origin } })).status(),
      what,
    ).toBe(403);
  }
});

test.describe("in Japanese, dark, on a phone", LONG, () => {
  test.use({ locale: "ja-JP", colorScheme: "dark", viewport: PHONE });

  test("every page of it is whole", async ({ page, world, signIn, axe, fits }) => {
    test.slow(); // it generates, and axe looks at four states
    const project = await buildProject(world, { name: "街路", slug: "street", type: "OBJECT_DETECTION" });
    await uploadScenes(world, project, 6, { width: 320, height: 240 });
    await signIn(world.owner);
    const path = `/${world.workspace.slug}/${project.slug}`;
    await page.goto(`${path}/generate`);
    await page.getByRole("button", { name: "処理を追加（拡張）" }).click();
    await page.getByRole("menuitem", { name: /^明るさ/ }).click();
    await expect(page.getByText("画像14枚")).toBeVisible();
    await expect(page.getByRole("img", { name: /からの出力/ })).toHaveCount(6);
    await fits();
    await axe();
    await page.getByRole("button", { name: "生成", exact: true }).click();
    await expect(page).toHaveURL(`${path}/1`);
    const first = page.getByRole("article").getByRole("button", { name: /^画像1：/ });
    await expect(first).toBeVisible(MADE);
    await fits();
    await first.click();
    await expect(page.getByRole("dialog").getByRole("status")).toHaveText("1／14");
    await axe();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "ダウンロード" }).click();
    await expect(page.getByRole("dialog").getByRole("button", { name: "COCOを準備" })).toBeVisible();
    await axe();
    await page.goto(`/${world.workspace.slug}/settings/usage`);
    await expect(page.getByRole("row", { name: /街路/ })).toContainText("14");
    await fits();
    await axe();
  });
});
