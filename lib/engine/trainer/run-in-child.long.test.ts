import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { bundle } from "@/lib/testing/bundle";
import { folder, input, onlyPid, pids, runInChild, script } from "@/lib/testing/child-trainer";

it("cancel ends a process that does not listen any more with SIGKILL", async () => {
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

it("a process that ends without a result is an error with the signal when it was killed from outside", async () => {
  const running = runInChild(
    input({
      epochs: 1000,
      onEpoch: ({ epoch }) => void (epoch === 1 && onlyPid().then((pid) => process.kill(pid, "SIGKILL"))),
    }),
  );
  await expect(running).rejects.toMatchObject({ name: "TrainerCrashError", signal: "SIGKILL", exitCode: null });
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
