import { z } from "zod";
import type { SessionContext } from "@/lib/domain/people";
import type { SluggedProjectRef } from "@/lib/domain/item-state";
import type { Box } from "@/lib/engine/boxes";
import { makeThumbnail } from "@/lib/engine/generate";
import { previewImages } from "./preview";
import { versionSettingsSchema } from "./plan";

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
