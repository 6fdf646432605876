import { systemContext } from "@/lib/domain/context";
import { dueIn, eraseFiles, logMovedHeads, lookAgain, purgeExpired, recordRun, runTrashJobs } from "@/lib/domain/trash";
import { sweepAll } from "@/lib/work/sweeps";
import { unpackZips } from "@/lib/work/uploads/zips";
import { buildExports } from "@/lib/work/exports/builder";
import type { QueueName } from "@/lib/platform/job-queue";
import { env } from "@/lib/platform/env";
import { log } from "@/lib/platform/log";
import { generateVersions } from "@/lib/work/versions/generator";
import { importVersions } from "@/lib/work/versions/importer";
import type { TrainingRunner } from "@/lib/work/trainings/runner";

/** A job gives way after this long; what is left is left for the next wake-up. */
const BUDGET_MS = 4 * 60_000;
/** Longer, so that a large version is not begun over and over; a job counts as lost after an hour. */
const GENERATION_BUDGET_MS = 30 * 60_000;

/**
 * What the worker does when a queue wakes it: the same functions that the cron route calls. `stopping` ends them early.
 * Trainings run beside the jobs, however long they take.
 */
export function workerHandlers(
  stopping: AbortSignal,
  trainings: TrainingRunner,
): Record<QueueName, () => Promise<void>> {
  const budget = (ms = BUDGET_MS) => AbortSignal.any([stopping, AbortSignal.timeout(ms)]);
  return {
    "purge-expired": async () => {
      const ctx = await systemContext("scheduled purge");
      await recordRun(ctx, { by: "WORKER", mode: env().purge }, async (run) => {
        const counts = await purgeExpired(ctx, budget(), run);
        if (counts.purged + counts.failed > 0) log().info(counts, "scheduled purge");
        if (dueIn(run) > 0) log().warn({ due: dueIn(run) }, "PURGE=report: items are due, and nothing is purged");
      });
      await logMovedHeads(ctx);
    },
    "run-trash-jobs": async () => {
      const ctx = await systemContext("trash jobs");
      const counts = await runTrashJobs(ctx, budget());
      if (counts.ended + counts.interrupted > 0) log().info(counts, "jobs on Trash worked off");
      await logMovedHeads(ctx);
    },
    "erase-files": async () => {
      const ctx = await systemContext("file removal");
      const counts = await eraseFiles(ctx, budget());
      if (counts.verified + counts.postponed > 0) log().info(counts, "files of purged items removed");
      const looked = await lookAgain(ctx, budget());
      if (looked.receipts + looked.failed > 0) log().info(looked, "verified receipts looked at again");
      await logMovedHeads(ctx);
    },
    "sweep-files": async () => void (await sweepAll(await systemContext("file sweep"), budget())),
    "generate-versions": async () => {
      const counts = await generateVersions(await systemContext("generation"), budget(GENERATION_BUDGET_MS));
      if (Object.values(counts).some((count) => count > 0)) log().info(counts, "versions generated");
    },
    "build-exports": async () => {
      // without a budget: a zip is made in one go, and whoever comes next looks for more
      const counts = await buildExports(await systemContext("downloads"), stopping);
      if (counts.built + counts.failed > 0) log().info(counts, "downloads made");
    },
    "unpack-zips": async () => {
      const counts = await unpackZips(await systemContext("zip uploads"), budget(GENERATION_BUDGET_MS));
      if (counts.completed + counts.failed > 0) log().info(counts, "zips of images unpacked");
    },
    "import-versions": async () => {
      // what is in hand goes on after the budget: a zip is looked through from its beginning
      const until = budget(GENERATION_BUDGET_MS);
      const counts = await importVersions(await systemContext("imports"), until, stopping);
      if (Object.values(counts).some((count) => count > 0)) log().info(counts, "versions imported");
    },
    "run-trainings": async () => trainings.wake(),
  };
}
