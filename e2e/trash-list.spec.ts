import { trashProject, trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, userContext } from "@/lib/testing/builders";
import { expect, LONG, PHONE, test } from "./fixtures";
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
  await page.getByLabel("Type", { exact: true }).selectOption("Versions");
  await expect(page).toHaveURL(/q=ALPHA&type=versions$/);
  await expect(page.getByRole("table")).toHaveCount(1);
  await expect(rowOf(page, "Alpha 100%")).toBeVisible();
  await page.getByRole("searchbox").fill("a_pha");
  await expect(page.getByText("No item matches")).toBeVisible();
  await page.getByRole("link", { name: "Clear filters" }).first().click();
  await expect(page).toHaveURL(new RegExp(`${trashPath(world)}$`));
  await expect(page.getByRole("searchbox")).toHaveValue("");
  await page.getByLabel("Order").selectOption("Oldest first");
  await expect(page).toHaveURL(/\?order=oldest$/);
  await expect(page.getByRole("table", { name: "Versions" }).getByRole("rowheader")).toContainText([/^Alpha/, /^beta/]);
  await page.goto(`${trashPath(world)}?q=beta&type=versions&versions=forged`);
  await expect(page).toHaveURL(/\?q=beta&type=versions$/);
  await expect(page.getByRole("searchbox")).toHaveValue("beta");
  await expect(rowOf(page, "beta")).toBeVisible();
});

test("a section shows 50 and reads on, its place in the address", LONG, async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  for (let i = 1; i <= 53; i++) await trashedVersion(world, project, `n${i}`, 1);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  await expect(page.getByText("53 items", { exact: true })).toBeVisible();
  const headers = page.getByRole("table", { name: "Versions" }).getByRole("rowheader");
  await expect(headers).toHaveCount(50);
  await expect(page.getByRole("heading", { name: "Versions 53" })).toBeVisible();
  await page.getByRole("link", { name: "Next versions" }).click();
  await expect(headers).toHaveCount(3);
  await expect(page).toHaveURL(/\?versions=/);
  await expect(page.getByRole("link", { name: "Next versions" })).toHaveCount(0);
  await page.getByRole("link", { name: "Previous versions" }).click();
  await expect(headers).toHaveCount(50);
  await expect(headers.first()).toContainText("n53");
  await expect(page.getByRole("link", { name: "Previous versions" })).toHaveCount(0);
  await page.goBack();
  await expect(headers).toHaveCount(3);
  await page.getByRole("link", { name: "Back to the first ones" }).click();
  await expect(headers).toHaveCount(50);
});

test(
  "each filter and order is in the address, shows as a chip that removes it, and goes with the others; Back leads back",
  LONG,
  async ({ page, world, signIn, makeUser, axe }) => {
    const [digits, faces] = [
      await buildProject(world, { name: "Digits" }),
      await buildProject(world, { name: "Faces" }),
    ];
    const grace = await makeUser({ role: "EDITOR" });
    const old = await trashedVersion(world, digits, "old");
    await prisma().version.update({ where: { id: old.id }, data: { trashedBytes: 5_000_000 } });
    await age(old, 2 * 24 * HOUR_MS);
    await trashedVersion(world, faces, "face");
    const late = await buildVersion(world, digits, { name: "by Grace" });
    await trashVersion(await userContext(world, { user: grace, role: "EDITOR" }), {
      ...ref(world),
      projectSlug: digits.slug,
      number: late.number,
      note: "labels were wrong",
    });
    await signIn(world.owner);
    await page.goto(trashPath(world));
    const rows = page.getByRole("table", { name: "Versions" }).getByRole("rowheader");
    await expect(rows).toContainText([/^by Grace/, /^face/, /^old/]);
    await expect(rowOf(page, "by Grace")).toContainText("Reason: labels were wrong");
    await page.getByLabel("Order").selectOption("Fewest days left first");
    await expect(page).toHaveURL(/\?order=soonest$/);
    await expect(rows).toContainText([/^old/, /^face/, /^by Grace/]);
    await page.getByLabel("Order").selectOption("Largest first");
    await expect(rows.first()).toContainText(/^old/);

    await page.getByLabel("Project", { exact: true }).selectOption("Digits");
    await expect(rows).toHaveCount(2);
    await page.getByLabel("Deleted by", { exact: true }).selectOption("Grace Hopper");
    await expect(rows).toContainText([/^by Grace/]);
    await expect(page).toHaveURL(new RegExp(`project=${digits.slug}&by=${grace.id}&order=largest$`));
    const chips = page.getByRole("list", { name: "Filters in use" }).getByRole("link");
    await expect(chips).toHaveText(["Project: Digits", "Deleted by: Grace Hopper"]);
    await axe();
    await page.getByRole("link", { name: "Remove the filter: Deleted by: Grace Hopper" }).click();
    await expect(rows).toHaveCount(2);
    await expect(page.getByLabel("Deleted by", { exact: true })).toHaveValue("");
    await page.goBack();
    await expect(rows).toHaveCount(1);
    await expect(page.getByLabel("Deleted by", { exact: true })).toHaveValue(grace.id);
    await page.getByLabel("Days left").selectOption("At most 3 days left");
    await expect(page.getByText("No item matches")).toBeVisible();
    await page.getByRole("link", { name: "Clear filters" }).first().click();
    await expect(page).toHaveURL(/\?order=largest$/);
    await expect(rows).toHaveCount(3);
    await page.getByLabel("Days left").selectOption("At most 3 days left");
    await expect(rows).toContainText([/^old/]);

    // 28 days ago, by the calendar of whoever looks
    const day = new Date(Date.now() - 28 * 24 * HOUR_MS).toISOString().slice(0, 10);
    await page.goto(`${trashPath(world)}?from=${day}&to=${day}`);
    await expect(rows).toContainText([/^old/]);
    await page.getByLabel("Until", { exact: true }).fill("2020-01-01");
    await expect(page.getByText("No item matches")).toBeVisible();
  },
);

test("on a phone the rarer filters are behind a switch, which is open while one of them is in use", async ({
  page,
  world,
  signIn,
  axe,
  fits,
}) => {
  const project = await buildProject(world, { name: "Digits with a name that is long enough to be cut off somewhere" });
  await trashedVersion(world, project, "one");
  await signIn(world.owner);
  await page.setViewportSize(PHONE);
  await page.goto(trashPath(world));
  const filter = page.getByLabel("Project", { exact: true });
  await expect(filter).toBeHidden();
  await page.getByRole("checkbox", { name: "More filters" }).focus();
  await page.keyboard.press("Space");
  await expect(filter).toBeVisible();
  await filter.selectOption({ index: 1 });
  await expect(page).toHaveURL(/\?project=/);
  await page.reload();
  await expect(filter).toBeVisible();
  await expect(page.getByRole("checkbox", { name: "More filters (1)" })).toBeChecked();
  await fits();
  await axe();
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the form sends the filters", async ({ page, world, signIn }) => {
    const project = await buildProject(world, { name: "Digits" });
    await trashedVersion(world, project, "one");
    await trashedVersion(world, project, "two");
    await signIn(world.owner);
    await page.goto(trashPath(world));
    await page.getByRole("searchbox").fill("two");
    await page.getByLabel("Order").selectOption("Oldest first");
    await page.getByRole("button", { name: "Apply" }).click();
    await expect(page).toHaveURL(/q=two/);
    await expect(page.getByRole("table", { name: "Versions" }).getByRole("rowheader")).toContainText([/^two/]);
    await expect(page.getByLabel("Order")).toHaveValue("oldest");
  });
});
