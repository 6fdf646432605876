import type { Locator, Page } from "@playwright/test";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, type World } from "@/lib/testing/builders";
import { storeNoFiles } from "@/lib/testing/stored-version";

export const NOT_FOUND = /status of 404/;

export async function buildDigits(world: World, name = "digits baseline") {
  const project = await buildProject(world, { name: "Digits" });
  const older = await buildVersion(world, project, { name: "older" });
  const version = await buildVersion(world, project, { name, images: 1200 });
  await storeNoFiles(older.id, version.id);
  return {
    project,
    older,
    version,
    home: `/${world.workspace.slug}/${project.slug}`,
    ref: { workspaceSlug: world.workspace.slug, projectSlug: project.slug, number: version.number },
  };
}

export async function openDelete(page: Page) {
  await page.getByRole("button", { name: "Edit Dataset" }).click();
  await page.getByRole("menuitem", { name: "Delete Version" }).click();
  return page.getByRole("dialog");
}

/** Where the name is typed; the field below it is for a reason. */
export const nameField = (dialog: Locator) => dialog.getByRole("textbox", { name: "to confirm" });

export const deletedAt = async (id: string) => (await prisma().version.findUniqueOrThrow({ where: { id } })).deletedAt;
