import { constants, setPriority } from "node:os";
import { toBuffer, toChildSchema, type ToChild, type ToParent } from "@/lib/engine/trainer/protocol";
import { train } from "@/lib/engine/trainer/train";
import { TrainingDataError, type TrainingImage } from "@/lib/engine/trainer/trainer";

/*
 * The process that `createChildTrainer` starts: one training, then it waits to be let go. Whatever goes wrong other than
 * the images goes to stderr, with an exit code.
 */

// whoever trains must not outlive whoever asked; the channel closes when the parent dies, however it dies
process.on("disconnect", () => process.exit());
// a terminal's Ctrl-C and a service manager reach the whole group; the parent decides what becomes of us
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
// pages and predictions on the same machine go first
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);

const stop = new AbortController();
const heard: ToChild[] = [];
let wake = () => {};
process.on("message", (value) => {
  const message = toChildSchema.parse(value);
  if (message.type === "leave") process.exit();
  if (message.type === "stop") return stop.abort();
  heard.push(message);
  wake();
});

async function hear(): Promise<ToChild> {
  for (;;) {
    const message = heard.shift();
    if (message !== undefined) return message;
    await new Promise<void>((resolve) => (wake = resolve));
  }
}

function say(message: ToParent): void {
  // the channel may close while the loop is here; then "disconnect" comes next
  if (process.connected) process.send?.(message, () => undefined);
}

/** Asks for the next image when it hands one out, so that it travels while the other is worked on. */
async function* readImages(): AsyncGenerator<TrainingImage, void> {
  say({ type: "next" });
  for (;;) {
    const message = await hear();
    if (message.type !== "image") return;
    say({ type: "next" });
    yield { ...message.image, bytes: toBuffer(message.image.bytes) };
  }
}

async function main(): Promise<void> {
  if (!process.connected) process.exit(); // the parent went while this file was still being loaded
  say({ type: "ready" });
  const order = await hear();
  if (order.type !== "start") throw new Error(`Expected to be started, heard "${order.type}".`);
  try {
    const { weights, metrics } = await train({
      ...order,
      images: readImages(),
      onEpoch: (report) => say({ type: "epoch", report }),
      cancel: new AbortController().signal, // who cancels says "leave"
      stop: stop.signal,
    });
    say({ type: "done", weights, metrics });
  } catch (error) {
    if (!(error instanceof TrainingDataError)) throw error;
    say({ type: "refused", code: error.code, message: error.message });
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
