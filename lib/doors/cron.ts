import type { z } from "zod";
import { systemContext, type Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { dueIn, eraseFiles, logMovedHeads, lookAgain, purgeExpired, recordRun, runTrashJobs } from "@/lib/domain/trash";
import { env } from "@/lib/platform/env";
import { equalSecrets } from "@/lib/platform/secrets";
import type { purgeAnswer } from "@/lib/doors/server/schemas";
import { door, type Door } from "./door";
import type { AnyOperation } from "./operation";
import { readBearer } from "./route";
import { sweepAll } from "@/lib/work/sweeps";

/** Below the 60 s that the route may take, so that the answer still goes out. */
const BUDGET_MS = 50_000;

/**
 * The scheduler's door: the bearer token must be CRON_SECRET; neither a cookie nor an API key opens it. Runs `job` for
 * at most 50 s. Answers its counts, with 500 when something failed, so that the scheduler raises its alarm.
 */
export function cron<Counts extends { failed: number }>(
  operation: AnyOperation,
  job: (ctx: Context, signal: AbortSignal) => Promise<Counts>,
): Door {
  if (operation.caller.by !== "scheduler") throw new Error(`${operation.id} is not for the scheduler`);
  return door(operation, async ({ request, identify }) => {
    const { cronSecret } = env();
    if (cronSecret === null)
      throw new DomainError(
        "not_configured",
        "Scheduled calls are switched off. Set CRON_SECRET on the server to switch them on.",
      );
    if (!equalSecrets(readBearer(request) ?? "", cronSecret))
      throw new DomainError(
        "unauthorized",
        "Only the scheduler may call this. Send CRON_SECRET as Authorization: Bearer.",
      );
    const ctx = await systemContext("cron");
    identify(ctx.actor);
    const counts = await job(ctx, AbortSignal.timeout(BUDGET_MS));
    return { status: counts.failed > 0 ? 500 : 200, body: counts };
  });
}

/** Of the budget, what these steps may take at most; the files of what was purged have the rest, 15 s and more. */
const PURGE_MS = 20_000;
const JOBS_MS = 10_000;
const SWEEP_MS = 5_000;

/**
 * Purges what is due, goes on with what people asked for, and removes the files of everything purged and what lost processes
 * left: on hosts without a worker nobody else does. Each step has its turn, however long the one before took and whether it
 * failed; a failure is thrown after the last. Called hourly (vercel.json): a purge date is a promise not to purge earlier. With PURGE=report it counts
 * what is due, purges nothing, and says so.
 */
export async function purgeAndErase(ctx: Context, signal: AbortSignal): Promise<z.input<typeof purgeAnswer>> {
  const within = (ms: number) => AbortSignal.any([signal, AbortSignal.timeout(ms)]);
  return recordRun(ctx, { by: "CRON", mode: env().purge }, async (run) => {
    const counts = await turn(purgeExpired(ctx, within(PURGE_MS), run));
    const jobs = await turn(runTrashJobs(ctx, within(JOBS_MS)));
    const swept = await turn(sweepAll(ctx, within(SWEEP_MS)));
    const files = await turn(eraseFiles(ctx, signal).then((erased) => (run.files = erased)));
    const looked = await turn(lookAgain(ctx, signal));
    await logMovedHeads(ctx);
    jobs();
    swept();
    looked();
    return { ...counts(), files: files(), ...(run.mode === "REPORT" ? { report: { due: dueIn(run) } } : {}) };
  });
}

/** Waits for a step, and answers how to have its result: there its failure is thrown. */
async function turn<T>(step: Promise<T>): Promise<() => T> {
  try {
    const result = await step;
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
