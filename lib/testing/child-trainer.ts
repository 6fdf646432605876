import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import type { TrainingImage, TrainingInput } from "@/lib/engine/trainer/trainer";
import { bundle, makeBuildFolder } from "./bundle";
import { pidsOf } from "./processes";
import { readTrainingImages, trainingInput } from "./training-input";

/*
 * The child as it is shipped: bundled, its packages outside. The tests look for its processes with ps, by the
 * script's path, so that what they see is what the system sees.
 */
const { folder, remove } = makeBuildFolder();
export { folder };
export const script = path.join(folder, "trainer.mjs");
export const runInChild = createChildTrainer(script);
export let images: TrainingImage[];

beforeAll(async () => {
  await bundle(folder, { trainer: "lib/engine/trainer/child.ts" });
  images = await readTrainingImages(200);
});
afterAll(remove);

export const input = (changes: Partial<TrainingInput> = {}): TrainingInput => trainingInput(images, changes);

/** The children of this script, as the system knows them. */
export const pids = () => pidsOf(script);

export async function onlyPid(): Promise<number> {
  const [pid, ...others] = await pids();
  if (pid === undefined || others.length > 0) throw new Error("Expected one child.");
  return pid;
}
