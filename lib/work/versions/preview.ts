import { z } from "zod";
import type { Context } from "@/lib/domain/context";
import type { SessionContext } from "@/lib/domain/people";
import { type SampleImage, sampleImages } from "@/lib/domain/versions";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import type { Box } from "@/lib/engine/boxes";
import { ImageDecodeError, makeThumbnail, renderOutputs, RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import { planOutputs, planSources, type VersionSettings } from "@/lib/engine/plan";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { createGate } from "@/lib/work/gate";
import { type ChosenSettings, versionSettingsSchema } from "./plan";

/** The most images that one preview shows. */
export const PREVIEW_MAX = 12;

/** Renders of all previews that this process makes at once. */
const rendering = createGate(RENDERS_IN_FLIGHT);

export interface PreviewImage {
  imageId: string;
  fileName: string;
  contentType: "image/jpeg" | "image/png";
  bytes: Buffer;
  width: number;
  height: number;
  label: string | null;
  /** In the rendered image's pixels. */
  boxes: Box[];
}

/**
 * What settings make of a few real images of the project, as training images, which are the ones that are augmented: the
 * very files that a version of these settings and this seed (0 without one) would hold for them. Where an image gives
 * several outputs, one of them. `from`, in hex, chooses among the images. Stores nothing. An image that cannot be read is left out.
 * Throws `not_found`, `in_trash`, `purged`.
 */
export async function previewImages(
  ctx: Context,
  ref: SluggedProjectRef,
  settings: ChosenSettings,
  { count, from = "" }: { count: number; from?: string },
): Promise<PreviewImage[]> {
  const samples = await sampleImages(ctx, ref, Math.min(count, PREVIEW_MAX), from);
  const { "filter-null": _, ...preprocessing } = settings.preprocessing; // it drops images, and changes none
  const chosen: VersionSettings = { ...settings, preprocessing, splits: null, seed: settings.seed ?? 0 };
  const previews = await Promise.all(
    samples.map((sample, index) => rendering(() => renderSample(sample, chosen, index))),
  );
  return previews.filter((preview) => preview !== null);
}

async function renderSample(
  { key, fileName, contentType, ...image }: SampleImage,
  settings: VersionSettings,
  index: number,
): Promise<PreviewImage | null> {
  const [source] = planSources([{ ...image, split: "train" }], settings);
  if (!source) return null;
  const outputs = planOutputs({ id: source.id, split: "train", contentType }, settings);
  const wanted = outputs.slice(index % outputs.length).slice(0, 1);
  try {
    for await (const { output, bytes, width, height, boxes } of renderOutputs(
      await blobStore().get(key),
      source,
      wanted,
      settings,
    )) {
      const type = output.path.endsWith(".jpg") ? "image/jpeg" : "image/png";
      return { imageId: source.id, fileName, contentType: type, bytes, width, height, label: source.label, boxes };
    }
    return null;
  } catch (error) {
    if (error instanceof ImageDecodeError || error instanceof BlobNotFoundError) return null;
    throw error;
  }
}

// ── For the page of a new version ────────────────────────────────────────────────────────────────────────────────────

/** Images of one preview. */
const SAMPLES = 8;
/** Enough to see what a step does, and little enough to come with the answer. */
const SIDE_PX = 320;

export const previewQuestion = versionSettingsSchema.extend({
  /** Where among the project's images to begin: a few hex digits. */
  from: z.string().regex(/^[0-9a-f]{0,16}$/),
});

/** An uploaded image, and what the settings would make of it. */
export interface PreviewSample {
  imageId: string;
  fileName: string;
  label: string | null;
  /** The picture as a data URL, no larger than it need be. */
  src: string;
  /** The made image's own size, which the boxes are in. */
  width: number;
  height: number;
  boxes: Box[];
}

/** What the page of a new version shows of its settings. Throws as previewImages. */
export async function readPreview(
  ctx: SessionContext,
  ref: SluggedProjectRef,
  { from, ...settings }: z.output<typeof previewQuestion>,
): Promise<{ samples: PreviewSample[] }> {
  const images = await previewImages(ctx, ref, settings, { count: SAMPLES, from });
  const samples = images.map(async ({ bytes, contentType: _, ...image }): Promise<PreviewSample> => ({
    ...image,
    src: `data:image/webp;base64,${(await makeThumbnail(bytes, SIDE_PX)).toString("base64")}`,
  }));
  return { samples: await Promise.all(samples) };
}
