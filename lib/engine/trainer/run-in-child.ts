import { fork, type ChildProcess } from "node:child_process";
import { toBuffer, toParentSchema, type ToChild } from "@/lib/engine/trainer/protocol";
import {
  TrainingDataError,
  type Trainer,
  type TrainingImage,
  type TrainingInput,
  type TrainingResult,
} from "@/lib/engine/trainer/trainer";

/** How long a child that was let go may take to end by itself. */
const GRACE_MS = 1_000;
const STDERR_TAIL_CHARS = 4_000;

/** The child ended without a result: it crashed, ran out of memory, or was killed from outside. */
export class TrainerCrashError extends Error {
  override readonly name = "TrainerCrashError";
  constructor(
    readonly exitCode: number | null,
    readonly signal: NodeJS.Signals | null,
    /** The last that it wrote there, at most 4,000 characters; for the log. */
    readonly stderrTail: string,
  ) {
    super(
      signal === null
        ? `The training process ended with code ${exitCode ?? "?"}.`
        : `The training process was ended by ${signal}.`,
    );
  }
}

/**
 * A trainer that runs `script`, the built `child.ts`, in a process of its own for each training: the caller's event loop
 * stays free, and a cancel is always carried out. It settles only once that process is gone: let go first, ended with
 * SIGKILL when it is still there a second later. When the caller's own process dies, however, the child ends by itself.
 *
 * Rejects as `Trainer` says, and with TrainerCrashError. Images are read one at a time, as the child asks for them.
 */
export function createChildTrainer(script: string): Trainer {
  return async (input) => {
    input.cancel.throwIfAborted();
    const child = fork(script, { serialization: "advanced", execArgv: [], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    const stderr = keepTail(child);
    const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
      child.once("close", (exitCode, signal) => resolve({ exitCode, signal }));
      child.once("error", reject); // it could not be started
    });
    const dismiss = () => letGo(child, ended);
    input.cancel.addEventListener("abort", dismiss);
    try {
      const result = await Promise.race([converse(child, input), ended]);
      input.cancel.throwIfAborted();
      if ("weights" in result) return result;
      throw new TrainerCrashError(result.exitCode, result.signal, stderr());
    } catch (error) {
      input.cancel.throwIfAborted();
      throw error;
    } finally {
      input.cancel.removeEventListener("abort", dismiss);
      dismiss();
      await ended;
    }
  };
}

function letGo(child: ChildProcess, ended: Promise<unknown>): void {
  // not child.disconnect(): after that Node never says that the child has closed
  say(child, { type: "leave" });
  const timer = setTimeout(() => child.kill("SIGKILL"), GRACE_MS);
  const clear = () => clearTimeout(timer);
  void ended.then(clear, clear);
}

function keepTail(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-STDERR_TAIL_CHARS);
  });
  return () => tail;
}

/** Plays the parent's part of protocol.ts. Never settles when the child ends before it has said how the training ended. */
function converse(
  child: ChildProcess,
  { classes, images, epochs, seed, onEpoch, stop }: TrainingInput,
): Promise<TrainingResult> {
  const iterator = images[Symbol.asyncIterator]();
  const onStop = () => say(child, { type: "stop" });

  return new Promise((resolve, reject) => {
    const answer = (value: unknown): void | Promise<void> => {
      const message = toParentSchema.parse(value);
      switch (message.type) {
        case "ready":
          say(child, { type: "start", classes: [...classes], epochs, seed });
          return stop.aborted ? onStop() : stop.addEventListener("abort", onStop);
        case "next":
          return sendNext(child, iterator);
        case "epoch":
          return onEpoch(message.report);
        case "done":
          return resolve({ weights: toBuffer(message.weights), metrics: message.metrics });
        case "refused":
          return reject(new TrainingDataError(message.code, message.message));
      }
    };
    // in a promise, so that what onEpoch or the images throw ends the training and not this process
    child.on("message", (value) => void Promise.resolve(value).then(answer).catch(reject));
    child.once("close", () => {
      stop.removeEventListener("abort", onStop);
      // lets go of what the source has open; not awaited, because it ends only after the read that is under way
      void iterator.return?.().catch(() => undefined);
    });
  });
}

async function sendNext(child: ChildProcess, iterator: AsyncIterator<TrainingImage>): Promise<void> {
  const next = await iterator.next();
  say(child, next.done === true ? { type: "end" } : { type: "image", image: next.value });
}

/** Into the void when the child has gone: its end is seen by "close". */
function say(child: ChildProcess, message: ToChild): void {
  if (child.connected) child.send(message, () => undefined);
}
