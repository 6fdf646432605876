import { ImageDecodeError } from "@/lib/engine/decode";
import type { Split } from "@/lib/engine/splits";
import { extractFeatures } from "@/lib/engine/trainer/features";
import { TrainingDataError, type TrainingImage } from "@/lib/engine/trainer/trainer";

/** What is held of an image while a net learns. */
export interface Example {
  features: Float32Array;
  /** Its class's place among the classes. */
  target: number;
}
export type Examples = Record<Split, Example[]>;

/** Each image is held as 8 kB: 320 MB. */
const MAX_IMAGES = 40_000;
/** The metrics hold a number for each pair of classes. */
const MAX_CLASSES = 1_000;

/**
 * Turns images into features as they come and keeps nothing else of them. Throws TrainingDataError as soon as it is
 * certain that there is nothing to learn from, and the signal's reason at once when it is aborted, even while a read is
 * under way that never ends.
 */
export async function collectExamples(
  classes: readonly string[],
  images: AsyncIterable<TrainingImage>,
  cancel: AbortSignal,
): Promise<Examples> {
  if (classes.length < 2) throw new TrainingDataError("too_few_classes", "A training needs at least two classes.");
  if (classes.length > MAX_CLASSES)
    throw new TrainingDataError(
      "too_many_classes",
      `There are ${classes.length} classes; the embedded trainer learns at most ${MAX_CLASSES}.`,
    );
  const targets = new Map(classes.map((name, index) => [name, index]));
  const examples: Examples = { train: [], valid: [], test: [] };
  let count = 0;
  for await (const { path, split, label, bytes } of untilAborted(images, cancel)) {
    const target = targets.get(label);
    if (target === undefined)
      throw new TrainingDataError(
        "unknown_class",
        `The image ${path} is labelled "${label}", which is not among the classes.`,
      );
    if (++count > MAX_IMAGES)
      throw new TrainingDataError(
        "too_many_images",
        `There are more than ${MAX_IMAGES} images; the embedded trainer holds no more than that.`,
      );
    examples[split].push({ features: await readFeatures(path, bytes), target });
  }
  cancel.throwIfAborted();
  if (examples.train.length === 0)
    throw new TrainingDataError("no_training_images", "The version has no labelled images to train on.");
  const first = examples.train[0]?.target ?? 0;
  if (examples.train.every(({ target }) => target === first)) {
    throw new TrainingDataError(
      "one_class_only",
      `All training images are labelled "${classes[first]}"; a training needs images of at least two classes.`,
    );
  }
  return examples;
}

async function readFeatures(path: string, bytes: Buffer): Promise<Float32Array> {
  try {
    return (await extractFeatures(bytes)).features;
  } catch (error) {
    if (error instanceof ImageDecodeError)
      throw new TrainingDataError("unreadable_image", `The image ${path} cannot be read: ${error.message}`, {
        cause: error,
      });
    throw error;
  }
}

/** The items until the signal is aborted; then throws its reason without waiting for the item that is being read. */
async function* untilAborted<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await orAborted(iterator.next(), signal);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    // lets go of what the source has open; not awaited, because it ends only after the read that is under way
    void iterator.return?.().catch(() => undefined);
  }
}

// not Promise.race with one promise for the signal: that promise would keep every item that it ever raced with
function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
