import type { Augmentation } from "@/lib/engine/settings";

export type Split = "train" | "valid" | "test";

/** One file that a version will have. `output` numbers the outputs of one source image from 0. */
export interface PlannedOutput {
  sourceImageId: string;
  split: Split;
  output: number;
  /** `images/<split>/<sourceImageId>-<output>.png`, relative to the version's prefix */
  path: string;
  /** True when the augmentation applies to it. */
  augmented: boolean;
}

/**
 * The outputs of each image, in the order of the images: a training image gives `image.versions` outputs (default 1),
 * every one augmented, as the hosted service describes its own ("applied to create N versions of each source image");
 * an image of valid or test, and a training image when no augmentation step is set, gives exactly one, preprocessed
 * only, because further ones would be the same file again. Lazy, so that memory stays flat.
 */
export function* planOutputs(
  images: Iterable<{ id: string; split: Split }>,
  settings: { augmentation: Augmentation },
): Generator<PlannedOutput, void> {
  for (const { id, split } of images) {
    const augmented = split === "train" && hasSteps(settings.augmentation);
    for (let output = 0; output < outputsOf(split, settings.augmentation); output++) {
      yield { sourceImageId: id, split, output, path: `images/${split}/${id}-${output}.png`, augmented };
    }
  }
}

/** How many outputs `planOutputs` gives for so many images of each split: what a version will count against a quota. */
export function countOutputs(images: Record<Split, number>, settings: { augmentation: Augmentation }): Record<Split, number> {
  return {
    train: images.train * outputsOf("train", settings.augmentation),
    valid: images.valid,
    test: images.test,
  };
}

function outputsOf(split: Split, augmentation: Augmentation): number {
  return split === "train" && hasSteps(augmentation) ? (augmentation.image?.versions ?? 1) : 1;
}

function hasSteps({ image: _image, ...steps }: Augmentation): boolean {
  return Object.values(steps).some((step) => step !== undefined);
}
