import { systemContext } from "@/lib/domain/context";
import { SPLITS } from "@/lib/domain/splits";
import { generateVersion } from "@/lib/work/versions/plan";
import { generateVersionNow } from "@/lib/work/versions/generator";
import { uploadImage } from "@/lib/work/uploads/images";
import { readDigits } from "@/lib/engine/digits";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";
import { userContext, type World } from "./builders";

/** Uploads handwritten digits to a project as a person would. */
export async function uploadDigits(world: World, project: { slug: string }, count: number): Promise<void> {
  const ctx = await userContext(world);
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  for (const { fileName, label, split, png } of await readDigits(count))
    await uploadImage(ctx, ref, [png], { fileName, label, split: SPLITS[split] });
}

/** A version with real files, made of `images` handwritten digits by the pipeline itself. */
export async function buildRealVersion(
  world: World,
  project: { slug: string },
  {
    name = "digits",
    images = 20,
    preprocessing = {},
    augmentation = {},
  }: { name?: string; images?: number; preprocessing?: Preprocessing; augmentation?: Augmentation } = {},
): Promise<{ id: string; number: number }> {
  await uploadDigits(world, project, images);
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  const version = await generateVersion(await userContext(world), ref, {
    name,
    seed: 1,
    splits: null,
    preprocessing,
    augmentation,
  });
  const end = await generateVersionNow(await systemContext("test"), version.id);
  if (end !== "ready") throw new Error(`The version was not generated: ${end}.`);
  return version;
}
