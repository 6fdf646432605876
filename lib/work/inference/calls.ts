import { setTimeout } from "node:timers/promises";
import { after } from "next/server";
import { countModelCalls } from "@/lib/domain/trainings/models";
import { log } from "@/lib/platform/log";

/** What a process that is killed forgets at most. */
const WRITE_EVERY_MS = 2_000;

let calls = new Map<string, number>();
let lastAt = new Date(0);
let writing: Promise<void> | undefined;

/** Counts one answered call of a model, at the door's `now`. It is written with others in a moment, never on the call's own time. */
export function countCall(modelId: string, now: Date, times = 1): void {
  calls.set(modelId, (calls.get(modelId) ?? 0) + times);
  if (now > lastAt) lastAt = now;
  if (writing) return;
  writing = setTimeout(WRITE_EVERY_MS, undefined, { ref: false }).then(() => {
    writing = undefined;
    return writeModelCalls();
  });
  holdProcess(writing);
}

/** Next waits for it before it ends the process, and a platform that freezes idle processes lets it end first. */
function holdProcess(work: Promise<void>): void {
  try {
    after(work);
  } catch {
    // not in one of Next's requests: whoever runs us lets it end, or forgets these calls
  }
}

/** Writes what was counted so far. Never throws: what the database does not take now is written the next time. */
export async function writeModelCalls(): Promise<void> {
  const gathered = calls;
  calls = new Map();
  try {
    await countModelCalls(gathered, lastAt);
  } catch (error) {
    log().warn({ err: error }, "model calls not written");
    for (const [modelId, times] of gathered) countCall(modelId, lastAt, times);
  }
}
