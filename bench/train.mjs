// How long the embedded trainer takes for 1,000 real digits and how good it is, and how fast the bare predictor answers:
// the yardstick for what serving adds.
import { tsImport } from "tsx/esm/api";
import { median, percentile, show, table, verdict } from "./report.mjs";

const CLASSES = [..."0123456789"];
const EPOCHS = 15;
/** @type {import("./report.mjs").Goal} */
const SECONDS = { must: 30, aim: 10, better: "less" };
/** @type {import("./report.mjs").Goal} */
const ACCURACY = { must: 0.95, aim: 0.96, better: "more" };

/**
 * @template T
 * @param {readonly T[]} items
 */
export async function* each(items) {
  yield* items;
}

/** The engine's own digits, trainer and predictor. */
export async function loadTrainer() {
  const load = (/** @type {string} */ name) => tsImport(`../lib/engine/${name}.ts`, import.meta.url);
  /** @type {typeof import("../lib/engine/digits")} */
  const { readDigits } = await load("digits");
  /** @type {typeof import("../lib/engine/trainer/train")} */
  const { train } = await load("trainer/train");
  /** @type {typeof import("../lib/engine/trainer/predictor")} */
  const { createPredictor } = await load("trainer/predictor");
  return { readDigits, train, createPredictor };
}

/**
 * Round and round.
 * @template T
 * @param {readonly T[]} items
 * @param {number} index
 */
export function itemAt(items, index) {
  const item = items[index % items.length];
  if (item === undefined) throw new Error("There are none.");
  return item;
}

/** Of every ten digits of a class, eight to train and two to test. */
const splitOf = (/** @type {number} */ index) => (Math.floor(index / CLASSES.length) % 10 < 8 ? "train" : "test");

/**
 * Reading, learning and measuring, once for each seed; then predictions one after another. The table to print.
 * @param {import("./run.mjs").Run} options
 */
export async function measureTrain({ plan: { train: plan }, say }) {
  const { readDigits, train, createPredictor } = await loadTrainer();
  /** @type {import("../lib/engine/trainer/trainer").TrainingImage[]} */
  const images = (await readDigits(plan.digits)).map(({ fileName, label, png }, index) => ({
    path: fileName,
    split: splitOf(index),
    label,
    bytes: png,
  }));
  const never = new AbortController().signal;

  const runs = [];
  for (let seed = 1; seed <= plan.rounds; seed++) {
    const startedAt = performance.now();
    const { weights, metrics } = await train({
      classes: CLASSES,
      images: each(images),
      epochs: EPOCHS,
      seed,
      onEpoch: () => {},
      cancel: never,
      stop: never,
    });
    const [seconds, accuracy] = [(performance.now() - startedAt) / 1000, metrics.accuracy ?? NaN];
    runs.push({ seconds, accuracy, images: metrics.images, weights });
    say(
      `Trained with seed ${seed}: ${show(seconds, 1)} s, ${show(accuracy * 100, 1)} % of ${metrics.images.test} right.`,
    );
  }

  const [first] = runs;
  if (!first) throw new Error("Nothing was trained.");
  const predictor = createPredictor(first.weights);
  /** @type {number[]} */
  const latencies = [];
  for (let i = 0; i < plan.warmUp + plan.predictions; i++) {
    const startedAt = performance.now();
    await predictor.predict(itemAt(images, i).bytes);
    if (i >= plan.warmUp) latencies.push(performance.now() - startedAt);
  }
  const total = latencies.reduce((sum, ms) => sum + ms, 0);
  const seconds = median(runs.map((run) => run.seconds));
  const accuracy = Math.min(...runs.map((run) => run.accuracy));
  const { train: trained, test } = first.images;
  return table(
    ["", "", ""],
    [
      [
        `seconds to train on ${trained} digits, ${EPOCHS} epochs, all in (median of ${runs.length} seeds)`,
        show(seconds, 1),
        verdict(seconds, SECONDS),
      ],
      [`share right of ${test} held-out digits (the worst seed)`, show(accuracy, 3), verdict(accuracy, ACCURACY)],
      ["bare predictor, predictions a second, one after another", show((latencies.length * 1000) / total, 0), ""],
      ["bare predictor, p50 ms", show(percentile(latencies, 50)), ""],
    ],
  );
}
