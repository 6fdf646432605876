import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inspectInProcess, openInProcess } from "@/lib/engine/onnx/process";
import { bundle, makeBuildFolder } from "@/lib/testing/bundle";
import { linearOnnx, namesOf, yolov8Output } from "@/lib/testing/onnx";
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
const inspect = (bytes: Uint8Array) => inspectInProcess(script, { ...write(bytes), json: null });
const gone = () => expect.poll(() => pidsOf(script), { timeout: 5_000 }).toEqual([]);
const asked = { confidence: 0.4, overlap: 0.3 };

test("a model is looked at, opened and asked in processes of its own", async () => {
  const bytes = linearOnnx({ outputs: [yolov8Output([[16, 16, 8, 4, 0.9]])], metadata: namesOf("hat") });
  const model = await inspect(bytes);
  await gone();
  const open = await openInProcess(script, { ...write(bytes), model });
  rmSync(path.join(folder, "model.onnx")); // it is in memory
  const image = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red" } }).png().toBuffer(); // prettier-ignore
  const answers = await Promise.all([open.ask(image, asked), open.ask(image, asked)]);
  expect(answers[0]).toMatchObject({
    kind: "boxes",
    boxes: [{ left: 24, top: 28, right: 40, bottom: 36, classId: 0 }],
  });
  expect(answers[1]).toEqual(answers[0]);
  await expect(open.ask(Buffer.from("no image"), asked)).rejects.toThrow(/not an image/);
  expect(open.over).toBe(false);
  expect(await open.ask(image, asked)).toEqual(answers[0]);
  open.end();
  await expect(open.ask(image, asked)).rejects.toThrow(/ended/);
  await gone();
});
