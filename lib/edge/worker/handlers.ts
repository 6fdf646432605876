import { systemContext } from "@/lib/domain/context";
import { eraseFiles } from "@/lib/domain/receipts";
import { purgeExpired } from "@/lib/domain/trash";
import type { QueueName } from "@/lib/platform/job-queue";
import { log } from "@/lib/platform/log";

/** A job gives way after this long; what is left is left for the next wake-up. */
const BUDGET_MS = 4 * 60_000;

/** What the worker does when a queue wakes it: the same functions that the cron route calls. `stopping` ends them early. */
export function workerHandlers(stopping: AbortSignal): Record<QueueName, () => Promise<void>> {
  const budget = () => AbortSignal.any([stopping, AbortSignal.timeout(BUDGET_MS)]);
  return {
    "purge-expired": async () => {
      const counts = await purgeExpired(await systemContext("scheduled purge"), budget());
      if (counts.purged + counts.failed > 0) log().info(counts, "scheduled purge");
    },
    "erase-files": async () => {
      const counts = await eraseFiles(await systemContext("file removal"), budget());
      if (counts.verified + counts.postponed > 0) log().info(counts, "files of purged items removed");
    },
  };
}
