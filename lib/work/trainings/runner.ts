import { createHash } from "node:crypto";
import { systemContext } from "@/lib/domain/context";
import {
  beginWeights,
  claimTraining,
  type Epoch,
  failTraining,
  finishTraining,
  heartbeatTraining,
  keepWeights,
  releaseTraining,
  TRAINING_LEASE_MS,
  type TrainingRun,
  WEIGHTS_LEASE_MS,
  weightsFile,
} from "@/lib/domain/trainings";
import { versionPrefix } from "@/lib/domain/grants";
import { GrantLost, openWriter } from "@/lib/domain/writer";
import type { Manifest } from "@/lib/engine/manifest";
import { TrainingDataError, type Trainer, type TrainingImage } from "@/lib/engine/trainer/trainer";
import { blobStore } from "@/lib/platform/blob-store";
import { log } from "@/lib/platform/log";
import { listenForTrainers } from "@/lib/platform/notify";
import { isBusy } from "@/lib/domain/errors";
import { readManifest } from "@/lib/work/versions/manifest";
import { keepAlive } from "@/lib/work/keep-alive";
import { sweepLeftWeights, tidyUp } from "@/lib/work/sweep";

/*
 * A worker's runs: taken from the queue, trained in a child process, watched. The rows decide: twice a second, and at
 * each word that something was cancelled, every run asks whether it is still its worker's.
 */

const HEARTBEAT_MS = 500;
const HEARD = "heard";

export interface TrainingRunner {
  /** Takes waiting runs while there is room for them; answers at once. Each that ends makes room for the next. */
  wake(): void;
  /** Settles when no run is under way, and once `stopping` has aborted, when none will be. */
  idle(): Promise<void>;
}

/**
 * Runs trainings beside the jobs of a worker, `concurrency` at a time, for however long they take. When `stopping` aborts,
 * those that are running go back into the queue, and none is begun any more.
 * It hears by itself of new runs, of those put back and of those cancelled: a job wakes only one worker, which may have no room.
 */
export function createTrainingRunner(
  train: Trainer,
  { concurrency, stopping }: { concurrency: number; stopping: AbortSignal },
): TrainingRunner {
  const word = new EventTarget();
  const places = new Set<Promise<void>>();
  let busy = 0;
  let wakes = 0;

  async function work(): Promise<void> {
    busy += 1;
    let seen: number;
    do {
      seen = wakes;
      while (!stopping.aborted) {
        const run = await take();
        if (!run) break;
        await runTraining(train, run, word, stopping);
      }
    } while (seen !== wakes); // a wake-up that came while we looked for the last time
    busy -= 1;
  }

  function wake(): void {
    wakes += 1;
    while (busy < concurrency && !stopping.aborted) {
      const place: Promise<void> = work().finally(() => places.delete(place));
      places.add(place);
    }
  }

  function heard(): void {
    word.dispatchEvent(new Event(HEARD));
    wake();
  }

  const listening = concurrency > 0 ? listenForTrainers(heard, stopping) : Promise.resolve();

  return {
    wake,
    async idle() {
      if (stopping.aborted) await listening;
      while (places.size > 0) await Promise.all(places);
    },
  };
}

/** null as well while the database is away: the schedule wakes us again. */
async function take(): Promise<TrainingRun | null> {
  try {
    return await claimTraining(await systemContext("train"));
  } catch (error) {
    log().warn({ err: error }, "no training could be taken");
    return null;
  }
}

/** Runs one waiting training now, in the place of a worker. How it ended, its row says. False: it waits for nobody. */
export async function runTrainingNow(train: Trainer, trainingId: string): Promise<boolean> {
  const run = await claimTraining(await systemContext("train"), { trainingId });
  if (run) await runTraining(train, run, new EventTarget(), new AbortController().signal);
  return run !== null;
}

/** Never throws: what goes wrong is written to the run, or left to whoever takes it once its lease is over. */
async function runTraining(train: Trainer, run: TrainingRun, word: EventTarget, stopping: AbortSignal): Promise<void> {
  const facts = { training: run.trainingId, version: run.versionId };
  const stop = new AbortController();
  let unreported: Epoch[] = [];

  async function beat(): Promise<boolean> {
    const last = unreported.at(-1)?.epoch ?? 0;
    const answer = await heartbeatTraining(await systemContext("train"), run, unreported);
    unreported = unreported.filter(({ epoch }) => epoch > last);
    if (answer === "stop") stop.abort();
    return answer !== "cancel";
  }

  const pulse = keepAlive(beat, { everyMs: HEARTBEAT_MS, leaseMs: TRAINING_LEASE_MS });
  word.addEventListener(HEARD, pulse.hurry);
  try {
    const { manifest } = await readManifest(run.versionId, run.manifestHash);
    const { weights, metrics } = await train({
      classes: manifest.classes,
      images: readImages(run, manifest),
      epochs: run.epochs,
      seed: seedOf(run),
      onEpoch: (epoch) => unreported.push(epoch),
      cancel: AbortSignal.any([pulse.lost, stopping]),
      stop: stop.signal,
    });
    if (!(await beat())) return log().info(facts, "training cancelled"); // reports the last epochs, too
    const modelSlug = await publish(run, weights, metrics);
    log().info(
      { ...facts, modelSlug, accuracy: metrics.accuracy, ms: Math.round(metrics.elapsedMs) },
      modelSlug === null ? "training cancelled" : "training ended",
    );
  } catch (error) {
    await end(run, error, { lost: pulse.lost.aborted, stopping: stopping.aborted }).catch((failure: unknown) =>
      log().error({ ...facts, err: failure }, "training left as it is"),
    );
  } finally {
    word.removeEventListener(HEARD, pulse.hurry);
    await pulse.stop();
  }
}

/** What becomes of a run that gave no weights. */
async function end(
  run: TrainingRun,
  error: unknown,
  { lost, stopping }: { lost: boolean; stopping: boolean },
): Promise<void> {
  const facts = { training: run.trainingId, version: run.versionId };
  if (lost || error instanceof GrantLost) return log().info(facts, "training cancelled");
  const ctx = await systemContext("train");
  if (stopping) return releaseTraining(ctx, run);
  if (isBusy(error)) throw error; // the database is away for now; the lease runs out, and somebody begins anew
  log().warn({ ...facts, err: error }, "training failed");
  await failTraining(ctx, run, error instanceof TrainingDataError ? error.code : "internal");
}

/** The weights first, then the rows that name them. null: the run was over, and its weights are taken away again. */
async function publish(run: TrainingRun, weights: Buffer, metrics: object): Promise<string | null> {
  const grant = await beginWeights(await systemContext("train"), run);
  if (!grant) return null;
  try {
    const writer = await openWriter(grant, { leaseMs: WEIGHTS_LEASE_MS });
    const { sizeBytes } = await writer.put(weightsFile(grant.id), weights);
    const ctx = await systemContext("train");
    if (!(await keepWeights(ctx, run, { id: grant.id, sizeBytes }))) return null;
    return (await finishTraining(ctx, run, { metrics }))?.modelSlug ?? null;
  } finally {
    await tidyUp(grant);
    await sweepLeftWeights(null, { trainingId: run.trainingId });
  }
}

/** The same run gives the same weights, whoever repeats it. */
const seedOf = ({ trainingId }: TrainingRun): number => createHash("sha256").update(trainingId).digest().readUInt32BE();

/** The labelled images in the manifest's order, each read when it is wanted. */
async function* readImages({ versionId }: TrainingRun, { files }: Manifest): AsyncGenerator<TrainingImage> {
  for (const { path, split, label } of files) {
    if (label !== null)
      yield { path, split, label, bytes: await blobStore().get(`${versionPrefix(versionId)}${path}`) };
  }
}
