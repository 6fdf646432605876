import { versionPrefix } from "@/lib/domain/grants";
import { prisma } from "@/lib/platform/db";
import { keysUnder, storeFile, testStore } from "@/lib/testing/store-file";
import { expect, test } from "./fixtures";
import { end, freeOrigin, startWeb, startWorker } from "./processes";
import { fillTrash, trashPath } from "./trash-steps";

/** The promise is about 10,000; so many take minutes. */
const VERSIONS = Number(process.env["PURGED_VERSIONS"] ?? 400);

test("Empty Trash goes on when web and worker are killed, and the page that was open meanwhile says so, and ends with it", async ({
  page,
  world,
  server,
  signIn,
  expectedErrors,
}) => {
  test.setTimeout(120_000 + VERSIONS * 100);
  expectedErrors.push(/ERR_(CONNECTION_REFUSED|EMPTY_RESPONSE|CONNECTION_RESET|SOCKET_NOT_CONNECTED|INCOMPLETE)/);
  const project = await fillTrash(world, VERSIONS);
  const versions = await prisma().version.findMany({ where: { projectId: project.id }, select: { id: true } });
  for (const { id } of versions) await storeFile(`${versionPrefix(id)}images/0.png`, Buffer.from("an image"));
  const left = () => prisma().version.count({ where: { projectId: project.id } });

  const origin = await freeOrigin();
  let web = await startWeb(server, origin);
  let worker = startWorker(server);
  try {
    await signIn(world.owner);
    await page.goto(`${origin}${trashPath(world)}`);
    await page.getByRole("button", { name: "Empty Trash" }).click();
    const dialog = page.getByRole("alertdialog", { name: "Empty Trash?" });
    await dialog.getByRole("textbox", { name: /to confirm/ }).fill(String(VERSIONS));
    await dialog.getByRole("button", { name: "Empty Trash" }).click();
    await page.waitForURL(/\/settings\/trash\/activity\/[\w-]+$/);

    await expect.poll(left, { timeout: 60_000, intervals: [20] }).toBeLessThan(VERSIONS);
    await Promise.all([end(web, "SIGKILL"), end(worker, "SIGKILL")]);
    expect(await left()).toBeGreaterThan(0);
    await expect(page.getByText(/cannot be reached/)).toBeVisible();
    // half a minute later another worker may take the job up
    await prisma().trashJob.updateMany({
      where: { workspaceId: world.workspace.id },
      data: { leaseUntil: new Date(0) },
    });
    web = await startWeb(server, origin);
    worker = startWorker(server);
    await expect(page.getByText(/cannot be reached/)).toHaveCount(0);
    await expect(
      page.getByText(`All ${VERSIONS.toLocaleString("en")} items were permanently deleted`).first(),
    ).toBeVisible({
      timeout: 60_000 + VERSIONS * 50,
    });
  } finally {
    await Promise.all([end(web), end(worker)]);
  }
  const { usedImages } = await prisma().workspace.findUniqueOrThrow({ where: { id: world.workspace.id } });
  expect([await left(), usedImages]).toEqual([0, 0]);
  const receipts = { workspaceId: world.workspace.id };
  expect(await prisma().purgeReceipt.count({ where: receipts })).toBe(VERSIONS);
  // what the killed worker was erasing is taken up by another once its time is over
  await prisma().purgeReceipt.updateMany({ where: { ...receipts, verifiedAt: null }, data: { nextAttemptAt: null } });
  await expect
    .poll(() => prisma().purgeReceipt.count({ where: { ...receipts, verifiedAt: { not: null }, removedFiles: 1 } }), {
      timeout: 60_000 + VERSIONS * 50,
      intervals: [250],
    })
    .toBe(VERSIONS);
  for (const { id } of versions) expect(await keysUnder(testStore(), versionPrefix(id))).toEqual([]);
});
