import type { Context } from "@/lib/domain/context";
import { type SampleImage, sampleImages } from "@/lib/domain/versions";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import type { Box } from "@/lib/engine/boxes";
import { ImageDecodeError, renderOutputs, RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import { planOutputs, planSources, type VersionSettings } from "@/lib/engine/plan";
import { BlobNotFoundError, blobStore } from "@/lib/platform/blob-store";
import { createGate } from "@/lib/work/gate";
import type { ChosenSettings } from "./plan";

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
