import type { Page } from "@playwright/test";
import { prisma, query } from "@/lib/platform/db";
import { buildProject } from "@/lib/testing/builders";
import { expect, LONG, PHONE, test } from "./fixtures";
import { draw, filesOf, panelOf, png } from "./upload-steps";

test("an empty workspace offers a project; what is wrong with it stands at its field; its images come next", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  await expect(page.getByText("No projects yet")).toBeVisible();
  await page.getByRole("button", { name: "New project" }).click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(dialog.getByLabel("Name")).toHaveAttribute("aria-invalid", "true");
  await expect(dialog.getByText("Give it a name")).toBeVisible();
  await dialog.getByLabel("Name").fill("Hard hats, 2026");
  await expect(dialog.getByText(`/${world.workspace.slug}/hard-hats-2026`)).toBeVisible();
  await dialog.getByRole("radio", { name: /Object detection/ }).check();
  await dialog.getByLabel("What is labelled").fill("helmets");
  await axe();
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page).toHaveURL(`/${world.workspace.slug}/hard-hats-2026/images`);
  await expect(page.getByRole("heading", { level: 1, name: "Hard hats, 2026" })).toBeVisible();
  await expect(page.getByText("No images yet")).toBeVisible();
  await expect(
    page.getByRole("navigation", { name: "Pages of Hard hats, 2026" }).getByRole("link", { name: "Images" }),
  ).toHaveAttribute("aria-current", "page");
  await axe();
  expect(await prisma().project.findFirstOrThrow({ where: { workspaceId: world.workspace.id } })).toMatchObject({
    slug: "hard-hats-2026",
    type: "OBJECT_DETECTION",
    annotation: "helmets",
  });
});

test("a project of a name whose address is taken says which one it gets, and gets that", async ({
  page,
  world,
  signIn,
}) => {
  const { slug } = world.workspace;
  await buildProject(world, { slug: "hard-hats" });
  await signIn(world.owner);
  await page.goto(`/${slug}`);
  await page.getByRole("button", { name: "New project" }).click();
  const dialog = page.getByRole("dialog", { name: "New project" });
  await dialog.getByLabel("Name").fill("Hard hats");
  await expect(
    dialog.getByText(`Address: /${slug}/hard-hats-2 (/${slug}/hard-hats is or was another project’s)`),
  ).toBeVisible();
  await dialog.getByRole("button", { name: "Create project" }).click();
  await expect(page).toHaveURL(`/${slug}/hard-hats-2/images`);
});

/** Uploads by the routes, as the page does. */
async function uploadImages(page: Page, base: string, count: number, query = ""): Promise<void> {
  for (let number = 0; number < count; number++) {
    const response = await page.request.post(
      `/data${base}/images?name=image-${String(number).padStart(2, "0")}.png&split=train${query}`,
      {
        data: await draw(number),
        headers: { "Content-Type": "application/octet-stream", "Sec-Fetch-Site": "same-origin" },
      },
    );
    expect(response.status()).toBe(200);
  }
}

test(
  "the last of many images is one jump away, uploads move nothing, and a row across the unseen middle is chosen whole",
  LONG,
  async ({ page, world, signIn }) => {
    const project = await buildProject(world, { name: "Digits" });
    const base = `/${world.workspace.slug}/${project.slug}`;
    await signIn(world.owner);
    await uploadImages(page, base, 1);
    // Rows alone are enough for the others. Ids say the order.
    await query(
      {
        text: `insert into images (id, project_id, file_name, sha256, content_type, size_bytes, width, height, split)
             select uuidv7()::text, $1, 'row-' || n, n, 'image/png', 1, 64, 48, case when n % 2 = 0 then 'VALID' else 'TRAIN' end::"Split" from generate_series(1, 4999) n`,
      },
      [project.id],
    );
    const { id } = await prisma().image.findFirstOrThrow({
      where: { projectId: project.id, fileName: "image-00.png" },
    });
    const picture = await draw(1);
    await page.route(/\?size=thumb$/, (route) =>
      route.request().url().includes(id)
        ? route.continue()
        : route.fulfill({ body: picture, contentType: "image/png" }),
    );
    const asked: URLSearchParams[] = [];
    page.on("request", (request) => {
      const { pathname, searchParams } = new URL(request.url());
      if (pathname.endsWith("/images") && searchParams.has("offset")) asked.push(searchParams);
    });
    await page.goto(`${base}/images`);
    const grid = page.getByRole("listbox", { name: "Images of Digits" });
    await expect(grid.getByRole("option", { name: "Image 1, row-4999: Unlabelled, Train" })).toBeVisible();
    await uploadImages(page, base, 3); // another tab, at the same time: the first of them is there already

    await grid.focus();
    await page.keyboard.press("End");
    const last = grid.getByRole("option", { name: "Image 5,000, image-00.png: Unlabelled, Train" });
    await expect(last).toBeInViewport();
    await expect
      .poll(() => last.locator("img").evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth))
      .toBeGreaterThan(20);
    expect(asked.length).toBeLessThan(6);
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: "image-00.png" })).toContainText("5,000 of 5,000");
    await page.keyboard.press("Escape");
    await expect(grid).toBeFocused();

    await page.keyboard.press("Home");
    await expect(grid.getByRole("option", { name: /^Image 1,/ })).toBeInViewport();
    await page.keyboard.press("Shift+End");
    const bar = page.getByRole("region", { name: "Selected images" });
    await expect(bar.getByRole("status")).toHaveText("5,000 selected");
    await page.keyboard.press("Escape");
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Space");
    await expect(bar.getByRole("status")).toHaveText("4,999 selected");
    await page.keyboard.press("Escape");

    await page.getByLabel("Filter by split").selectOption("Valid");
    await expect(page.getByRole("status").filter({ hasText: /^2,499 images$/ })).toBeVisible();
    await grid.focus();
    await page.keyboard.press("End");
    await expect(grid.getByRole("option", { name: "Image 2,499, row-2: Unlabelled, Valid" })).toBeInViewport();
  },
);

test("images are chosen and changed by keyboard, many at once and one by one", async ({ page, world, signIn, axe }) => {
  const project = await buildProject(world, { name: "Digits" });
  const base = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  await uploadImages(page, base, 12);
  await page.goto(`${base}/images?unlabelled=1`);
  const grid = page.getByRole("listbox", { name: "Images of Digits" });
  await expect(grid.getByRole("option")).toHaveCount(12);
  await grid.focus();
  await page.keyboard.press("Space");
  await page.keyboard.press("Shift+ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await expect(grid.getByRole("option", { selected: true })).toHaveCount(3);
  const bar = page.getByRole("region", { name: "Selected images" });
  await expect(bar.getByRole("status")).toHaveText("3 selected");
  await axe();
  await bar.getByRole("button", { name: "Set class" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Set the class of 3 images" });
  await expect(dialog.getByLabel("Class")).toBeFocused();
  await axe();
  await page.keyboard.type("seven");
  await page.keyboard.press("Enter");
  await expect(page.getByText('3 images are now of class "seven"')).toBeVisible();
  await expect(grid.getByRole("option")).toHaveCount(9); // the others are not unlabelled any more
  await expect(grid).toBeFocused();
  await expect(page.getByRole("button", { name: "9 unlabelled" })).toBeVisible();

  await page.keyboard.press("Control+a");
  await expect(bar.getByRole("status")).toHaveText("9 selected");
  await bar.getByRole("button", { name: "Set split" }).press("Enter");
  await page.getByRole("menuitem", { name: "Test" }).press("Enter");
  await expect(page.getByText("Moved 9 images to Test")).toBeVisible();
  await expect(bar).toHaveCount(0);
  expect(
    await prisma().image.groupBy({
      by: ["split", "label"],
      where: { projectId: project.id },
      _count: true,
      orderBy: { split: "asc" },
    }),
  ).toEqual([
    { split: "TRAIN", label: "seven", _count: 3 },
    { split: "TEST", label: null, _count: 9 },
  ]);

  await expect(grid).toBeFocused();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const large = page.getByRole("dialog");
  await expect(large).toContainText("2 of 9");
  await page.keyboard.press("ArrowRight");
  await expect(large).toContainText("3 of 9");
  await expect(large.getByRole("img")).toBeVisible();
  await axe();
  await large.getByLabel("Class").fill("eight");
  await page.keyboard.press("Enter");
  await expect(page.getByText(/^Saved "image-/)).toBeVisible();
  await large.getByLabel("Split").selectOption("Valid");
  await expect
    .poll(() => prisma().image.count({ where: { projectId: project.id, label: "eight", split: "VALID" } }))
    .toBe(1);
  await page.keyboard.press("Escape");
  await expect(large).toHaveCount(0);
  await expect(grid).toBeFocused();
  await expect(grid.getByRole("option")).toHaveCount(8);
});

test("boxes of a COCO file are drawn on the images it names, and listed beside the large one", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "Helmets", type: "OBJECT_DETECTION" });
  const coco = {
    images: [
      { id: 1, file_name: "site-1.png", width: 49, height: 40 },
      { id: 2, file_name: "nowhere.png", width: 10, height: 10 },
    ],
    annotations: [
      { id: 1, image_id: 1, category_id: 1, bbox: [4, 5, 20, 10] },
      { id: 2, image_id: 1, category_id: 2, bbox: [30, 20, 10, 12] },
      { id: 3, image_id: 2, category_id: 1, bbox: [1, 1, 2, 2] },
    ],
    categories: [
      { id: 1, name: "helmet" },
      { id: 2, name: "head" },
    ],
  };
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  await filesOf(page).setInputFiles([
    png("site-1.png", await draw(1)),
    png("site-2.png", await draw(2)),
    { name: "coco.json", mimeType: "application/json", buffer: Buffer.from(JSON.stringify(coco)) },
  ]);
  const review = page.getByRole("dialog", { name: "Upload images" });
  await expect(review).toContainText("1 annotation file");
  await expect(review.getByText("Classes from folders")).toHaveCount(0);
  await review.getByRole("button", { name: "Upload 2 images" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 2 images" })).toBeVisible();
  await expect(panelOf(page).getByText("1 image got its boxes", { exact: false }).first()).toBeVisible();
  await expect(page.getByRole("region", { name: "Files that failed" })).toContainText(
    "1 image it names is not in the project.",
  );
  await expect(page.getByRole("button", { name: "1 without boxes" })).toBeVisible();
  const option = page.getByRole("option", { name: "site-1.png: helmet, head" });
  await expect(option.locator("svg rect").first()).toBeVisible();
  await page.getByLabel("Filter by class").selectOption("helmet");
  await expect(page.getByRole("listbox").getByRole("option")).toHaveCount(1);
  await option.click();
  const large = page.getByRole("dialog", { name: "site-1.png" });
  await expect(large.getByRole("heading", { name: "2 boxes" })).toBeVisible();
  await large.getByRole("button", { name: /helmet/ }).click();
  await expect(large.getByRole("button", { name: /helmet/ })).toHaveAttribute("aria-pressed", "true");
  await axe();
});

test("what programs say of an image is shown with it, and images are found by tag and batch", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "Yard" });
  const base = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  await uploadImages(page, base, 3, "&label=7");
  const [image] = await prisma().image.findMany({ where: { projectId: project.id }, orderBy: { id: "asc" } });
  await prisma().image.update({
    where: { id: image!.id },
    data: {
      tags: ["night", "review"],
      batch: "6月の画像",
      sequenceNumber: 3,
      sequenceSize: 9,
      metadata: { camera: "cam1" },
    },
  });
  await page.goto(`${base}/images`);
  const grid = page.getByRole("listbox", { name: "Images of Yard" });
  await expect(grid.getByRole("option")).toHaveCount(3);
  await page.getByLabel("Filter by tag").selectOption("review");
  await expect(grid.getByRole("option")).toHaveCount(1);
  await page.getByLabel("Filter by batch").selectOption("6月の画像");
  await expect(page).toHaveURL(/tag=review&batch=/);
  await grid.getByRole("option").click();
  const large = page.getByRole("dialog", { name: image!.fileName });
  await expect(large.getByRole("region", { name: "Tags" })).toContainText("night");
  await expect(large.getByRole("region", { name: "Metadata" })).toContainText("cam1");
  await expect(large.getByText("6月の画像")).toBeVisible();
  await expect(large.getByText("3 of 9")).toBeVisible();
  await axe();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Clear filters" }).click();
  await expect(grid.getByRole("option")).toHaveCount(3);
});

test("a viewer looks and changes nothing; what is not there or in Trash is 404", async ({
  page,
  world,
  signIn,
  makeUser,
  axe,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 404/);
  const project = await buildProject(world, { name: "Digits" });
  const base = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  await uploadImages(page, base, 3, "&label=7");
  await signIn(await makeUser({ role: "VIEWER" }));
  await page.goto(`${base}/images`);
  await expect(page.getByText("You are a viewer: you can look at the images.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Upload images" })).toHaveCount(0);
  await expect(page.locator("input[type=file]")).toHaveCount(0);
  const grid = page.getByRole("listbox", { name: "Images of Digits" });
  await grid.focus();
  await page.keyboard.press("Space");
  await expect(page.getByRole("region", { name: "Selected images" })).toHaveCount(0);
  await page.keyboard.press("Enter");
  const large = page.getByRole("dialog");
  await expect(large.getByRole("term").filter({ hasText: "Class" })).toBeVisible();
  await expect(large.getByRole("textbox")).toHaveCount(0);
  await axe();
  await page.goto(`/${world.workspace.slug}`);
  await expect(page.getByRole("button", { name: "New project" })).toHaveCount(0);
  expect((await page.goto(`/${world.workspace.slug}/nowhere/images`))?.status()).toBe(404);
  await signIn(await makeUser());
  expect((await page.goto(`${base}/images`))?.status()).toBe(404);
});

for (const { locale, colorScheme, upload, images } of [
  { locale: "ja-JP", colorScheme: "dark", upload: "画像をアップロード", images: "Digitsの画像" },
  { locale: "en-US", colorScheme: "light", upload: "Upload images", images: "Images of Digits" },
] as const) {
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme, viewport: PHONE, hasTouch: true });

    test("everything fits a small phone and has no flaw that axe knows", async ({ page, world, signIn, axe, fits }) => {
      test.slow(); // axe looks at six states
      const project = await buildProject(world, { name: "Digits" });
      const base = `/${world.workspace.slug}/${project.slug}`;
      await signIn(world.owner);
      await page.goto(`${base}/images`);
      await expect(page.getByRole("button", { name: upload })).toBeVisible();
      await fits();
      await axe();
      await filesOf(page).setInputFiles([
        png("a.png", await draw(1)),
        png("b.png", await draw(2)),
        png("notes.md", Buffer.from("-")),
      ]);
      const dialog = page.getByRole("dialog", { name: upload });
      await expect(dialog.locator("button[type=submit]")).toBeVisible();
      await fits();
      await axe();
      await dialog.locator("button[type=submit]").click();
      const grid = page.getByRole("listbox", { name: images });
      await expect(grid.getByRole("option")).toHaveCount(2);
      await fits();
      await axe();
      await grid.locator("[data-mark]").first().tap();
      await grid.getByRole("option").last().tap();
      await expect(grid.getByRole("option", { selected: true })).toHaveCount(2);
      await fits();
      await axe();
      await page.keyboard.press("Escape");
      await expect(grid.getByRole("option", { selected: true })).toHaveCount(0);
      await grid.getByRole("option").first().tap();
      await expect(page.getByRole("dialog").getByRole("img")).toBeVisible();
      await fits();
      await axe();
    });
  });
}
