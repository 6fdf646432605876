import { createVersion } from "@/lib/domain/generation";
import { addImage } from "@/lib/domain/images";
import { systemContext } from "@/lib/domain/context";
import { generateVersionFiles } from "@/lib/edge/version-files";
import { readDigits } from "@/lib/engine/digits";
import { countOutputs } from "@/lib/engine/plan";
import type { Augmentation, Preprocessing } from "@/lib/engine/settings";
import { userContext, type World } from "./builders";

const SPLITS = { train: "TRAIN", valid: "VALID", test: "TEST" } as const;

/** A version with real files, made of `images` handwritten digits by the pipeline itself. */
export async function buildRealVersion(
  world: World,
  project: { slug: string },
  { name = "digits", images = 20, preprocessing = {}, augmentation = {} }: { name?: string; images?: number; preprocessing?: Preprocessing; augmentation?: Augmentation } = {},
): Promise<{ id: string; number: number }> {
  const ref = { workspaceSlug: world.workspace.slug, projectSlug: project.slug };
  const counts = { train: 0, valid: 0, test: 0 };
  for (const { fileName, label, split, png } of await readDigits(images)) {
    await addImage(await userContext(world), ref, { fileName, contentType: "image/png", width: 28, height: 28, split: SPLITS[split], label, bytes: png });
    counts[split] += 1;
  }
  const outputs = countOutputs(counts, { augmentation });
  const version = await createVersion(await userContext(world), { ...ref, name, seed: 1, preprocessing, augmentation, images: outputs.train + outputs.valid + outputs.test });
  await generateVersionFiles(await systemContext("test"), version.id);
  return version;
}
