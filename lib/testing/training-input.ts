import { readDigits } from "@/lib/engine/digits";
import type { TrainingImage, TrainingInput } from "@/lib/engine/trainer/trainer";

/** The classes of handwritten digits. */
export const CLASSES = [..."0123456789"];

/** The first `count` handwritten digits, to be trained on. */
export async function readTrainingImages(count: number): Promise<TrainingImage[]> {
  return (await readDigits(count)).map(({ fileName, split, label, png }) => ({
    path: fileName,
    split,
    label,
    bytes: png,
  }));
}

/** A training of these images, two epochs long unless `changes` say otherwise. */
export function trainingInput(images: readonly TrainingImage[], changes: Partial<TrainingInput> = {}): TrainingInput {
  return {
    classes: CLASSES,
    images: each(images),
    epochs: 2,
    seed: 1,
    onEpoch: () => undefined,
    cancel: new AbortController().signal,
    stop: new AbortController().signal,
    ...changes,
  };
}

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}
