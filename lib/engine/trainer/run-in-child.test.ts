import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readDigits } from "@/lib/engine/digits";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { createChildTrainer, TrainerCrashError } from "@/lib/engine/trainer/run-in-child";
import { train } from "@/lib/engine/trainer/train";
import type { Trainer, TrainingImage, TrainingInput } from "@/lib/engine/trainer/trainer";
import { bundle, makeBuildFolder } from "@/lib/testing/bundle";
import { pidsOf } from "@/lib/testing/processes";

/*
 * The child as it is shipped: bundled, its packages outside. The tests look for its processes with ps, by the
 * script's path, so that what they see is what the system sees.
 */
const CLASSES = [..."0123456789"];
const { folder, remove } = makeBuildFolder();
let script: string;
let runInChild: Trainer;
let images: TrainingImage[];

beforeAll(async () => {
  script = path.join(folder, "trainer.mjs");
  await bundle(folder, { trainer: "lib/engine/trainer/child.ts" });
  runInChild = createChildTrainer(script);
  images = (await readDigits(200)).map(({ fileName, split, label, png }) => ({
    path: fileName,
    split,
    label,
    bytes: png,
  }));
});
afterAll(remove);

function input(changes: Partial<TrainingInput> = {}): TrainingInput {
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

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

/** The children of this script, as the system knows them. */
const pids = () => pidsOf(script);

async function onlyPid(): Promise<number> {
  const [pid, ...others] = await pids();
  if (pid === undefined || others.length > 0) throw new Error("Expected one child.");
  return pid;
}

describe("a training in a process of its own", () => {
  it("gives the same weights and metrics as one in this process, and leaves no process behind", async () => {
    const epochs: number[] = [];
    const there = await runInChild(input({ onEpoch: ({ epoch }) => epochs.push(epoch) }));
    const here = await train(input());
    expect(epochs).toEqual([1, 2]);
    expect(there.weights.equals(here.weights)).toBe(true);
    expect({ ...there.metrics, elapsedMs: 0 }).toEqual({ ...here.metrics, elapsedMs: 0 });
    expect(await pids()).toEqual([]);
  });

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

  it("ends a process that does not listen any more with SIGKILL", async () => {
    const cancel = new AbortController();
    const freeze = async () => {
      process.kill(await onlyPid(), "SIGSTOP");
      cancel.abort();
    };
    const frozen = new Promise<void>((resolve, reject) => {
      const running = runInChild(
        input({
          epochs: 1000,
          cancel: cancel.signal,
          onEpoch: ({ epoch }) => void (epoch === 1 && freeze().catch(reject)),
        }),
      );
      running.then(
        () => reject(new Error("It was not cancelled.")),
        (error: Error) => (error.name === "AbortError" ? resolve() : reject(error)),
      );
    });
    await frozen;
    expect(await pids()).toEqual([]);
  });

  it("before the start starts nothing", async () => {
    await expect(runInChild(input({ cancel: AbortSignal.abort() }))).rejects.toMatchObject({ name: "AbortError" });
    expect(await pids()).toEqual([]);
  });
});

describe("a process that ends without a result", () => {
  it("is an error with the signal when it was killed from outside", async () => {
    const running = runInChild(
      input({
        epochs: 1000,
        onEpoch: ({ epoch }) => void (epoch === 1 && onlyPid().then((pid) => process.kill(pid, "SIGKILL"))),
      }),
    );
    await expect(running).rejects.toMatchObject({ name: "TrainerCrashError", signal: "SIGKILL", exitCode: null });
  });

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

it("the process ends by itself when its parent is killed with SIGKILL", async () => {
  const source = path.join(folder, "parent.ts");
  writeFileSync(
    source,
    `import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
     import { readDigits } from "@/lib/engine/digits";
     async function* images() { for (const { fileName, split, label, png } of await readDigits(100)) yield { path: fileName, split, label, bytes: png }; }
     const never = new AbortController().signal;
     await createChildTrainer(${JSON.stringify(script)})({ classes: [..."0123456789"], images: images(), epochs: 100000, seed: 1, cancel: never, stop: never, onEpoch: () => console.log("epoch") });`,
  );
  await bundle(folder, { parent: source });
  const parent = spawn(process.execPath, [path.join(folder, "parent.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
  await once(parent.stdout, "data"); // it is training
  const child = await onlyPid();
  parent.kill("SIGKILL");
  await once(parent, "exit");
  const deadline = performance.now() + 5_000;
  while ((await pids()).includes(child))
    if (performance.now() > deadline) throw new Error("The child outlived its parent.");
});
