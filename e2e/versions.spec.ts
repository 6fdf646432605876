import { createWorkspace } from "@/lib/domain/workspaces";
import { systemContext } from "@/lib/domain/context";
import { eraseFiles, purgeItem, trashProject, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildModel, buildProject, buildTraining, buildVersion, userContext } from "@/lib/testing/builders";
import { buildRealVersion } from "@/lib/testing/real-version";
import { keysUnder, storeFile, testStore } from "@/lib/testing/store-file";
import { storeNoFiles } from "@/lib/testing/stored-version";
import { DESKTOP, expect, LONG, PHONE, test } from "./fixtures";

const NOT_FOUND = /status of 404/;
/** Until then the worker leaves alone what a test needs as it is. */
const inAnHour = () => new Date(Date.now() + 3_600_000);

test("a project shows its newest version with its settings, splits, classes and real images", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "Handwritten digits" });
  await buildVersion(world, project, { name: "an older one" });
  await buildRealVersion(world, project, {
    name: "digits noisy",
    images: 100,
    preprocessing: { "auto-orient": true, resize: { width: 28, height: 28, format: "Stretch to" } },
    augmentation: { image: { versions: 2 }, rotate: { degrees: 15 }, noise: { percent: 5 } },
  });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}`);
  await expect(page.getByRole("heading", { level: 2, name: "digits noisy v2" })).toBeVisible();
  await expect(page.getByText("Resize: stretch to 28 × 28")).toBeVisible();
  await expect(page.getByText("2 outputs per training image: ±15° rotation and noise up to 5%")).toBeVisible();
  const article = page.getByRole("article");
  await expect(article.getByRole("listitem").filter({ hasText: /^Train\s*140$/ })).toBeVisible();

  const grid = page.getByRole("region", { name: 'Images of "digits noisy"' });
  const first = grid.getByRole("img", { name: "Image 1: 0, Train" });
  await expect(first).toBeVisible();
  await expect.poll(() => first.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBe(28);
  await expect(page.getByRole("status").filter({ hasText: "170 images" })).toBeVisible();

  await page.getByLabel("Filter by split").selectOption("Valid");
  await page.getByLabel("Filter by class").selectOption("7");
  await expect(page).toHaveURL(/split=valid&class=7$/);
  await expect(page.getByRole("status").filter({ hasText: /^2 images$/ })).toBeVisible();
  await expect(grid.getByRole("img")).toHaveCount(2);
  await page.reload();
  await expect(grid.getByRole("img", { name: "Image 2: 7, Valid" })).toBeVisible();

  await page.goto(`/${world.workspace.slug}/${project.slug}/2?class=eleven`);
  await expect(page.getByText("No image matches these filters.")).toBeVisible();
  await page.getByRole("button", { name: "Clear filters" }).first().click();
  await expect(page).toHaveURL(/\/2$/);
  await expect(first).toBeVisible();
});

test(
  "the grid of a long version holds only what is in sight, and reaches its end",
  LONG,
  async ({ page, world, signIn }) => {
    const project = await buildProject(world);
    await buildRealVersion(world, project, {
      name: "long",
      images: 60,
      augmentation: { image: { versions: 20 }, noise: { percent: 1 } },
    });
    await signIn(world.owner);
    await page.goto(`/${world.workspace.slug}/${project.slug}/1`);
    const grid = page.getByRole("region", { name: 'Images of "long"' });
    await expect(grid.getByRole("img").first()).toBeVisible();
    const total = await prisma().version.findFirstOrThrow({ where: { projectId: project.id } });
    const images = total.trainImages + total.validImages + total.testImages;
    await grid.evaluate((box) => box.scrollTo({ top: box.scrollHeight }));
    await expect(grid.getByRole("img", { name: `Image ${images.toLocaleString("en")}:` })).toBeVisible();
    expect(await grid.getByRole("img").count()).toBeLessThan(150);
  },
);

test("the list leads from version to version, and says what generates, failed or has a model", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "Digits" });
  const first = await buildVersion(world, project, { name: "baseline" });
  await storeNoFiles(first.id);
  await buildModel(world, await buildTraining(world, first, { status: "FINISHED" }));
  await buildVersion(world, project, { name: "broken", status: "FAILED" });
  const making = await buildVersion(world, project, {
    name: "in the making",
    status: "GENERATING",
    generatorUntil: inAnHour(),
  });
  await prisma().version.update({ where: { id: making.id }, data: { progress: 0.4 } });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}/${project.slug}`);
  const list = page.getByRole("list", { name: "Versions of Digits" });
  await expect(list.getByRole("link")).toHaveText([
    /v3.*in the making.*Generating 40%/,
    /v2.*broken.*Failed/,
    /v1.*baseline.*Model.*10 images/,
  ]);
  await list.getByRole("link", { name: "broken" }).click();
  await expect(page).toHaveURL(/\/2$/);
  await expect(page.getByText("This version could not be generated")).toBeVisible();
  await list.getByRole("link", { name: "baseline" }).click();
  await expect(page.getByRole("heading", { level: 2, name: "baseline v1" })).toBeVisible();
  await expect(page.getByRole("list", { name: "Models" })).toContainText("Serving");
});

test("what is not there is 404, what is in Trash is 404 and tells members where it is", async ({
  page,
  world,
  signIn,
  makeUser,
  expectedErrors,
}) => {
  expectedErrors.push(NOT_FOUND);
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildVersion(world, project, { name: "baseline" });
  const base = `/${world.workspace.slug}/${project.slug}`;
  await signIn(world.owner);
  for (const path of [
    `/${world.workspace.slug}/nowhere`,
    `/${world.workspace.slug}/Digits`,
    ...["99", "0", "03", "3abc", "1e3", "-1", "2147483648", "99999999999"].map((number) => `${base}/${number}`),
  ]) {
    expect((await page.goto(path))?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  }
  await trashVersion(await userContext(world), {
    workspaceSlug: world.workspace.slug,
    projectSlug: project.slug,
    number: version.number,
  });
  expect((await page.goto(`${base}/1`))?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: '"baseline" v1 is in Trash' })).toBeVisible();
  await expect(page.getByRole("main").getByRole("link", { name: "Open Trash" })).toHaveAttribute(
    "href",
    `/${world.workspace.slug}/settings/trash`,
  );
  expect((await page.goto(base))?.status()).toBe(200);
  await expect(page.getByText("No versions yet")).toBeVisible();

  await trashProject(await userContext(world), { workspaceSlug: world.workspace.slug, projectSlug: project.slug });
  for (const path of [base, `${base}/1`]) {
    expect((await page.goto(path))?.status(), path).toBe(404);
    await expect(page.getByRole("heading", { name: 'The project "Digits" is in Trash' })).toBeVisible();
  }
  await signIn(await makeUser());
  expect((await page.goto(`${base}/1`))?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
});

test("the page of a purged version shows its receipt to members, and is 404 for everybody else", async ({
  page,
  world,
  signIn,
  makeUser,
  expectedErrors,
  axe,
}) => {
  expectedErrors.push(NOT_FOUND);
  const project = await buildProject(world, { name: "Digits" });
  const version = await buildRealVersion(world, project, { name: "baseline", images: 10 });
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number };
  await prisma().version.update({ where: { id: version.id }, data: { writersUntil: inAnHour() } }); // nothing proves it empty before
  await trashVersion(await userContext(world), ref);
  await purgeItem(
    await userContext(world),
    { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id },
    new AbortController().signal,
  );
  const path = `/${world.workspace.slug}/${project.slug}/${version.number}`;

  await signIn(await makeUser({ role: "VIEWER" }));
  expect((await page.goto(path))?.status()).toBe(200);
  await expect(page.getByRole("heading", { level: 1, name: '"baseline" was permanently deleted' })).toBeVisible();
  await expect(page.getByText("Not verified yet")).toBeVisible();
  await prisma().purgeReceipt.updateMany({
    where: { itemId: version.id },
    data: { writersUntil: null, nextAttemptAt: null },
  });
  await eraseFiles(await systemContext("erase-files"), new AbortController().signal);
  await page.reload();
  await expect(page.getByText("The store was read back and found empty")).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: "10 generated images" })).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: /^11 files, / })).toBeVisible();
  await expect(page.getByRole("definition").getByText(world.owner.name, { exact: true })).toBeVisible();
  await axe();
  expect((await page.request.get(`/data${path}/images`)).status()).toBe(404);

  await signIn(await makeUser());
  expect((await page.goto(path))?.status()).toBe(404);
});

test(
  "an owner has a verified receipt looked at again and is told what was late; others read it and are not asked",
  LONG,
  async ({ page, world, signIn, makeUser, expectedErrors, axe, fits }) => {
    const project = await buildProject(world, { name: "Digits" });
    const version = await buildRealVersion(world, project, { name: "baseline", images: 10 });
    const [lost] = await keysUnder(testStore(), `versions/${version.id}/`);
    await testStore().remove([lost!]);
    const owner = await userContext(world);
    await trashVersion(owner, {
      workspaceSlug: world.workspace.slug,
      projectSlug: project.slug,
      number: version.number,
    });
    const item = { workspaceSlug: world.workspace.slug, type: "VERSION", id: version.id } as const;
    await purgeItem(owner, item, new AbortController().signal);
    await eraseFiles(await systemContext("erase-files"), new AbortController().signal);
    const receipt = { where: { itemId: version.id } };
    await expect.poll(async () => (await prisma().purgeReceipt.findFirst(receipt))?.verifiedAt ?? null).not.toBeNull(); // the worker may have taken it
    const path = `/${world.workspace.slug}/${project.slug}/${version.number}`;
    const said = (text: string | RegExp) => page.getByRole("definition").filter({ hasText: text });

    await signIn(world.owner);
    await page.goto(path);
    await expect(said("Verified")).toBeVisible();
    await expect(said("1 of the 11 files on record was no longer in the store when it was emptied.")).toBeVisible();
    await expect(said("Follows a day after the proof.")).toBeVisible();
    const button = page.getByRole("button", { name: "Look again" });
    const status = said("Look again").getByRole("status");
    await button.focus();
    await page.keyboard.press("Enter");
    await expect(status).toHaveText("Nothing was found.");
    await expect(said("The store was read back again, ")).toBeVisible();
    await expect(button).toBeFocused();
    await expect(page.getByText("Late files")).toBeHidden();

    await storeFile(`versions/${version.id}/images/late.png`, Buffer.from("late"));
    await button.click();
    await expect(status).toHaveText("1 late file was found and removed.");
    await expect(said(/^1 late file \(4 bytes\), removed on /)).toBeVisible();
    await axe();

    expectedErrors.push(/ERR_FAILED/);
    await page.route(`**${path}`, (route) => (route.request().method() === "POST" ? route.abort() : route.continue()));
    await button.click();
    await expect(page.getByText("The server cannot be reached. Try again.")).toBeVisible();
    await expect(status).toBeEmpty();

    await signIn(await makeUser({ role: "EDITOR" }));
    await page.setViewportSize(PHONE);
    await page.goto(path);
    await expect(said(/^1 late file \(4 bytes\), removed on /)).toBeVisible();
    await expect(said("The store was read back again, ")).toBeVisible();
    await expect(button).toBeHidden();
    await fits();
  },
);

test("image bytes are for members, asked about each time, and only what the manifest names", async ({
  page,
  world,
  signIn,
  makeUser,
}) => {
  const project = await buildProject(world);
  await buildRealVersion(world, project, { images: 10 });
  const base = `/data/${world.workspace.slug}/${project.slug}/1`;
  expect((await page.request.get(`${base}/images`)).status()).toBe(401);
  await signIn(world.owner);
  const listed: { total: number; images: { path: string }[] } = await (
    await page.request.get(`${base}/images?limit=3`)
  ).json();
  expect(listed).toMatchObject({ total: 10, images: [{}, {}, {}] });
  const url = `${base}/${listed.images[0]!.path}`;
  const image = await page.request.get(url);
  expect([image.status(), image.headers()["content-type"], image.headers()["cache-control"]]).toEqual([
    200,
    "image/png",
    "private, no-cache",
  ]);
  expect((await page.request.get(url, { headers: { "If-None-Match": image.headers()["etag"]! } })).status()).toBe(304);
  for (const path of ["images/train/nothing.png", "images/..%2f..%2fmanifest.json", "images/manifest.json"])
    expect((await page.request.get(`${base}/${path}`)).status(), path).toBe(404);
  for (const query of ["offset=-1", "limit=0", "limit=501", "split=every"])
    expect((await page.request.get(`${base}/images?${query}`)).status(), query).toBe(422);
  await signIn(await makeUser());
  expect((await page.request.get(url)).status()).toBe(404);
});

test("projects show a few of their images, and can be renamed", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "Digits" });
  await buildRealVersion(world, project, { images: 10 });
  await signIn(world.owner);
  await page.goto(`/${world.workspace.slug}`);
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Digits" }) });
  await expect
    .poll(() =>
      card
        .locator("img")
        .first()
        .evaluate((image: HTMLImageElement) => image.naturalWidth),
    )
    .toBe(28);
  await page.getByRole("button", { name: 'Edit project "Digits"' }).click();
  await page.getByRole("menuitem", { name: "Rename" }).click();
  const dialog = page.getByRole("dialog", { name: 'Rename "Digits"' });
  await expect(dialog.getByLabel("Name")).toBeFocused();
  await dialog.getByLabel("Name").fill("Numerals");
  await dialog.getByRole("button", { name: "Rename" }).click();
  await expect(page.getByText('Renamed "Digits" to "Numerals"')).toBeVisible();
  await expect(page.getByRole("heading", { name: "Numerals" })).toBeVisible();
});

for (const { locale, colorScheme, versions } of [
  { locale: "en-US", colorScheme: "light", versions: "Versions of" },
  { locale: "ja-JP", colorScheme: "dark", versions: "のバージョン" },
] as const) {
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme });

    test("no page has a flaw that axe knows, and all fit a small phone", async ({ page, world, signIn, axe, fits }) => {
      test.slow(); // many pages
      const long =
        "a-version-with-a-name-that-no-list-and-no-heading-can-hold-in-one-line-and-that-has-no-space-either";
      const project = await buildProject(world, { name: "Digits" });
      await buildProject(world, { name: "Nothing yet", slug: "nothing-yet" });
      const real = await buildRealVersion(world, project, {
        name: long,
        images: 20,
        augmentation: { image: { versions: 2 }, rotate: { degrees: 15 } },
      });
      await buildModel(world, await buildTraining(world, { id: real.id }, { status: "FINISHED" }));
      const running = await buildTraining(world, { id: real.id }, { status: "RUNNING" });
      const curve = [2.31, 1.2, 0.6].map((loss, index) => ({
        epoch: index + 1,
        loss,
        accuracy: 1 - loss / 3,
        validLoss: loss + 0.1,
        validAccuracy: 0.9 - loss / 3,
      }));
      await prisma().training.update({ where: { id: running.id }, data: { epoch: 3, curve } });
      const cancelled = await buildTraining(world, { id: real.id }, { status: "CANCELLED" });
      await prisma().training.update({
        where: { id: cancelled.id },
        data: { statusReason: "version moved to Trash" },
      });
      await buildVersion(world, project, { status: "FAILED" });
      await buildVersion(world, project, { status: "GENERATING", generatorUntil: inAnHour() });
      await signIn(world.owner);
      const base = `/${world.workspace.slug}`;
      const paths = [
        base,
        ...[
          "nothing-yet",
          "nothing-yet/models",
          ...["", "/models", "/2", "/1"].map((path) => `${project.slug}${path}`),
        ].map((path) => `${base}/${path}`),
      ];
      for (const path of paths) {
        await page.setViewportSize(DESKTOP);
        await page.goto(path);
        await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
        if (path === paths.at(-1)) await expect(page.getByRole("article").getByRole("img").first()).toBeVisible();
        await axe();
        await page.setViewportSize(PHONE);
        await fits();
      }
      await axe();
      await page.goto(`${base}/${project.slug}`);
      await expect(page.getByRole("article")).toBeHidden();
      await page.getByRole("list", { name: versions }).getByRole("link", { name: long }).click();
      await expect(page.getByRole("article")).toBeVisible();
      await fits();
    });
  });
}

test("an image of a workspace that one is no member of is not there", async ({ page, world, signIn, makeUser }) => {
  const project = await buildProject(world);
  await buildRealVersion(world, project, { images: 10 });
  const stranger = await makeUser();
  await createWorkspace(await systemContext("e2e"), {
    slug: `${world.workspace.slug}-b`,
    name: "Other",
    ownerEmail: stranger.email,
  });
  await signIn(stranger);
  const image = await prisma().image.findFirstOrThrow({ where: { projectId: project.id } });
  expect((await page.request.get(`/data/${world.workspace.slug}/${project.slug}/images/${image.id}`)).status()).toBe(
    404,
  );
  await signIn(world.owner);
  expect((await page.request.get(`/data/${world.workspace.slug}/${project.slug}/images/${image.id}`)).status()).toBe(
    200,
  );
});
