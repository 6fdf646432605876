import { expect, it } from "vitest";
import { readDigits } from "@/lib/engine/digits";
import { train } from "@/lib/engine/trainer/train";
import { trainingInput } from "@/lib/testing/training-input";

it("learns 1,000 digits to 95 % and more on the held-out 200", async () => {
  const all = await readDigits(1000);
  // of every ten of a class, the last two
  const split = (index: number) => (Math.floor(index / 10) % 10 < 8 ? ("train" as const) : ("test" as const));
  const images = all.map(({ fileName, label, png }, index) => ({
    path: fileName,
    split: split(index),
    label,
    bytes: png,
  }));
  const { metrics } = await train(trainingInput(images, { epochs: 8 }));
  expect(metrics.images).toEqual({ train: 800, valid: 0, test: 200 });
  expect(metrics.accuracy).toBeGreaterThanOrEqual(0.95);
});
