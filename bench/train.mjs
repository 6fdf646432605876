// How long the embedded trainer takes for 1,000 real digits and how good it is, and how fast the bare predictor answers:
// the yardstick for what serving adds.
import { tsImport } from "tsx/esm/api";
import { median, percentile, show, table, verdict } from "./report.mjs";

const CLASSES = [..."0123456789"];
const EPOCHS = 15;
const SECONDS = { must: 30, aim: 10, better: "less" };
const ACCURACY = { must: 0.95, aim: 0.96, better: "more" };

async function* each(items) {
  yield* items;
}

/** Of every ten digits of a class, eight to train and two to test. */
const splitOf = (index) => (Math.floor(index / CLASSES.length) % 10 < 8 ? "train" : "test");

/** Reading, learning and measuring, once for each seed; then predictions one after another. The table to print. */
export async function measureTrain({ plan: { train: plan }, say }) {
  const load = (name) => tsImport(`../lib/engine/${name}.ts`, import.meta.url);
  const { readDigits } = await load("digits");
  const { train } = await load("trainer/train");
  const { createPredictor } = await load("trainer/predictor");
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
    runs.push({
      seconds: (performance.now() - startedAt) / 1000,
      accuracy: metrics.accuracy,
      images: metrics.images,
      weights,
    });
    say(
      `Trained with seed ${seed}: ${show(runs.at(-1).seconds, 1)} s, ${show(metrics.accuracy * 100, 1)} % of ${metrics.images.test} right.`,
    );
  }

  const predictor = createPredictor(runs[0].weights);
  const latencies = [];
  for (let i = 0; i < plan.warmUp + plan.predictions; i++) {
    const startedAt = performance.now();
    await predictor.predict(images[i % images.length].bytes);
    if (i >= plan.warmUp) latencies.push(performance.now() - startedAt);
  }
  const total = latencies.reduce((sum, ms) => sum + ms, 0);
  const seconds = median(runs.map((run) => run.seconds));
  const accuracy = Math.min(...runs.map((run) => run.accuracy));
  const { train: trained, test } = runs[0].images;
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
