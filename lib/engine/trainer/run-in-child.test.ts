import { writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { createChildTrainer, TrainerCrashError } from "@/lib/engine/trainer/run-in-child";
import { train } from "@/lib/engine/trainer/train";
import { folder, images, input, pids, runInChild } from "@/lib/testing/child-trainer";
import { CLASSES } from "@/lib/testing/training-input";

describe("a training in a process of its own", () => {
  it("gives the same weights and metrics as one in this process, and leaves no process behind", async () => {
    const epochs: number[] = [];
    const there = await runInChild(input({ onEpoch: ({ epoch }) => epochs.push(epoch) }));
    const here = await train(input());
    expect(epochs).toEqual([1, 2]);
    expect(there.weights.equals(here.weights)).toBe(true);
    expect({ ...there.metrics, elapsedMs: 0 }).toEqual({ ...here.metrics, elapsedMs: 0 });
    expect(await pids()).toEqual([]);
  }, 60_000); // TensorFlow begins twice

  it("reads at most two images ahead of the child", async () => {
    let read = 0;
    async function* thousands() {
      for (;;) {
        read++;
        yield { ...images[read % images.length]!, ...(read === 20 ? { bytes: Buffer.from("no image") } : {}) };
      }
    }
    await expect(runInChild(input({ images: thousands() }))).rejects.toMatchObject({
      name: "TrainingDataError",
      code: "unreadable_image",
    });
    expect(read).toBeGreaterThanOrEqual(20);
    expect(read).toBeLessThanOrEqual(22);
  });

  it("keeps the weights when it is stopped", async () => {
    const stop = new AbortController();
    const { metrics, weights } = await runInChild(
      input({ epochs: 1000, stop: stop.signal, onEpoch: () => stop.abort() }),
    );
    expect(metrics.epochs).toBeLessThan(5);
    expect(createPredictor(weights).classes).toEqual(CLASSES);
  });

  it("passes on what the images or onEpoch threw, and leaves no process behind", async () => {
    async function* failing() {
      yield images[0]!;
      throw new Error("the store is away");
    }
    const loud = () => {
      throw new Error("the run is over");
    };
    await expect(runInChild(input({ images: failing() }))).rejects.toThrow("the store is away");
    await expect(runInChild(input({ onEpoch: loud }))).rejects.toThrow("the run is over");
    expect(await pids()).toEqual([]);
  });
});

describe("cancel", () => {
  it("rejects with an AbortError once the process is gone, without waiting for the epoch", async () => {
    const cancel = new AbortController();
    let at = 0;
    const running = runInChild(
      input({ epochs: 1000, cancel: cancel.signal, onEpoch: () => ((at ||= performance.now()), cancel.abort()) }),
    );
    await expect(running).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - at).toBeLessThan(5_000);
    expect(await pids()).toEqual([]);
  });

  it("before the start starts nothing", async () => {
    await expect(runInChild(input({ cancel: AbortSignal.abort() }))).rejects.toMatchObject({ name: "AbortError" });
    expect(await pids()).toEqual([]);
  });
});

describe("a process that ends without a result", () => {
  it("is an error with its exit code and the end of what it wrote to stderr when it crashed", async () => {
    const crashing = path.join(folder, "crash.mjs");
    writeFileSync(
      crashing,
      `process.stderr.write("x".repeat(9000)); process.stderr.write("out of luck\\n", () => process.exit(7));`,
    );
    const error: unknown = await createChildTrainer(crashing)(input()).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TrainerCrashError);
    expect(error).toMatchObject({
      exitCode: 7,
      signal: null,
      stderrTail: expect.stringMatching(/^x{3000,}out of luck\n$/),
    });
  });

  it("is an error too when the script does not exist", async () => {
    await expect(createChildTrainer(path.join(folder, "absent.mjs"))(input())).rejects.toMatchObject({
      name: "TrainerCrashError",
      exitCode: 1,
      stderrTail: expect.stringContaining("absent.mjs"),
    });
  });
});
