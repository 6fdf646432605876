import { setTimeout } from "node:timers/promises";
import { countModelCalls } from "@/lib/domain/trainings";
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

/** Without a door that can hold the process, whoever runs us lets the writing end, or forgets these calls. */
let holdProcess = (_writing: Promise<void>): void => {};

/** Gives what keeps the process alive until a promise is settled, as the frame of the door has it. */
export function holdCallsBy(hold: (writing: Promise<void>) => void): void {
  holdProcess = hold;
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
