import path from "node:path";

let script = path.join(process.cwd(), ".build", "onnx-child.mjs");

/** The built process of a model (lib/engine/onnx/onnx-child.ts): beside worker and tools, where the launcher starts us. */
export const onnxScript = (): string => script;

/** For tests, which build their own. */
export function useOnnxScript(file: string): void {
  script = file;
}
