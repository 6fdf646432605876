import { setImmediate as breathe } from "node:timers/promises";
import { oneHot, ready, setBackend, tensor1d, tensor2d, train as optimizers } from "@tensorflow/tfjs-core";
import { initializers, layers, sequential, type Sequential } from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-wasm";
import { derive, type Random } from "@/lib/engine/random";
import { collectExamples, type Example, type Examples } from "@/lib/engine/trainer/examples";
import { FEATURE_COUNT, FEATURES } from "@/lib/engine/trainer/features";
import { computeConfidences } from "@/lib/engine/trainer/network";
import type { EpochReport, Trainer, TrainingMetrics } from "@/lib/engine/trainer/trainer";
import { encodeWeights, type Weights } from "@/lib/engine/trainer/weights";

const HIDDEN_UNITS = 64;
const LEARNING_RATE = 1e-3;
const BATCH_IMAGES = 32;
/** A feature that hardly varies is not blown up beyond this: worth half a percent on digits. */
const LEAST_DEVIATION = 0.3;
/** Below this a feature is the same in all training images: nothing was learned about it, so it must not count later. */
const CONSTANT_DEVIATION = 1e-6;

/**
 * The embedded trainer: one hidden layer on image features, learned with Adam and cross-entropy on TensorFlow.js' wasm
 * backend. The same images in the same order, epochs and seed give the same bytes, on one kind of machine.
 *
 * TensorFlow computes on this thread, so run it in a process of its own (`createChildTrainer`). The event loop has its
 * turn after every image and every batch, and cancel and stop are seen then.
 */
export const train: Trainer = async (input) => {
  const { classes, epochs, seed, onEpoch, cancel, stop } = input;
  if (!Number.isInteger(epochs) || epochs < 1)
    throw new RangeError(`The number of epochs must be a whole number from 1, not ${epochs}.`);
  const startedAt = performance.now();
  const examples = await collectExamples(classes, input.images, cancel);
  const net = await buildNet(classes, examples.train, seed);
  try {
    const order = derive(seed, "order");
    let epoch = 0;
    do {
      epoch++;
      const learned = await runEpoch(net, examples.train, order, cancel);
      const valid = examples.valid.length > 0 ? await evaluate(net.read(), examples.valid, cancel) : null;
      onEpoch({ epoch, ...learned, validLoss: valid?.loss ?? null, validAccuracy: valid?.accuracy ?? null });
    } while (epoch < epochs && !stop.aborted);
    const weights = net.read();
    const measured = await measure(weights, examples, cancel);
    return {
      weights: encodeWeights(weights),
      metrics: { ...measured, epochs: epoch, elapsedMs: performance.now() - startedAt },
    };
  } finally {
    net.dispose();
  }
};

interface Net {
  /** Learns one batch; its mean loss and accuracy before that. */
  learn(batch: readonly Example[]): Promise<{ loss: number; accuracy: number }>;
  read(): Weights;
  dispose(): void;
}

async function buildNet(classes: readonly string[], examples: readonly Example[], seed: number): Promise<Net> {
  if (!(await setBackend("wasm"))) throw new Error("TensorFlow.js cannot start its wasm backend.");
  await ready();
  const { mean, scale } = measureInputs(examples);
  const model: Sequential = sequential({
    layers: [
      layers.dense({
        inputShape: [FEATURE_COUNT],
        units: HIDDEN_UNITS,
        activation: "relu",
        kernelInitializer: initializers.heNormal({ seed: derive(seed, "hidden").uint32() }),
      }),
      layers.dense({
        units: classes.length,
        activation: "softmax",
        kernelInitializer: initializers.glorotNormal({ seed: derive(seed, "output").uint32() }),
      }),
    ],
  });
  const optimizer = optimizers.adam(LEARNING_RATE);
  model.compile({ optimizer, loss: "categoricalCrossentropy", metrics: ["accuracy"] });

  return {
    async learn(batch) {
      const values = new Float32Array(batch.length * FEATURE_COUNT);
      batch.forEach(({ features }, row) => {
        for (let i = 0; i < FEATURE_COUNT; i++) values[row * FEATURE_COUNT + i] = (features[i]! - mean[i]!) * scale[i]!;
      });
      const inputs = tensor2d(values, [batch.length, FEATURE_COUNT]);
      const indices = tensor1d(
        Int32Array.from(batch, ({ target }) => target),
        "int32",
      );
      const targets = oneHot(indices, classes.length);
      try {
        const [loss, accuracy] = [await model.trainOnBatch(inputs, targets)].flat();
        return { loss: loss ?? NaN, accuracy: accuracy ?? NaN };
      } finally {
        for (const tensor of [inputs, indices, targets]) tensor.dispose();
      }
    },
    read() {
      const [hiddenWeight, hiddenBias, outputWeight, outputBias] = model
        .getWeights()
        .map((tensor) => Float32Array.from(tensor.dataSync()));
      if (!hiddenWeight || !hiddenBias || !outputWeight || !outputBias)
        throw new Error("The net does not have two layers with biases.");
      return {
        features: FEATURES,
        classes: [...classes],
        inputMean: mean,
        inputScale: scale,
        hiddenWeight,
        hiddenBias,
        outputWeight,
        outputBias,
      };
    },
    dispose() {
      model.dispose();
      optimizer.dispose();
    },
  };
}

function measureInputs(examples: readonly Example[]): { mean: Float32Array; scale: Float32Array } {
  const sum = new Float64Array(FEATURE_COUNT);
  for (const { features } of examples) for (let i = 0; i < FEATURE_COUNT; i++) sum[i]! += features[i]!;
  const mean = Float32Array.from(sum, (total) => total / examples.length);
  const squares = new Float64Array(FEATURE_COUNT);
  for (const { features } of examples)
    for (let i = 0; i < FEATURE_COUNT; i++) squares[i]! += (features[i]! - mean[i]!) ** 2;
  const scale = Float32Array.from(squares, (total) => {
    const deviation = Math.sqrt(total / examples.length);
    return deviation < CONSTANT_DEVIATION ? 0 : 1 / Math.max(LEAST_DEVIATION, deviation);
  });
  return { mean, scale };
}

async function runEpoch(
  net: Net,
  examples: readonly Example[],
  random: Random,
  cancel: AbortSignal,
): Promise<Pick<EpochReport, "loss" | "accuracy">> {
  const shuffled = shuffle(examples, random);
  let loss = 0;
  let right = 0;
  for (let start = 0; start < shuffled.length; start += BATCH_IMAGES) {
    const batch = shuffled.slice(start, start + BATCH_IMAGES);
    const learned = await net.learn(batch);
    loss += learned.loss * batch.length;
    right += Math.round(learned.accuracy * batch.length);
    await breathe();
    cancel.throwIfAborted();
  }
  return { loss: loss / shuffled.length, accuracy: right / shuffled.length };
}

/** Fisher and Yates. */
function shuffle<T>(items: readonly T[], random: Random): T[] {
  const shuffled = [...items];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}

async function measure(
  weights: Weights,
  examples: Examples,
  cancel: AbortSignal,
): Promise<Omit<TrainingMetrics, "epochs" | "elapsedMs">> {
  const { classes } = weights;
  const { train, valid, test } = examples;
  const measuredOn = test.length > 0 ? "test" : valid.length > 0 ? "valid" : null;
  const result = measuredOn === null ? null : await evaluate(weights, examples[measuredOn], cancel);
  const countOf = (split: readonly Example[], target: number) =>
    split.reduce((count, example) => count + Number(example.target === target), 0);
  return {
    measuredOn,
    accuracy: result?.accuracy ?? null,
    images: { train: train.length, valid: valid.length, test: test.length },
    classes: classes.map((name, target) => ({
      class: name,
      images: { train: countOf(train, target), valid: countOf(valid, target), test: countOf(test, target) },
    })),
    confusion: result?.confusion ?? classes.map(() => classes.map(() => 0)),
  };
}

/** `confusion[actual][predicted]` counts examples. */
async function evaluate(
  weights: Weights,
  examples: readonly Example[],
  cancel: AbortSignal,
): Promise<{ loss: number; accuracy: number; confusion: number[][] }> {
  const confusion = weights.classes.map(() => weights.classes.map(() => 0));
  let loss = 0;
  let right = 0;
  for (const [index, { features, target }] of examples.entries()) {
    if (index % BATCH_IMAGES === 0) await breathe();
    cancel.throwIfAborted();
    const confidences = computeConfidences(weights, features);
    const predicted = confidences.indexOf(Math.max(...confidences));
    confusion[target]![predicted]! += 1;
    loss -= Math.log(Math.max(confidences[target]!, Number.EPSILON));
    right += Number(predicted === target);
  }
  return { loss: loss / examples.length, accuracy: right / examples.length, confusion };
}
