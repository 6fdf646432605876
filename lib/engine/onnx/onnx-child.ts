import { writeFileSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { ImageDecodeError } from "@/lib/engine/decode";
import { OnnxError } from "@/lib/engine/onnx/proto";
import type { ToChild, ToParent } from "@/lib/engine/onnx/protocol";
import { inspectOnnx, type OpenModel, openOnnx } from "@/lib/engine/onnx/session";

/*
 * The process of one model, which process.ts starts: it may end in whatever way, be it that it runs out of memory or never
 * comes back from the model.
 */

// onnxruntime keeps this thread while it runs a model, for ever if that has no end: another one sees that the parent is gone
new Worker(
  `const parent = process.ppid; setInterval(() => process.ppid === parent || process.kill(process.pid, "SIGKILL"), 500);`,
  { eval: true },
).unref();
process.on("disconnect", () => process.exit());
// a terminal's Ctrl-C and a service manager reach the whole group; the parent decides what becomes of us
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
try {
  writeFileSync("/proc/self/oom_score_adj", "1000"); // where memory runs short, this goes before anything else does
} catch {
  // not Linux
}

let open: OpenModel | undefined;

async function answer(message: ToChild): Promise<ToParent> {
  switch (message.type) {
    case "inspect":
      return { type: "inspected", model: await inspectOnnx(message.file, message.json) };
    case "open":
      open = await openOnnx(message.file, message.model);
      return { type: "opened" };
    case "ask": {
      if (!open) throw new Error("Asked before a model was opened.");
      const { buffer, byteOffset, byteLength } = message.image;
      return { type: "answered", answer: await open.ask(Buffer.from(buffer, byteOffset, byteLength), message.asked) };
    }
  }
}

function say(message: ToParent): void {
  if (process.connected) process.send?.(message, () => undefined);
}

process.on("message", (message) => {
  answer(message as ToChild).then(say, (error: unknown) => {
    if (error instanceof OnnxError) say({ type: "refused", message: error.message });
    else if (error instanceof ImageDecodeError) say({ type: "unreadable", message: error.message, why: error.why });
    else {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    }
  });
});
if (!process.connected) process.exit(); // the parent went while this file was still being loaded
say({ type: "ready" });
