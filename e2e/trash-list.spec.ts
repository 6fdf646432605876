import { trashProject } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, userContext } from "@/lib/testing/builders";
import { expect, test } from "./fixtures";
import { age, HOUR_MS, NO_THUMBNAIL, ref, RETENTION_MS, rowOf, toast, trashedVersion, trashPath } from "./trash-steps";

test.beforeEach(({ expectedErrors }) => void expectedErrors.push(NO_THUMBNAIL));

test("time left by the server's clock: days, amber from three, hours, due; and a deleter whose account is gone", async ({
  page,
  world,
  signIn,
}) => {
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
  const ordinary = await rowOf(page, "fresh")
    .getByRole("cell", { name: "Ada Lovelace" })
    .evaluate((element) => getComputedStyle(element).color);
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

test("filters stand in the address: type, name, order; nothing matches has a way out", async ({
  page,
  world,
  signIn,
}) => {
  const project = await buildProject(world, { name: "digits" });
  await trashedVersion(world, project, "Alpha 100%");
  await trashedVersion(world, project, "beta");
  await trashProject(await userContext(world), {
    ...ref(world),
    projectSlug: (await buildProject(world, { name: "alphabet" })).slug,
  });
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
