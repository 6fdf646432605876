import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { OnnxError, readOnnx } from "@/lib/engine/onnx/proto";
import {
  externalTensor,
  graph,
  graphAttribute,
  linearOnnx,
  message,
  namesOf,
  node,
  onnxFile,
  valueInfo,
  yolov8Output,
} from "@/lib/testing/onnx";

const folder = mkdtempSync(path.join(tmpdir(), "onnx-"));
afterAll(() => rmSync(folder, { recursive: true }));

function read(bytes: Uint8Array) {
  const file = path.join(folder, "model.onnx");
  writeFileSync(file, bytes);
  return readOnnx(file);
}

const outputs = [yolov8Output([[16, 16, 8, 4, 0.9]])];
const whole = linearOnnx({ input: ["batch", 3, 32, 32], outputs, metadata: namesOf("hat") });

test("inputs, outputs, operators and metadata are read, weights are stepped over", () => {
  expect(read(whole)).toEqual({
    inputs: [{ name: "images", type: "float32", dims: [null, 3, 32, 32] }],
    outputs: [{ name: "output0", type: "float32", dims: [1, 5, 21] }],
    opset: 13,
    producer: "reprieve-tests",
    metadata: new Map(Object.entries(namesOf("hat"))),
  });
});

test("a file is read in windows, however large its weights are", () => {
  const large = linearOnnx({ outputs, ballastBytes: 3_000_000, metadata: namesOf("hat") });
  expect(read(large)).toMatchObject({ outputs: [{ name: "output0" }], producer: "reprieve-tests" });
});

const io = { inputs: [valueInfo("images", "float32", [1, 3, 8, 8])], outputs: [valueInfo("out", "float32", [1, 2])] };

describe("weights in other files are refused, wherever they are named", () => {
  const outside = externalTensor("weights", [1, 2], "../../etc/passwd");
  const inner = graph({ nodes: [], initializers: [outside], inputs: [], outputs: [] });
  test.each([
    ["an initializer", onnxFile({ ...io, nodes: [node("Identity", ["images"], ["out"])], initializers: [outside] })],
    ["a constant", onnxFile({ ...io, nodes: [node("Constant", [], ["out"], [message([1, "value"], [5, outside], [20, 4])])] })], // prettier-ignore
    ["a graph in a graph", onnxFile({ ...io, nodes: [node("If", ["images"], ["out"], [graphAttribute("then", inner)])] })], // prettier-ignore
    ["a function", Buffer.concat([onnxFile({ ...io, nodes: [] }), message([25, message([7, node("Constant", [], ["out"], [message([1, "value"], [5, outside])])])])])], // prettier-ignore
  ])("%s", (_, file) => {
    expect(() => read(file)).toThrow(/external data.*Save the model as one file/);
  });
});

describe("what is broken is refused, and never more than looked at", () => {
  let nested = graph({ nodes: [], inputs: [], outputs: [] });
  for (let depth = 0; depth < 40; depth++)
    nested = graph({ nodes: [node("If", [], [], [graphAttribute("then", nested)])], inputs: [], outputs: [] });

  test.each<[string, Uint8Array]>([
    ["nothing", Buffer.alloc(0)],
    ["text", Buffer.from("This is not a model at all.")],
    ["zeros", Buffer.alloc(1000)],
    ["a number without an end", Buffer.alloc(100, 0xff)],
    ["a length beyond the file", Buffer.concat([Buffer.from([0x08, 0x08, 0x3a, 0xff, 0xff, 0xff, 0xff, 0x7f]), whole])],
    ["a negative length", Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ["no graph", message([1, 8], [8, message([2, 13])])],
    ["no operators", message([1, 8], [7, graph({ ...io, nodes: [] })])],
    ["graphs in graphs without an end", onnxFile({ ...io, nodes: [node("If", [], [], [graphAttribute("then", nested)])] })], // prettier-ignore
  ])("%s", (_, bytes) => {
    expect(() => read(bytes)).toThrow(OnnxError);
  });

  test("a file that is cut off, anywhere", () => {
    for (let length = 0; length < whole.length; length += 97)
      expect(() => read(whole.subarray(0, length))).toThrow(OnnxError);
  });
});
