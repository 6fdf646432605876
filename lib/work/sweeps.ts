import type { Context } from "@/lib/domain/context";
import { log } from "@/lib/platform/log";
import { sweepFiles } from "./sweep";
import { sweepSpooledFiles } from "./uploads/spool";
import { sweepStoreUploads } from "./uploads/store";

/** What was swept; `failed` is what could not be, and has its turn again. */
export interface SweepCounts {
  files: number;
  bytes: number;
  /** Temporary files of processes of this machine that are gone. */
  spooled: number;
  /** Images that a browser put into the store, and that nobody added to a project. */
  uploads: number;
  failed: number;
}

/**
 * Takes away all that lost processes left, here and in the store: at the start of each worker and each hour. No step keeps
 * the next one from its turn.
 */
export async function sweepAll(ctx: Context, signal: AbortSignal): Promise<SweepCounts> {
  const counts: SweepCounts = { files: 0, bytes: 0, spooled: 0, uploads: 0, failed: 0 };
  const steps = [
    async () => void (counts.spooled = await sweepSpooledFiles()),
    async () => void (counts.uploads = await sweepStoreUploads(ctx, signal)),
    async () => {
      const { files, bytes, failed } = await sweepFiles(ctx, signal);
      counts.files = files;
      counts.bytes = bytes;
      counts.failed += failed;
    },
  ];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      counts.failed += 1;
      log().error({ err: error, requestId: ctx.requestId }, "a sweep failed");
    }
  }
  if (Object.values(counts).some((count) => count > 0)) log().info(counts, "what lost processes left was swept");
  return counts;
}
