import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { workerHandlers } from "@/lib/doors/worker";
import { createTrainingRunner } from "@/lib/work/trainings/runner";
import { createChildTrainer } from "@/lib/engine/trainer/run-in-child";
import { disconnect } from "@/lib/platform/db";
import { checkEnv, env } from "@/lib/platform/env";
import { startWorkers } from "@/lib/platform/job-queue";
import { log } from "@/lib/platform/log";

// The worker process: runs queued and scheduled jobs until it is told to stop, or its launcher is gone.

// Its work is batches of rows, dead as soon as they are written. Left to itself, V8 lets twice as many heap up before it looks.
setFlagsFromString("--heap-growing-percent=20");

checkEnv();

const stopping = new AbortController();
// built next to this file
const trainer = createChildTrainer(fileURLToPath(new URL("child.mjs", import.meta.url)));
const trainings = createTrainingRunner(trainer, { concurrency: env().trainingConcurrency, stopping: stopping.signal });
const handlers = workerHandlers(stopping.signal, trainings);
const workers = await startWorkers(handlers, (error) =>
  // its own error carries the whole client, which says nothing to anybody
  log().error({ reason: error.message }, "job queue"),
);
log().info("worker ready");
// at once: what lies about, and what fell due while nobody ran
for (const name of ["sweep-files", "purge-expired"] as const)
  void handlers[name]().catch((error: unknown) => log().error({ err: error, queue: name }, "first run"));

async function stop(): Promise<void> {
  if (stopping.signal.aborted) return;
  stopping.abort();
  await Promise.all([workers.stop(), trainings.idle()]);
  await disconnect();
  process.exit(0);
}
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(signal, () => void stop());
process.on("disconnect", () => void stop());
