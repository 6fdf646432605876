import { purgeItem, trashTraining, verifyReceipts } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildTraining, buildVersion, userContext, type World } from "@/lib/testing/builders";
import { DESKTOP, expect, LONG, PHONE, test } from "./fixtures";
import { HOUR_MS, rowOf, trashedVersion } from "./trash-steps";

const NEVER_ABORTED = new AbortController().signal;
const receiptsPath = (world: World) => `/${world.workspace.slug}/settings/receipts`;

async function purgedVersion(world: World, project: { id: string; slug: string }, name: string) {
  const { id } = await trashedVersion(world, project, name);
  await purgeItem(
    await userContext(world),
    { workspaceSlug: world.workspace.slug, type: "VERSION", id },
    NEVER_ABORTED,
  );
  return prisma().purgeReceipt.findFirstOrThrow({ where: { itemId: id } });
}

async function purgedTraining(world: World, project: { id: string }) {
  const workspaceSlug = world.workspace.slug;
  const { id } = await buildTraining(world, await buildVersion(world, project), { status: "FINISHED" });
  await trashTraining(await userContext(world), { workspaceSlug, trainingId: id });
  await purgeItem(await userContext(world), { workspaceSlug, type: "TRAINING", id }, NEVER_ABORTED);
}

/** Marks a receipt as of a store that fails; the worker leaves it alone until then. */
const failing = (id: string) =>
  prisma().purgeReceipt.update({
    where: { id },
    data: {
      verifiedAt: null,
      expectedBytes: 12_400_000,
      lastError:
        "The store refused to remove the files (EACCES). Whoever runs this server has to give it the right to.",
      nextAttemptAt: new Date(Date.now() + HOUR_MS),
    },
  });

test("receipts are found, read in full, printed and downloaded, by every member", async ({
  page,
  world,
  signIn,
  makeUser,
  axe,
}) => {
  await signIn(await makeUser({ role: "VIEWER" }));
  await page.goto(receiptsPath(world));
  await expect(page.getByText("Nothing was purged yet")).toBeVisible();
  await axe();

  const project = await buildProject(world, { name: "digits", slug: "digits" });
  const { id } = await purgedVersion(world, project, "baseline");
  await purgedVersion(world, project, '=HYPERLINK("http://evil.example")');
  await purgedTraining(world, project);
  await expect
    .poll(() => prisma().purgeReceipt.count({ where: { workspaceId: world.workspace.id, verifiedAt: null } }))
    .toBe(0); // the worker has looked at the store
  await page.reload();
  const rows = page.getByRole("table", { name: "Receipts" }).getByRole("rowheader");
  await expect(rows).toHaveCount(3);
  await expect(rows.first()).toContainText("Training 1");
  await axe();

  await page.getByRole("searchbox", { name: "Search by name or project" }).fill("BASE");
  await expect(page).toHaveURL(/\?q=BASE$/);
  await expect(rows).toHaveCount(1);
  await page.getByLabel("Type").selectOption("Trainings");
  await expect(page.getByText("No receipt matches")).toBeVisible();
  await page.getByRole("link", { name: "Clear filters" }).click();
  await expect(page).toHaveURL(receiptsPath(world));
  await expect(rows).toHaveCount(3);
  await page.getByLabel("Proof").selectOption("Not verified yet");
  await expect(page).toHaveURL(/\?state=waiting$/);
  await expect(page.getByText("No receipt matches")).toBeVisible();
  await page.getByLabel("Proof").selectOption("Verified");
  await expect(page).toHaveURL(/\?state=verified$/);
  await expect(rows).toHaveCount(3);
  await page.getByLabel("To", { exact: true }).fill("2020-01-01");
  await expect(page).toHaveURL(/to=2020-01-01/);
  await expect(page.getByText("No receipt matches")).toBeVisible();
  await page.goBack();

  await page.goto(`${receiptsPath(world)}?older=nonsense`);
  await expect(page).toHaveURL(receiptsPath(world));
  const csv = page.getByRole("link", { name: "Download CSV" });
  const table = await (await page.request.get((await csv.getAttribute("href"))!)).text();
  expect(table).toContain(",baseline,digits,1,");
  expect(table).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  const json = page.getByRole("link", { name: "Download JSON" });
  const file = (await (await page.request.get((await json.getAttribute("href"))!)).json()) as { head: string };
  expect(file).toMatchObject({ workspace: world.workspace.slug, receipts: [{}, {}, { name: "baseline" }] });

  await page.getByRole("link", { name: "baseline" }).click();
  await expect(page).toHaveURL(`${receiptsPath(world)}/${id}`);
  await expect(page.getByRole("heading", { level: 1, name: '"baseline" was permanently deleted' })).toBeVisible();
  await expect(page.getByRole("definition").filter({ hasText: "Verified" })).toContainText(" UTC)");
  const entries = page.getByRole("table", { name: "Chain of receipts" }).getByRole("row");
  await expect(entries.nth(1)).toContainText("Purged");
  await expect(entries.last()).toContainText("Verified");
  await axe();
  // what the file ended with, what is printed, and what the chain is are one
  await expect(page.getByText(/^rh1\./)).toHaveText(file.head);
  const { ok, head } = await verifyReceipts(await userContext(world), { workspaceSlug: world.workspace.slug });
  expect(ok).toBe(true);
  expect(file.head).toContain(`.${head!.number}.${head!.hash}.`);

  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  await expect(page.getByRole("link", { name: "All projects" })).toBeHidden();
  await expect(page.getByText(/^rh1\./)).toBeVisible();
  await page.emulateMedia({ media: "screen" });
  await page.goto(`/${world.workspace.slug}/digits/1`);
  await page.getByRole("link", { name: "Receipt in full" }).click();
  await expect(page).toHaveURL(`${receiptsPath(world)}/${id}`);
});

test("what a failing store has not given back is told with its reason and the next try", async ({
  page,
  world,
  signIn,
  axe,
}) => {
  const project = await buildProject(world, { name: "digits" });
  const { id } = await purgedVersion(world, project, "stuck");
  await expect
    .poll(async () => (await prisma().purgeReceipt.findUniqueOrThrow({ where: { id } })).verifiedAt)
    .not.toBeNull();
  await failing(id);
  await signIn(world.owner);
  await page.goto(receiptsPath(world));
  await expect(page.getByText("12.4 MB of 1 purged item is not given back by the store yet.")).toBeVisible();
  await page.getByRole("link", { name: "Show them" }).click();
  await expect(page).toHaveURL(/\?state=waiting$/);
  await expect(rowOf(page, "stuck")).toContainText(/The store refused to remove the files\..* \(EACCES\)\s*Next try: /);
  await axe();
});

test("receipts are read page by page, there and back", async ({ page, world, signIn }) => {
  const project = await buildProject(world, { name: "digits" });
  for (let i = 1; i <= 53; i++) await purgedVersion(world, project, `n${i}`);
  await signIn(world.owner);
  await page.goto(receiptsPath(world));
  const rows = page.getByRole("table", { name: "Receipts" }).getByRole("rowheader");
  await expect(rows).toHaveCount(50);
  await expect(page.getByRole("link", { name: "Newer" })).toHaveCount(0);
  await page.getByRole("link", { name: "Older" }).click();
  await expect(rows).toHaveCount(3);
  await expect(page.getByRole("link", { name: "Older" })).toHaveCount(0);
  await page.getByRole("link", { name: "Newer" }).click();
  await expect(rows).toHaveCount(50);
  await expect(rows.first()).toContainText("n53");
});

test("another workspace's receipts, and what is none, are 404", async ({
  page,
  world,
  signIn,
  makeUser,
  expectedErrors,
}) => {
  expectedErrors.push(/status of 404/);
  const { id } = await purgedVersion(world, await buildProject(world), "baseline");
  await signIn(world.owner);
  expect((await page.goto(`${receiptsPath(world)}/nothing`))?.status()).toBe(404);
  expect((await page.request.get(`/data/${world.workspace.slug}/receipts/xml`)).status()).toBe(404);
  await signIn(await makeUser());
  expect((await page.goto(receiptsPath(world)))?.status()).toBe(404);
  expect((await page.goto(`${receiptsPath(world)}/${id}`))?.status()).toBe(404);
  expect((await page.request.get(`/data/${world.workspace.slug}/receipts/csv`)).status()).toBe(404);
});

for (const { locale, colorScheme } of [
  { locale: "en-US", colorScheme: "light" },
  { locale: "ja-JP", colorScheme: "dark" },
] as const)
  test.describe(`${locale}, ${colorScheme}`, LONG, () => {
    test.use({ locale, colorScheme });

    test("receipts have no flaw that axe knows, and fit a small phone", async ({ page, world, signIn, axe, fits }) => {
      const project = await buildProject(world, { name: "digits" });
      const { id } = await purgedVersion(world, project, "a name that has to be broken in two ".repeat(5).trim());
      await purgedTraining(world, project);
      await failing((await purgedVersion(world, project, "stuck")).id);
      await signIn(world.owner);
      for (const size of [DESKTOP, PHONE]) {
        await page.setViewportSize(size);
        for (const path of ["", "?q=nothing", `/${id}`]) {
          await page.goto(`${receiptsPath(world)}${path}`);
          await axe();
          await fits();
        }
      }
    });
  });
