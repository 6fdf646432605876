import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { startTraining, stopTraining, weightsPath } from "@/lib/domain/trainings";
import { restoreVersion, trashVersion } from "@/lib/domain/trash";
import { versionPrefix } from "@/lib/domain/grants";
import { readDigits } from "@/lib/engine/digits";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import { blobStore } from "@/lib/platform/blob-store";
import { prisma } from "@/lib/platform/db";
import { checkInvariants } from "@/lib/testing/invariants";
import { storeFolder, trashedVersionRef, versionRef } from "@/lib/testing/lifecycle";
import { pidsOf } from "@/lib/testing/processes";
import { raceAt } from "@/lib/testing/race";
import {
  AT_ONCE_MS,
  expectEnds,
  folder,
  owner,
  project,
  row,
  script,
  startEndlessRun,
  startRunner,
  storedWeights,
  train,
  untilNoChild,
  version,
  world,
} from "@/lib/testing/training-worker";
import { runTrainingNow } from "./runner";
import { readManifest } from "@/lib/work/versions/manifest";
import { storeFile } from "@/lib/testing/store-file";
import { leavesBroken } from "@/lib/testing/quiet-and-whole";

leavesBroken("it spoils the images that cannot be learned from");

/* Real runs of a real child on a real version. crash.long.test.ts has the workers that die, runner.long.test.ts many runners, and the other ways to end. */

const ref = () => versionRef(world, project, version);
const start = (epochs = 3) => startTraining(owner, { ...ref(), epochs });
describe("a run", () => {
  test("ends with a model whose weights serve, and with every epoch in its curve", async () => {
    const training = await start(5);
    await startRunner().idle();
    const { models, curve, ...rest } = await row(training);
    expect(rest).toMatchObject({ status: "FINISHED", statusReason: null, epoch: 5, attempts: 1, leaseId: null });
    expect(curve).toMatchObject(
      [1, 2, 3, 4, 5].map((epoch) => ({
        epoch,
        loss: expect.any(Number),
        accuracy: expect.any(Number),
        validLoss: null,
        validAccuracy: null,
      })),
    );
    expect(models).toMatchObject([
      { slug: "digits-1-1", metrics: { images: { train: 30, valid: 0, test: 0 }, epochs: 5 } },
    ]);
    const weights = await blobStore().get(`${versionPrefix(version.id)}${weightsPath(models[0]!)}`);
    expect(weights.length).toBe(Number(models[0]!.sizeBytes));
    const [digit] = await readDigits(1);
    expect((await createPredictor(weights).predict(digit!.png)).predictions).toHaveLength(10);
    expect(await pidsOf(script)).toEqual([]);
    await checkInvariants(world.workspace.id);
  });

  test("that is stopped keeps what it learned until then", async () => {
    const { training } = await startEndlessRun();
    await stopTraining(owner, ref());
    await expect.poll(async () => (await row(training)).status, { timeout: 3_000, interval: 20 }).toBe("STOPPED");
    const { models, epoch, curve } = await row(training);
    expect(models).toMatchObject([{ metrics: { epochs: epoch } }]);
    expect(curve).toHaveLength(epoch);
    expect(existsSync(path.join(storeFolder(), versionPrefix(version.id), weightsPath(models[0]!)))).toBe(true);
    await untilNoChild(AT_ONCE_MS);
  });

  test("whose child crashes, or cannot learn from the images, has failed and says why", async () => {
    const crashing = path.join(folder, "crash.mjs");
    writeFileSync(crashing, "process.exit(7)");
    const [crashed, refused] = [await start(), await start()];
    expect(await runTrainingNow(createChildTrainer(crashing), crashed.id)).toBe(true);
    const { manifestHash } = await prisma().version.findUniqueOrThrow({ where: { id: version.id } });
    for (const { path: file } of (await readManifest(version.id, manifestHash!)).manifest.files) {
      await storeFile(`${versionPrefix(version.id)}${file}`, Buffer.from("no image"));
    }
    expect(await runTrainingNow(train, refused.id)).toBe(true);
    expect(await row(crashed)).toMatchObject({ status: "FAILED", statusReason: "internal", models: [] });
    expect(await row(refused)).toMatchObject({ status: "FAILED", statusReason: "unreadable_image", models: [] });
    expect(await storedWeights()).toEqual([]);
    expect(await runTrainingNow(train, refused.id)).toBe(false); // it waits for nobody
  });
});

test("a running training ends within two seconds, child and all, and leaves nothing, when its version goes to Trash; and nothing resumes it", () =>
  expectEnds({
    act: () => trashVersion(owner, ref()),
    back: () => restoreVersion(owner, trashedVersionRef(world, project, version)),
    statusReason: "version moved to Trash",
  }));

describe("a training that ends at the moment of a trash", () => {
  /** A run whose weights are learned, waiting to be handed in. */
  async function trainUpToTheEnd() {
    const training = await start();
    let [learned, handIn] = [() => {}, () => {}];
    const isLearned = new Promise<void>((resolve) => (learned = resolve));
    const mayHandIn = new Promise<void>((resolve) => (handIn = resolve));
    const running = runTrainingNow(async (input) => {
      const result = await train(input);
      learned();
      await mayHandIn;
      return result;
    }, training.id);
    await isLearned;
    return { training, handIn: () => (handIn(), running) };
  }

  test.each(["first", "second"])("and comes %s at the version leaves neither model nor weights", async (turn) => {
    const { training, handIn } = await trainUpToTheEnd();
    const trash = () => trashVersion(owner, ref());
    // first: it was allowed to write its weights, and finds the version trashed when it would name them
    const [result] =
      turn === "first"
        ? (await raceAt(["versions", version], [handIn, trash])).reverse()
        : await raceAt(["versions", version], [trash, handIn]);
    expect(result).toMatchObject({ outcome: "trashed", cancelledTrainings: ["1"] });
    expect(await row(training)).toMatchObject({
      status: "CANCELLED",
      statusReason: "version moved to Trash",
      models: [],
    });
    for await (const { key } of blobStore().list(`${versionPrefix(version.id)}trainings/`))
      throw new Error(`${key} was left.`);
  });
});
