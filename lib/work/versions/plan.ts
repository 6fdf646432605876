import { z } from "zod";
import type { Context } from "@/lib/domain/context";
import {
  createVersion,
  type GenerationSettings,
  getPlanningFacts,
  type NewVersion,
  type PlanVersion,
  type Retried,
  retryVersionGeneration,
} from "@/lib/domain/versions";
import type { SluggedProjectRef, VersionRef } from "@/lib/domain/item-state";
import { NAME_OF_SPLIT, SPLITS } from "@/lib/domain/splits";
import { countOutputs, planSources, type SourceImage, type VersionSettings } from "@/lib/engine/plan";
import { augmentationSchema, preprocessingSchema, splitsSchema } from "@/lib/engine/settings";
import type { Split } from "@/lib/engine/splits";

/*
 * Where the rules of generating meet the engine that knows what settings do: what a version is made of is planned here,
 * for the API, the pages and the seed alike.
 */

/** What a version's images are made with, as a caller gives it. Strict: an unknown key or a value out of range is named. */
export const versionSettingsSchema = z.strictObject({
  preprocessing: preprocessingSchema,
  augmentation: augmentationSchema,
  /** null, or left out: each image stays in the split that it has. */
  splits: splitsSchema.nullish().transform((splits) => splits ?? null),
  /** Left out, or null: the project's. */
  seed: z
    .int()
    .min(0)
    .max(2_147_483_647)
    .nullish()
    .transform((seed) => seed ?? undefined),
});

export type ChosenSettings = z.output<typeof versionSettingsSchema>;

/** Settings as they were stored, checked once more. */
export function parseStoredSettings({
  preprocessing,
  augmentation,
  splits,
  seed,
}: GenerationSettings): VersionSettings {
  return { ...versionSettingsSchema.parse({ preprocessing, augmentation, splits }), seed };
}

function countBySplit(sources: readonly SourceImage[]): Record<Split, number> {
  const counts = { train: 0, valid: 0, test: 0 };
  for (const { split } of sources) counts[split] += 1;
  return counts;
}

const sum = ({ train, valid, test }: Record<Split, number>): number => train + valid + test;

function plan(
  images: Parameters<PlanVersion>[0],
  settings: VersionSettings,
): { sources: SourceImage[]; outputs: Record<Split, number> } {
  const sources = planSources(
    images.map((image) => ({ ...image, split: NAME_OF_SPLIT[image.split] })),
    settings,
  );
  return { sources, outputs: countOutputs(countBySplit(sources), settings) };
}

const planVersion: PlanVersion = (images, settings) => {
  const { sources, outputs } = plan(images, parseStoredSettings(settings));
  return {
    sources: sources.map((source) => ({ ...source, split: SPLITS[source.split] })),
    images: sum(outputs),
  };
};

/** Begins a version; a worker makes it. Throws as createVersion. */
export async function generateVersion(
  ctx: Context,
  ref: SluggedProjectRef,
  settings: ChosenSettings & { name?: string | undefined; keepSeed?: boolean | undefined },
): Promise<NewVersion> {
  return createVersion(ctx, {
    ...settings,
    workspaceSlug: ref.workspaceSlug,
    projectSlug: ref.projectSlug,
    plan: planVersion,
  });
}

/** Begins a failed version once more. Throws as retryVersionGeneration. */
export async function retryVersion(ctx: Context, ref: VersionRef): Promise<Retried> {
  return retryVersionGeneration(ctx, ref, planVersion);
}

export interface VersionEstimate {
  /** Images that would be generated now; none when the project has none or the settings leave none. */
  images: Record<Split, number>;
  quota: number;
  free: number;
  inTrash: number;
}

/** What generating would make, and the room there is for it. Changes and locks nothing. Throws `not_found`, `in_trash`, `purged`. */
export async function estimateVersion(
  ctx: Context,
  ref: SluggedProjectRef,
  settings: ChosenSettings,
): Promise<VersionEstimate> {
  const { images, ...room } = await getPlanningFacts(ctx, ref);
  // Who goes where depends on the seed, how many go nowhere near as much: any seed will do.
  return { images: plan(images, { ...settings, seed: settings.seed ?? 0 }).outputs, ...room };
}
