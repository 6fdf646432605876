import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { dropModels } from "@/lib/work/inference/onnx";
import { useOnnxScript } from "@/lib/work/models/onnx-script";
import { bundle, makeBuildFolder } from "./bundle";

/* Imported by tests that hand ONNX files in or ask them: builds their process as it is shipped, and ends those that are left. */

const { folder, remove } = makeBuildFolder();
/** By which the system knows the processes. */
export const script = path.join(folder, "onnx-child.mjs");

beforeAll(async () => {
  await bundle(folder, { "onnx-child": "lib/engine/onnx/onnx-child.ts" });
  useOnnxScript(script);
});
afterAll(() => {
  dropModels();
  remove();
});
