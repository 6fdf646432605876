import { spawn, type ChildProcess } from "node:child_process";
import { ImageDecodeError } from "@/lib/engine/decode";
import type { Answer, Asked, OnnxModel } from "@/lib/engine/onnx/model";
import { OnnxError } from "@/lib/engine/onnx/proto";
import type { ToChild, ToParent } from "@/lib/engine/onnx/protocol";

/** How long a model may take to be loaded, and run once; then over one image. */
const LOAD_MS = 60_000;
const ASK_MS = 30_000;
/** Of address space: for Node, sharp and onnxruntime, and for the largest image; and for each byte of the model. */
const OWN_BYTES = 2 * 1024 ** 3;
const BYTES_A_BYTE = 4;
const STDERR_TAIL_CHARS = 2_000;

export interface OnnxLimits {
  loadMs?: number;
  askMs?: number;
  ownBytes?: number;
}

/** A process with one model in it. */
export interface OnnxProcess {
  /** One at a time, in the order of the calls. Throws ImageDecodeError, and OnnxError when the model fails or takes too long; then the process is over. */
  ask(image: Buffer, asked: Asked): Promise<Answer>;
  /** It cannot be asked any more. */
  readonly over: boolean;
  /** What waits, and what is being answered. */
  readonly waiting: number;
  end(): void;
}

/**
 * Looks at a file as inspectOnnx does, in a process of its own that ends with the look. `script` is the built
 * `onnx-child.ts`. Throws OnnxError, also for a model that takes more memory or time than it may.
 */
export async function inspectInProcess(
  script: string,
  { file, json, sizeBytes }: { file: string; json: string | null; sizeBytes: number },
  limits: OnnxLimits = {},
): Promise<OnnxModel> {
  const child = start(script, sizeBytes, limits);
  try {
    const said = await child.request({ type: "inspect", file, json }, limits.loadMs ?? LOAD_MS, "to be loaded and run");
    if (said.type !== "inspected") throw new Error(`Expected "inspected", heard "${said.type}".`);
    return said.model;
  } finally {
    child.end();
  }
}

/** Starts a process with a model that was inspected before. Throws OnnxError. */
export async function openInProcess(
  script: string,
  { file, model, sizeBytes }: { file: string; model: OnnxModel; sizeBytes: number },
  limits: OnnxLimits = {},
): Promise<OnnxProcess> {
  const child = start(script, sizeBytes, limits);
  try {
    await child.request({ type: "open", file, model }, limits.loadMs ?? LOAD_MS, "to be loaded");
  } catch (error) {
    child.end();
    throw error;
  }
  return {
    async ask(image, asked) {
      const said = await child.request({ type: "ask", image, asked }, limits.askMs ?? ASK_MS, "for this image");
      if (said.type !== "answered") throw new Error(`Expected "answered", heard "${said.type}".`);
      return said.answer;
    },
    get over() {
      return child.over;
    },
    get waiting() {
      return child.waiting;
    },
    end: () => child.end(),
  };
}

interface Child {
  request(message: ToChild, withinMs: number, what: string): Promise<ToParent>;
  readonly over: boolean;
  readonly waiting: number;
  end(): void;
}

function start(script: string, sizeBytes: number, { ownBytes = OWN_BYTES }: OnnxLimits): Child {
  const memoryBytes = ownBytes + BYTES_A_BYTE * sizeBytes;
  // the shell sets the limit, and becomes the process
  const limited = `ulimit -v ${Math.ceil(memoryBytes / 1024)} 2>/dev/null; exec "$@"`;
  const process_ = spawn("/bin/sh", ["-c", limited, "sh", process.execPath, script], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    env: { NODE_ENV: "production" }, // and nothing of ours: it has no business with secrets
  });
  // a server that ends need not wait for it
  process_.unref();
  process_.channel?.unref();
  (process_.stderr as unknown as { unref?: () => void } | null)?.unref?.();

  const stderr = keepTail(process_);
  let failed: OnnxError | undefined;
  let waiting = 0;
  let answered: ((said: ToParent) => void) | undefined;
  let fail: ((error: OnnxError) => void) | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    answered = (said) => said.type === "ready" && resolve();
    fail = reject;
  });
  ready.catch(() => undefined); // whoever asks hears of it
  process_.on("message", (said) => answered?.(said as ToParent));
  const over = (why: OnnxError) => {
    failed ??= why;
    fail?.(failed);
  };
  process_.once("close", (code, signal) => over(explainEnd(code, signal, memoryBytes, stderr())));
  process_.once("error", (error) => over(new OnnxError("The model's process cannot be started.", { cause: error })));

  async function once(message: ToChild, withinMs: number, what: string): Promise<ToParent> {
    if (failed) throw failed;
    let timer: NodeJS.Timeout | undefined;
    const said = new Promise<ToParent>((resolve, reject) => {
      answered = resolve;
      fail = reject;
      timer = setTimeout(() => {
        over(new OnnxError(`The model took longer than ${withinMs / 1000} s ${what}, and was stopped.`));
        process_.kill("SIGKILL");
      }, withinMs);
    });
    if (process_.connected) process_.send(message, () => undefined);
    try {
      return judge(await said);
    } finally {
      clearTimeout(timer);
      answered = fail = undefined;
    }
  }

  let last: Promise<unknown> = ready;
  return {
    request(message, withinMs, what) {
      waiting += 1;
      const mine = last.then(
        () => once(message, withinMs, what),
        () => once(message, withinMs, what), // what failed before was another's
      );
      last = mine;
      return mine.finally(() => (waiting -= 1));
    },
    get over() {
      return failed !== undefined;
    },
    get waiting() {
      return waiting;
    },
    end() {
      over(new OnnxError("The model's process was ended."));
      process_.kill("SIGKILL");
    },
  };
}

function judge(said: ToParent): ToParent {
  if (said.type === "refused") throw new OnnxError(said.message);
  if (said.type === "unreadable") throw new ImageDecodeError(said.message, {}, said.why);
  return said;
}

/** Memory that is not to be had ends a process in many ways, none of which says so. */
function explainEnd(code: number | null, signal: string | null, memoryBytes: number, stderr: string): OnnxError {
  const gigabytes = Math.round((memoryBytes / 1024 ** 3) * 10) / 10;
  return new OnnxError(
    `The model ended its process (${signal ?? `code ${code}`}): it may have at most ${gigabytes} GB of memory, and needs more, or it is broken.`,
    { cause: stderr },
  );
}

function keepTail(child: ChildProcess): () => string {
  let tail = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => {
    tail = (tail + chunk).slice(-STDERR_TAIL_CHARS);
  });
  return () => tail;
}
