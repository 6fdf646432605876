import type { Split } from "@/lib/engine/splits";

export interface TrainingImage {
  /** For messages only: the image's path within its version. */
  path: string;
  split: Split;
  /** One of the classes. */
  label: string;
  bytes: Buffer;
}

/** What one pass over the training images came to. Accuracies are shares, 0 to 1; losses are mean cross-entropies. */
export interface EpochReport {
  /** From 1. */
  epoch: number;
  /** Over the training images, each measured in its turn while the net still changed. */
  loss: number;
  accuracy: number;
  /** Over the images of "valid" after the epoch; null when there are none. */
  validLoss: number | null;
  validAccuracy: number | null;
}

export interface TrainingInput {
  /** At least two, each once; the order is the classes' numbers. */
  classes: readonly string[];
  /** Read once, one image at a time; no more than a few are held. */
  images: AsyncIterable<TrainingImage>;
  epochs: number;
  /** Together with the images and their order, this decides the weights, on one kind of machine. */
  seed: number;
  onEpoch(report: EpochReport): void;
  /** Drops everything: the training rejects with the signal's reason, an AbortError unless another was given. */
  cancel: AbortSignal;
  /** Ends the training after the epoch that is running, at least one, and keeps what there is. */
  stop: AbortSignal;
}

/**
 * How good the weights are, counted by the very arithmetic that serves them. The split that was measured is "test" when it
 * has images, else "valid"; neither of them is ever trained on. Without either nothing was measured, and a figure over the
 * training images is not given in its place.
 */
export interface TrainingMetrics {
  measuredOn: "test" | "valid" | null;
  /** The share of the measured split's images that were given their own class; null when nothing was measured. */
  accuracy: number | null;
  images: Record<Split, number>;
  classes: { class: string; images: Record<Split, number> }[];
  /** How many images of class [row] were taken for class [column], of the measured split, in the order of the classes. */
  confusion: number[][];
  /** Epochs run, fewer than asked for after a stop. */
  epochs: number;
  elapsedMs: number;
}

export interface TrainingResult {
  /** As `encodeWeights` writes them. */
  weights: Buffer;
  metrics: TrainingMetrics;
}

/**
 * Trains a classifier. Rejects with TrainingDataError when the images cannot be learned from, with whatever reading them
 * threw, and with the reason of `cancel`; then nothing is left running.
 */
export type Trainer = (input: TrainingInput) => Promise<TrainingResult>;

/** `too_many_…`: beyond what the embedded trainer can hold; an external trainer has other limits. */
export const TRAINING_DATA_CODES = [
  "too_few_classes",
  "too_many_classes",
  "no_training_images",
  "one_class_only",
  "too_many_images",
  "unknown_class",
  "unreadable_image",
] as const;
export type TrainingDataCode = (typeof TRAINING_DATA_CODES)[number];

/** The images cannot be learned from; the message is a sentence for whoever started the training. */
export class TrainingDataError extends Error {
  override readonly name = "TrainingDataError";
  constructor(
    readonly code: TrainingDataCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
