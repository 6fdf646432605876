import { readHeader, type ImageHeader } from "@/lib/engine/decode";
import { renderOutputs } from "@/lib/engine/generate";
import { invert, type Matrix, type Size } from "@/lib/engine/geometry";
import { planOutputs } from "@/lib/engine/plan";
import { findPlace } from "@/lib/engine/preprocess";
import { preprocessingSchema, type Preprocessing } from "@/lib/engine/settings";

/** An image as a model of a version sees it. */
export interface Shown {
  shown: Buffer;
  /** Of what is shown, where it is known. */
  header: ImageHeader | undefined;
  /** Of the image itself, as people see it. */
  size: Size;
  /** From what is shown back to the image as people see it; null: they are the same. */
  back: Matrix | null;
}

/**
 * Shows an image as the version's own test images went to the trainer, file format and all, so that an image
 * of the project gets the answer that its file in the version gets. Of a version in tiles the whole image is shown. Steps
 * that change no pixels are spared: small images are asked for most. `preprocessing` is as stored. Throws ImageDecodeError.
 */
export async function showAsVersion(preprocessing: unknown, image: Buffer): Promise<Shown> {
  const { tile: _tile, "filter-null": _filter, remap: _remap, ...steps } = preprocessingSchema.parse(preprocessing);
  const header = await readHeader(image);
  const { contentType, orientation, width, height } = header;
  const size = { width, height };
  const { "auto-orient": upright, ...others } = steps;
  const changed =
    (orientation !== 1 && upright !== true) ||
    Object.values(others).some((step) => step !== undefined && step !== false);
  if (!changed) return { shown: image, header, size, back: null };
  return {
    shown: await render(image, contentType, steps),
    header: undefined,
    size,
    back: invert(findPlace(size, orientation, steps)),
  };
}

async function render(image: Buffer, contentType: string, preprocessing: Preprocessing): Promise<Buffer> {
  const settings = { preprocessing, augmentation: {}, seed: 0 };
  const asked = { id: "asked", split: "test", boxes: [] } as const;
  for await (const { bytes } of renderOutputs(image, asked, planOutputs({ ...asked, contentType }, settings), settings))
    return bytes;
  throw new Error("An image without tiles gave no output.");
}
