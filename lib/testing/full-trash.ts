import {
  listTrash,
  previewPurge,
  startPurge,
  trashProject,
  trashTraining,
  trashVersion,
  type TrashItem,
  type TrashSet,
} from "@/lib/domain/trash";
import type { Context } from "@/lib/domain/context";
import { buildModel, buildProject, buildTraining, buildVersion, buildWorld, userContext } from "./builders";

/** A Trash with one of each: a version, a project with a version that was trashed before it, and a training with its model. */
export async function buildFullTrash() {
  const world = await buildWorld();
  const slugs = { workspaceSlug: world.workspace.slug };
  const [kept, gone] = [await buildProject(world), await buildProject(world)];
  const version = await buildVersion(world, kept, { name: "baseline", images: 7 });
  const inGone = await buildVersion(world, gone, { images: 5 });
  await buildVersion(world, gone, { images: 2 });
  const training = await buildTraining(world, await buildVersion(world, kept), { status: "FINISHED" });
  const model = await buildModel(world, training);
  const ctx = await userContext(world);
  await trashVersion(ctx, { ...slugs, projectSlug: kept.slug, number: version.number });
  await trashVersion(ctx, { ...slugs, projectSlug: gone.slug, number: inGone.number });
  await trashProject(ctx, { ...slugs, projectSlug: gone.slug });
  await trashTraining(ctx, { ...slugs, trainingId: training.id });
  return { world, slugs, kept, gone, version, inGone, training, model, items: (await listTrash(ctx, slugs)).items };
}

/** Those of the items, as a page lists them. */
export const chosen = (items: readonly TrashItem[], ...ids: string[]): { items: TrashItem[] } => ({
  items: items.filter(({ id }) => ids.includes(id)),
});

/** Looks at a purge, as its dialog does, and confirms it. */
export async function purgeSet(ctx: Context, workspaceSlug: string, set: TrashSet) {
  const { id, items, first } = await previewPurge(ctx, { workspaceSlug, set });
  return startPurge(ctx, { workspaceSlug, previewId: id, confirm: items === 1 ? first[0]!.name : String(items) });
}
