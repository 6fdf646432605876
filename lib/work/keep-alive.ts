import { setTimeout } from "node:timers/promises";
import { log } from "@/lib/platform/log";

/**
 * Renews a lease every `everyMs` while work is done under it. `lost` aborts as soon as a renewal is refused, or once none
 * has been answered for `leaseMs` by the monotonic clock; a database that is away for less does no harm.
 * `hurry` asks at once instead of at the next turn. `stop` ends it, and answers when no renewal is under way any more.
 */
export function keepAlive(
  renew: () => Promise<boolean>,
  { everyMs, leaseMs }: { everyMs: number; leaseMs: number },
): { lost: AbortSignal; hurry(): void; stop(): Promise<void> } {
  const lost = new AbortController();
  const stopped = new AbortController();
  let hurried = new AbortController();
  async function run(): Promise<void> {
    let heldAt = performance.now();
    for (;;) {
      await setTimeout(everyMs, undefined, { signal: AbortSignal.any([stopped.signal, hurried.signal]) }).catch(
        () => {},
      );
      if (stopped.signal.aborted) return;
      hurried = new AbortController();
      const asked = performance.now();
      try {
        if (!(await renew())) return lost.abort();
        heldAt = asked;
      } catch (error) {
        log().warn({ err: error }, "lease not renewed");
        if (performance.now() - heldAt > leaseMs) return lost.abort();
      }
    }
  }
  const running = run();
  return {
    lost: lost.signal,
    hurry: () => hurried.abort(),
    async stop() {
      stopped.abort();
      await running;
    },
  };
}
