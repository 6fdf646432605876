import type { Page } from "@playwright/test";
import { trashVersion } from "@/lib/domain/trash";
import { prisma } from "@/lib/platform/db";
import { buildProject, buildVersion, userContext, type World } from "@/lib/testing/builders";

/* What the journeys through Trash say over and over. */

export const HOUR_MS = 60 * 60 * 1000;
export const RETENTION_MS = 30 * 24 * HOUR_MS;

/** The builders' versions have no files, so there is no first image to show. */
export const NO_THUMBNAIL = /\/images\?limit=1/;

export const ref = (world: World) => ({ workspaceSlug: world.workspace.slug });
export const trashPath = (world: World) => `/${world.workspace.slug}/settings/trash`;

export async function trashedVersion(world: World, project: { id: string; slug: string }, name: string, images = 10) {
  const version = await buildVersion(world, project, { name, images });
  await trashVersion(await userContext(world), { ...ref(world), projectSlug: project.slug, number: version.number });
  return version;
}

/** Lets an item have been deleted so long ago that this much is left. */
export async function age(version: { id: string }, leftMs: number): Promise<void> {
  const purgeAfter = new Date(Date.now() + leftMs);
  await prisma().version.update({
    where: { id: version.id },
    data: { purgeAfter, deletedAt: new Date(purgeAfter.getTime() - RETENTION_MS) },
  });
}

export const isInTrash = async (version: { id: string }) =>
  (await prisma().version.findUniqueOrThrow({ where: { id: version.id } })).deletedAt !== null;
export const rowOf = (page: Page, name: string) =>
  page.getByRole("row").filter({ has: page.getByRole("rowheader", { name }) });
export const toast = (page: Page, text: string) => page.getByRole("listitem").filter({ hasText: text });

/** Chooses Delete Permanently in the menu of a row. */
export async function openPurge(page: Page, label: string) {
  await page.getByRole("button", { name: `More actions for ${label}` }).click();
  await page.getByRole("menuitem", { name: "Delete Permanently" }).click();
  return page.getByRole("alertdialog");
}

/** So many versions in Trash, copies of one. */
export async function fillTrash(world: World, count: number): Promise<{ id: string }> {
  const project = await buildProject(world, { name: "digits" });
  const { id } = await trashedVersion(world, project, "baseline", 1);
  await prisma().$executeRawUnsafe(
    `insert into versions select copy.* from versions v, generate_series(2, ${count}) i,
       lateral jsonb_populate_record(v, jsonb_build_object('id', gen_random_uuid()::text, 'number', i, 'name', 'copy ' || i, 'counted_images', 0, 'train_images', 0, 'valid_images', 0, 'test_images', 0)) copy
     where v.id = $1`,
    id,
  );
  return project;
}
