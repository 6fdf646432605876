import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectInProcess, openInProcess, type OnnxLimits } from "@/lib/engine/onnx/process";
import { bundle, makeBuildFolder } from "@/lib/testing/bundle";
import { endlessOnnx, hungryOnnx, linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
import { pidsOf } from "@/lib/testing/processes";

const built = makeBuildFolder();
const script = path.join(built.folder, "onnx-child.mjs");
const folder = mkdtempSync(path.join(tmpdir(), "onnx-"));
beforeAll(() => bundle(built.folder, { "onnx-child": "lib/engine/onnx/onnx-child.ts" }));
afterAll(() => {
  rmSync(folder, { recursive: true });
  built.remove();
});

function write(bytes: Uint8Array) {
  const file = path.join(folder, "model.onnx");
  writeFileSync(file, bytes);
  return { file, sizeBytes: bytes.length };
}
const inspect = (bytes: Uint8Array, limits?: OnnxLimits) =>
  inspectInProcess(script, { ...write(bytes), json: null }, limits);
const gone = () => expect.poll(() => pidsOf(script), { timeout: 5_000 }).toEqual([]);
const asked = { confidence: 0.4, overlap: 0.3 };

test("a model that never comes back is stopped", async () => {
  await expect(inspect(endlessOnnx(), { loadMs: 3_000 })).rejects.toThrow(/took longer than 3 s.*was stopped/);
  await gone();
});

test("a model that asks for 10 GB does not get them", async () => {
  await expect(inspect(hungryOnnx(10 * 1024 ** 3))).rejects.toThrow(/memory|cannot be run|cannot load/);
  await gone();
});

test("a model whose process is killed says so, to whoever waits as well", async () => {
  const bytes = linearOnnx({ outputs: [yolov8Output([[16, 16, 8, 4, 0.9]])], metadata: namesOf("hat") });
  const open = await openInProcess(script, { ...write(bytes), model: await inspect(bytes) });
  const [pid] = await pidsOf(script);
  const asking = open.ask(Buffer.from("x"), asked);
  process.kill(pid!, "SIGKILL");
  await expect(asking).rejects.toThrow();
  await expect(open.ask(Buffer.from("x"), asked)).rejects.toThrow(/ended its process \(SIGKILL\)/);
  expect(open.over).toBe(true);
});
