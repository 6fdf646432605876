import { prisma } from "@/lib/platform/db";
import { buildProject } from "@/lib/testing/builders";
import { expect, test } from "./fixtures";
import { draw, filesOf, folderOf, makeFolder, makeZip, panelOf, png } from "./upload-steps";

test("a folder is uploaded with its classes and splits; the same again is recognised", async ({
  page,
  world,
  signIn,
  axe,
}, info) => {
  const project = await buildProject(world, { name: "Digits" });
  const files: Record<string, Buffer> = {};
  for (let number = 0; number < 40; number++)
    files[`${number < 30 ? "train" : "valid"}/${number % 10}/image-${number}.png`] = await draw(number);
  const folder = await makeFolder(info.outputPath("digits"), { ...files, ".DS_Store": "-" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  await folderOf(page).setInputFiles(folder);
  const review = page.getByRole("dialog", { name: "Upload images" });
  await expect(review.getByText("10 classes: 0, 1, 2, 3, 4, 5, 6, 7, and 2 more")).toBeVisible();
  await expect(review.getByText("Train 30")).toBeVisible();
  await axe();
  await review.getByRole("button", { name: "Upload 40 images" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 40 images" })).toBeVisible();
  await expect(page.getByRole("status").filter({ hasText: "Uploaded 40 images" })).toBeAttached();
  const grid = page.getByRole("listbox", { name: "Images of Digits" });
  await expect(grid.getByRole("option")).toHaveCount(40);
  await expect(page.getByText("All labelled")).toBeVisible();
  await expect
    .poll(() =>
      grid
        .locator("img")
        .first()
        .evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth),
    )
    .toBeGreaterThan(20);
  await page.getByRole("button", { name: "Dismiss" }).click();

  await page.getByLabel("Filter by split").selectOption("Valid");
  await page.getByLabel("Filter by class").selectOption("7");
  await expect(page).toHaveURL(/split=valid&class=7$/);
  await expect(grid.getByRole("option")).toHaveCount(1);
  await expect(grid.getByRole("option", { name: "Image 1, image-37.png: 7, Valid" })).toBeVisible();
  await page.reload();
  await expect(grid.getByRole("option")).toHaveCount(1);
  await page.getByLabel("Filter by class").selectOption("All classes");
  await expect(page).toHaveURL(/split=valid$/);
  await expect(grid.getByRole("option")).toHaveCount(10);
  await page.getByLabel("Filter by class").selectOption("Unlabelled");
  await expect(page.getByText("No image matches these filters")).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "Clear filters" }).last().click();
  await expect(grid.getByRole("option")).toHaveCount(40);

  await folderOf(page).setInputFiles(folder);
  await page.getByRole("button", { name: "Upload 40 images" }).click();
  await expect(page.getByRole("heading", { name: "Nothing was added" })).toBeVisible();
  await expect(panelOf(page).getByText("40 were in the project already", { exact: true })).toBeVisible();
  await axe();
  expect(await prisma().image.count({ where: { projectId: project.id } })).toBe(40);
});

test("a zip gives its images; hostile names, a broken file, an SVG and one over the limit are refused with a sentence each", async ({
  page,
  world,
  signIn,
  axe,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 422/);
  const project = await buildProject(world, { name: "Digits" });
  const whole = await draw(3, "jpeg");
  const zip = await makeZip({
    "cats/one.png": await draw(1),
    "cats/two.webp": await draw(2, "webp"),
    "../../escape.png": await draw(4),
    "/absolute.png": await draw(5),
    "nul\0.png": await draw(6),
    [`${"long/".repeat(800)}deep.png`]: await draw(7),
    "__MACOSX/cats/._one.png": "-",
    "cats/drawing.svg": "<svg/>",
    "cats/broken.jpg": whole.subarray(0, whole.length / 2),
    "cats/text.png": "this is no image",
    "cats/huge.png": Buffer.alloc(21 * 1024 ** 2, 1),
  });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  await filesOf(page).setInputFiles({ name: "cats.zip", mimeType: "application/zip", buffer: zip });
  const review = page.getByRole("dialog", { name: "Upload images" });
  await expect(review.getByText("6 files are left out")).toBeVisible();
  const leftOut = review.getByRole("region", { name: "Files left out" });
  await expect(leftOut.getByRole("listitem").filter({ hasText: "Its name could lead out of its folder" })).toHaveCount(
    4,
  );
  await expect(leftOut.getByRole("listitem").filter({ hasText: "drawing.svg" })).toContainText(
    "Neither a JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP image nor an annotation file.",
  );
  await expect(leftOut.getByRole("listitem").filter({ hasText: "huge.png" })).toContainText("Larger than 20 MB");
  await axe();
  await review.getByRole("button", { name: "Upload 4 images" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 2 images" })).toBeVisible();
  const failures = page.getByRole("region", { name: "Files that failed" });
  await expect(failures.getByRole("listitem")).toHaveCount(8);
  await expect(failures.getByRole("listitem").filter({ hasText: "text.png" })).toContainText(/use JPEG, PNG, WebP/);
  await expect(failures.getByRole("listitem").filter({ hasText: "broken.jpg" })).toContainText(/broken/);
  await expect(page.getByRole("button", { name: /^Retry/ })).toHaveCount(0);
  await axe();
  expect(
    (await prisma().image.findMany({ where: { projectId: project.id }, orderBy: { fileName: "asc" } })).map(
      ({ fileName, label }) => [fileName, label],
    ),
  ).toEqual([
    ["one.png", "cats"],
    ["two.webp", "cats"],
  ]);
});

test("what the network lost is sent again, a cancelled upload keeps what it added, and leaving asks first", async ({
  page,
  world,
  signIn,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 500/, /ERR_FAILED/);
  const project = await buildProject(world, { name: "Digits" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  const upload = `**/data/**/images?name=*`;
  await page.route(upload, (route) =>
    route.request().url().includes("lost")
      ? route.fulfill({ status: 500, json: { error: "Something went wrong on our side." } })
      : route.continue(),
  );
  await filesOf(page).setInputFiles([png("kept.png", await draw(1)), png("lost.png", await draw(2))]);
  await page.getByRole("dialog").getByLabel("Class of all images").fill("cat");
  await page.getByRole("button", { name: "Upload 2 images" }).click();
  await expect(page.getByRole("region", { name: "Files that failed" })).toContainText(
    "Something went wrong on our side.",
  );
  await page.unroute(upload);
  await page.getByRole("button", { name: "Retry 1 failed" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 2 images" })).toBeVisible();

  await page.route(upload, () => {}); // never answered
  await filesOf(page).setInputFiles([png("third.png", await draw(3))]);
  await page.getByRole("button", { name: "Upload 1 image" }).click();
  await expect(page.getByRole("progressbar", { name: "Upload", exact: true })).toBeVisible();
  await expect(page.getByRole("list", { name: "Being sent now" })).toContainText("third.png");
  await page.getByRole("link", { name: "Versions" }).click(); // within the app it goes on
  await expect(page.getByText("No versions yet")).toBeVisible();
  await page.getByRole("navigation", { name: "Pages of Digits" }).getByRole("link", { name: "Images" }).click();
  await expect(page.getByRole("progressbar", { name: "Upload", exact: true })).toBeVisible();
  const asked = new Promise<string>((resolve) =>
    page.once("dialog", (dialog) => (resolve(dialog.type()), void dialog.dismiss())),
  );
  await page.evaluate(() => void setTimeout(() => window.location.reload(), 0));
  expect(await asked).toBe("beforeunload");
  await page.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByRole("heading", { name: "Upload cancelled; nothing was added" })).toBeVisible();
  expect(await prisma().image.findMany({ where: { projectId: project.id }, select: { label: true } })).toEqual([
    { label: "cat" },
    { label: "cat" },
  ]);
});

test("files dropped anywhere on the page are taken", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "Digits" });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  const bytes = [...(await draw(1))];
  const transfer = await page.evaluateHandle((bytes) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
    return transfer;
  }, bytes);
  await page.getByRole("main").dispatchEvent("dragenter", { dataTransfer: transfer });
  await expect(page.getByText("Drop to upload to Digits")).toBeVisible();
  await page.getByRole("main").dispatchEvent("drop", { dataTransfer: transfer });
  await page.getByRole("dialog", { name: "Upload images" }).getByRole("button", { name: "Upload 1 image" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 1 image" })).toBeVisible();
  await expect(page.getByRole("option", { name: "dropped.png" })).toBeVisible();
});

test("names of a zip from a Japanese Windows are read as they were written, shown, and may be read otherwise", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "Animals" });
  const inShiftJis = { dog: "\x8c\xa2", cat: "\x94\x4c" }; // 犬, 猫
  const zip = await makeZip({ "dog/1.png": await draw(1), "cat/2.png": await draw(2) }, (name) =>
    Buffer.from(
      name.replace(/^(dog|cat)/, (word) => inShiftJis[word as keyof typeof inShiftJis]),
      "latin1",
    ),
  );
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}/images`);
  await filesOf(page).setInputFiles({ name: "animals.zip", mimeType: "application/zip", buffer: zip });
  const review = page.getByRole("dialog", { name: "Upload images" });
  const encoding = review.getByLabel("Names in the zip are read as");
  await expect(encoding).toHaveValue("shift_jis");
  await expect(review.getByText("For example: 犬/1.png")).toBeVisible();
  await expect(review.getByText("2 classes: 犬 and 猫")).toBeVisible();
  await axe();
  await encoding.selectOption("Western (CP437)");
  await expect(review.getByText("2 classes: îó and öL")).toBeVisible();
  await encoding.selectOption("Japanese (Shift_JIS)");
  await expect(review.getByText("2 classes: 犬 and 猫")).toBeVisible();
  await review.getByRole("button", { name: "Upload 2 images" }).click();
  await expect(page.getByRole("heading", { name: "Uploaded 2 images" })).toBeVisible();
  const labels = await prisma().image.findMany({ where: { projectId: project.id }, select: { label: true } });
  expect(labels.map(({ label }) => label).sort()).toEqual(["犬", "猫"]);
});
