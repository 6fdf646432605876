import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { ImageDecodeError } from "@/lib/engine/decode";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { train } from "@/lib/engine/trainer/train";
import type { EpochReport, TrainingImage, TrainingInput, TrainingResult } from "@/lib/engine/trainer/trainer";
import { CLASSES, each, readTrainingImages, trainingInput } from "@/lib/testing/training-input";

let images: TrainingImage[];
let trained: TrainingResult;
const reports: EpochReport[] = [];

const input = (changes: Partial<TrainingInput> = {}): TrainingInput => trainingInput(images, { epochs: 3, ...changes });

beforeAll(async () => {
  images = await readTrainingImages(300);
  trained = await train(input({ onEpoch: (report) => reports.push(report) }));
});

describe("a training", () => {
  it("learns 210 digits in three epochs well enough that most of 30 it never saw are right", () => {
    const { metrics } = trained;
    expect(metrics).toMatchObject({ measuredOn: "test", images: { train: 210, valid: 60, test: 30 }, epochs: 3 });
    expect(metrics.accuracy).toBeGreaterThanOrEqual(0.8);
    expect(metrics.classes).toEqual(CLASSES.map((name) => ({ class: name, images: { train: 21, valid: 6, test: 3 } })));
    expect(metrics.confusion.map((row) => row.reduce((sum, count) => sum + count, 0))).toEqual(CLASSES.map(() => 3));
    expect(metrics.confusion.reduce((sum, row, actual) => sum + row[actual]!, 0) / 30).toBe(metrics.accuracy);
  });

  it("reports each epoch as it ends, with figures of training and valid", () => {
    expect(reports.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    expect(reports[2]!.loss).toBeLessThan(reports[0]!.loss);
    expect(reports[2]!.validLoss).toBeLessThan(reports[0]!.validLoss!);
    expect(reports[2]!.accuracy).toBeGreaterThan(0.8);
  });

  it("gives the same bytes for the same images and seed, others for another seed", async () => {
    expect((await train(input())).weights.equals(trained.weights)).toBe(true);
    expect((await train(input({ seed: 2 }))).weights.equals(trained.weights)).toBe(false);
  });

  it("gives metrics that the served weights keep: the predictor is right exactly as often", async () => {
    const predictor = createPredictor(trained.weights);
    const test = images.filter(({ split }) => split === "test");
    const answers = await Promise.all(
      test.map(async ({ bytes, label }) => (await predictor.predict(bytes)).predictions[0]!.class === label),
    );
    expect(answers.filter(Boolean).length / test.length).toBe(trained.metrics.accuracy);
  });

  it("measures on valid without a test split, and on nothing without either", async () => {
    const without = (...left: string[]) => each(images.filter(({ split }) => !left.includes(split)));
    expect((await train(input({ images: without("test"), epochs: 1 }))).metrics).toMatchObject({
      measuredOn: "valid",
      images: { valid: 60, test: 0 },
    });
    const none: EpochReport[] = [];
    const { metrics } = await train(
      input({ images: without("test", "valid"), epochs: 1, onEpoch: (report) => none.push(report) }),
    );
    expect(metrics).toMatchObject({ measuredOn: null, accuracy: null });
    expect(none[0]).toMatchObject({ validLoss: null, validAccuracy: null });
  });

  it("tells colours apart where the shapes are the same, in images of any size", async () => {
    const sizes = [
      [40, 40],
      [200, 90],
      [33, 300],
      [5, 3],
    ] as const;
    const colours = { red: { r: 190, g: 40, b: 40 }, green: { r: 40, g: 150, b: 40 } };
    const paint = (split: "train" | "test", shade: number) =>
      Object.entries(colours).flatMap(([label, { r, g, b }]) =>
        sizes.map(async ([width, height]) => {
          const background = { r: r + shade, g: g + shade, b: b + shade };
          return {
            path: label,
            split,
            label,
            bytes: await sharp({ create: { width, height, channels: 3, background } })
              .jpeg()
              .toBuffer(),
          };
        }),
      );
    const painted = await Promise.all([
      ...[0, 10, 20, 30].flatMap((shade) => paint("train", shade)),
      ...paint("test", 15),
    ]);
    expect(
      (await train(input({ classes: ["red", "green"], images: each(painted), epochs: 10 }))).metrics.accuracy,
    ).toBe(1);
  });
});

describe("stop and cancel", () => {
  it("keeps what there is after the epoch in which it was stopped", async () => {
    const stop = new AbortController();
    const { metrics, weights } = await train(
      input({ epochs: 1000, stop: stop.signal, onEpoch: ({ epoch }) => epoch === 2 && stop.abort() }),
    );
    expect(metrics.epochs).toBe(2);
    expect(createPredictor(weights).classes).toEqual(CLASSES);
  });

  it("rejects with an AbortError within a batch of being cancelled", async () => {
    const cancel = new AbortController();
    const seen: number[] = [];
    const running = train(
      input({
        epochs: 1000,
        cancel: cancel.signal,
        onEpoch: ({ epoch }) => seen.push(epoch) && setImmediate(() => cancel.abort()),
      }),
    );
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(seen).toEqual([1]);
  });

  it("is cancelled while it waits for an image that never comes", async () => {
    const cancel = new AbortController();
    const hanging: AsyncIterable<TrainingImage> = {
      [Symbol.asyncIterator]: () => ({
        next: () => (setImmediate(() => cancel.abort()), new Promise(() => undefined)),
      }),
    };
    await expect(train(input({ images: hanging, cancel: cancel.signal }))).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("images that cannot be learned from", () => {
  const refusals: [string, () => Partial<TrainingInput>][] = [
    ["too_few_classes", () => ({ classes: ["0"] })],
    ["too_many_classes", () => ({ classes: Array.from({ length: 1001 }, (_, i) => String(i)) })],
    ["no_training_images", () => ({ images: each(images.filter(({ split }) => split !== "train")) })],
    [
      "one_class_only",
      () => ({ images: each(images.filter(({ label, split }) => split !== "train" || label === "7")) }),
    ],
    ["unknown_class", () => ({ images: each([{ ...images[0]!, label: "x" }]) })],
    ["unreadable_image", () => ({ images: each([{ ...images[0]!, bytes: images[0]!.bytes.subarray(0, 90) }]) })],
  ];
  it.each(refusals)("are refused with %s", async (code, changes) => {
    await expect(train(input(changes()))).rejects.toMatchObject({
      name: "TrainingDataError",
      code,
      message: expect.stringMatching(/\.$/),
    });
  });

  it("passes on what reading them threw, and lets go of the source", async () => {
    let released = false;
    async function* failing() {
      try {
        yield images[0]!;
        throw new Error("the store is away");
      } finally {
        released = true;
      }
    }
    await expect(train(input({ images: failing() }))).rejects.toThrow("the store is away");
    expect(released).toBe(true);
  });
});

describe("a predictor", () => {
  it("names every class, the most confident first, summing to one, and the image's own size", async () => {
    const { predictions, image } = await createPredictor(trained.weights).predict(images[3]!.bytes);
    expect(predictions[0]).toMatchObject({ class: "3", class_id: 3 });
    expect(predictions.map((prediction) => prediction.class).sort()).toEqual(CLASSES);
    expect(predictions.map(({ confidence }) => confidence)).toEqual(
      predictions.map(({ confidence }) => confidence).sort((a, b) => b - a),
    );
    expect(predictions.reduce((sum, { confidence }) => sum + confidence, 0)).toBeCloseTo(1, 12);
    expect(image).toEqual({ width: 28, height: 28 });
  });

  it("gives the same answer to the last bit at every call, also when many run at once and in another predictor", async () => {
    const [one, another] = [createPredictor(trained.weights), createPredictor(Buffer.from(trained.weights))];
    const answer = JSON.stringify(await one.predict(images[0]!.bytes));
    const many = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? one : another).predict(images[0]!.bytes)),
    );
    expect(new Set(many.map((prediction) => JSON.stringify(prediction)))).toEqual(new Set([answer]));
  });

  it("turns a photo as its EXIF orientation says", async () => {
    const upright = await sharp(images[7]!.bytes).resize(40, 60, { fit: "fill" }).png().toBuffer();
    const lying = await sharp(upright).rotate(270).withMetadata({ orientation: 6 }).png().toBuffer();
    const predictor = createPredictor(trained.weights);
    const [one, other] = [await predictor.predict(lying), await predictor.predict(upright)];
    expect(one.image).toEqual({ width: 40, height: 60 });
    // not to the last bit: it is made small before it is turned
    one.predictions.forEach(({ confidence, class_id }) =>
      expect(
        Math.abs(confidence - other.predictions.find((prediction) => prediction.class_id === class_id)!.confidence),
      ).toBeLessThan(0.01),
    );
  });

  it("refuses what is not an image", async () => {
    const predictor = createPredictor(trained.weights);
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>"),
      images[0]!.bytes.subarray(0, 90),
    ]) {
      await expect(predictor.predict(bytes)).rejects.toThrow(ImageDecodeError);
    }
  });
});
