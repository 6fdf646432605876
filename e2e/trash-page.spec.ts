import { gzipSync } from "node:zlib";
import { trashProject } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, userContext } from "@/lib/testing/builders";
import { expect, LONG, PHONE, test } from "./fixtures";
import { age, HOUR_MS, isInTrash, NO_THUMBNAIL, ref, rowOf, toast, trashedVersion, trashPath } from "./trash-steps";

const SCRIPTS_MAX_BYTES = 170_000;

test.beforeEach(({ expectedErrors }) => void expectedErrors.push(NO_THUMBNAIL));

test("a workspace one is not a member of has no Trash: 404", async ({
  page,
  world,
  signIn,
  makeUser,
  expectedErrors,
}) => {
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
  const sizes = await Promise.all(
    [...scripts].map(async (path) => ({ path, bytes: gzipSync(await (await page.request.get(path)).body()).length })),
  );
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

for (const { locale, colorScheme } of [
  { locale: "en-US", colorScheme: "light" },
  { locale: "ja-JP", colorScheme: "dark" },
] as const) {
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme });

    test("Trash and its dialogs have no flaw that axe knows, and fit a small phone", async ({
      page,
      world,
      signIn,
      axe,
      fits,
    }) => {
      test.slow(); // axe looks at six states
      const [digits, faces] = [
        await buildProject(world, { name: "Handwritten digits with a name that is long" }),
        await buildProject(world, { name: "faces" }),
      ];
      await age(
        await trashedVersion(world, digits, "AVeryLongNameWithoutAnySpaceThatDoesNotWantToBreakAnywhereAtAll"),
        5 * HOUR_MS,
      );
      await trashedVersion(world, faces, "blocked");
      await trashProject(await userContext(world), { ...ref(world), projectSlug: faces.slug });
      await signIn(world.owner);
      await page.goto(trashPath(world));
      await expect(page.getByRole("table")).toHaveCount(2);
      await axe();
      await page.setViewportSize(PHONE);
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
        await page
          .getByRole("main")
          .getByRole("banner")
          .or(page.locator("main header"))
          .getByRole("button")
          .nth(index)
          .click();
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

test.describe("in Japanese", () => {
  test.use({ locale: "ja-JP" });

  test("a version is restored and another is purged", async ({ page, world, signIn }) => {
    const project = await buildProject(world, { name: "digits" });
    const [first, second] = [
      await trashedVersion(world, project, "最初"),
      await trashedVersion(world, project, "二番目"),
    ];
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
