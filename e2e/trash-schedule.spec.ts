import { prisma } from "@/lib/platform/db";
import { newId } from "@/lib/platform/id";
import { buildProject, buildVersion, type World } from "@/lib/testing/builders";
import { DESKTOP, expect, PHONE, test } from "./fixtures";
import { age, HOUR_MS, NO_THUMBNAIL, trashedVersion, trashPath } from "./trash-steps";

test.beforeEach(({ expectedErrors }) => void expectedErrors.push(NO_THUMBNAIL));

/** A run of the worker that is newer than any that comes while the test lasts, with what it did in the workspace. */
async function recordRun(
  world: World,
  { mode = "ON" as "ON" | "REPORT", purged = 0, failures = [] as { id: string; [fact: string]: unknown }[] },
): Promise<string> {
  const id = newId();
  const startedAt = new Date(Date.now() + HOUR_MS / 4);
  const counts = { purged, skipped: 0, failed: failures.length, due: mode === "REPORT" ? 2 : 0 };
  await prisma().scheduledRun.create({
    data: {
      id,
      startedBy: "WORKER",
      mode,
      startedAt,
      endedAt: startedAt,
      ...counts,
      workspaces: { create: { workspaceId: world.workspace.id, ...counts, failures: failures as never } },
    },
  });
  return id;
}

test("Trash says what the last scheduled purge did and could not do, when the next one comes, and what it will take", async ({
  page,
  world,
  signIn,
  axe,
  fits,
}) => {
  const project = await buildProject(world, { name: "digits" });
  await age(await trashedVersion(world, project, "stuck", 1_800), HOUR_MS);
  await age(await trashedVersion(world, project, "soon", 40), 23 * HOUR_MS);
  await trashedVersion(world, project, "later", 7);
  await buildVersion(world, project);
  await signIn(world.owner);
  await page.goto(trashPath(world));
  const schedule = page.getByRole("region", { name: "Scheduled purge" });
  await expect(schedule).toContainText("2 versions");
  await expect(schedule).toContainText("1,840 images");

  const failure = {
    type: "VERSION",
    id: "x",
    name: "stuck",
    projectName: "digits",
    number: 1,
    reason: "database_full",
  };
  const ids = [await recordRun(world, { purged: 3, failures: [failure] })];
  try {
    await page.reload();
    await expect(schedule).toContainText("by the worker");
    await expect(schedule).toContainText("3 items were permanently deleted here.");
    const main = page.getByRole("main");
    await expect(main).toContainText("1 item could not be permanently deleted by the last run. It stays in Trash:");
    await expect(main).toContainText("digits v1: the database has no room left; the next run tries again");
    await expect(schedule).toContainText(/in \d+ (minutes?|seconds?)/);
    for (const size of [DESKTOP, PHONE]) {
      await page.setViewportSize(size);
      await axe();
      await fits();
    }

    ids.push(await recordRun(world, { mode: "REPORT" }));
    await page.reload();
    await expect(main).toContainText("this server is set to PURGE=report");
    await expect(schedule).toContainText("2 items were due here, and were not deleted.");
  } finally {
    await prisma().scheduledRun.deleteMany({ where: { id: { in: ids } } });
  }
});
