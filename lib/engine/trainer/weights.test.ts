import { ready, setBackend, tensor1d, tensor2d } from "@tensorflow/tfjs-core";
import { layers, sequential, type Sequential } from "@tensorflow/tfjs-layers";
import "@tensorflow/tfjs-backend-wasm";
import { describe, expect, it } from "vitest";
import { derive } from "@/lib/engine/random";
import { createPredictor } from "@/lib/engine/trainer/predictor";
import { computeConfidences } from "@/lib/engine/trainer/network";
import { encodeWeights, parseWeights, WeightsError, type Weights } from "@/lib/engine/trainer/weights";

const random = derive(1);
const numbers = (count: number) => Float32Array.from({ length: count }, () => random.between(-1, 1));
const [D, H, CLASSES] = [50, 8, ["cat", "dog", '鳥 "quoted"']];

function weights(): Weights {
  return {
    features: "some",
    classes: CLASSES,
    inputMean: numbers(D),
    inputScale: numbers(D),
    hiddenWeight: numbers(D * H),
    hiddenBias: numbers(H),
    outputWeight: numbers(H * 3),
    outputBias: numbers(3),
  };
}

/** A file with its header changed; the numbers stay. */
function withHeader(file: Buffer, change: (header: string) => string): Buffer {
  const length = Number(file.readBigUInt64LE());
  const header = Buffer.from(change(file.toString("utf8", 8, 8 + length)));
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([prefix, header, file.subarray(8 + length)]);
}

describe("a weights file", () => {
  it("holds what was written, wherever its bytes lie in memory, and the same weights give the same bytes", () => {
    const given = weights();
    const file = encodeWeights(given);
    expect(parseWeights(Buffer.concat([Buffer.from("x"), file]).subarray(1))).toEqual(given);
    expect(encodeWeights(parseWeights(file))).toEqual(file);
  });

  it("is a safetensors file: a header that other readers understand, numbers at a multiple of eight", () => {
    const file = encodeWeights(weights());
    const length = Number(file.readBigUInt64LE());
    const header = JSON.parse(file.toString("utf8", 8, 8 + length));
    expect(length % 8).toBe(0);
    expect(header["hidden.weight"]).toEqual({
      dtype: "F32",
      shape: [D, H],
      data_offsets: [2 * D * 4, 2 * D * 4 + D * H * 4],
    });
    expect(Object.values(header.__metadata__).every((value) => typeof value === "string")).toBe(true);
  });

  const file = encodeWeights(weights());
  const broken: [string, Buffer][] = [
    ["nothing", Buffer.alloc(0)],
    ["half of it", file.subarray(0, file.length / 2)],
    ["one byte less", file.subarray(0, -1)],
    ["one byte more", Buffer.concat([file, Buffer.alloc(1)])],
    ["a picture", Buffer.from("\x89PNG\r\n\x1a\n0000000000000", "latin1")],
    ["a header that is too long", Buffer.concat([Buffer.from("ffffffffffffffff", "hex"), file.subarray(8)])],
    ["a header that is not JSON", withHeader(file, () => "{")],
    ["another format", withHeader(file, (header) => header.replace("reprieve-classifier", "other"))],
    ["a later version", withHeader(file, (header) => header.replace('"version":"1"', '"version":"2"'))],
    ["other numbers", withHeader(file, (header) => header.replace("F32", "F64"))],
    ["a class less", withHeader(file, (header) => header.replace('[\\"cat\\",', "["))],
    ["another shape", withHeader(file, (header) => header.replace(`[${D},${H}]`, `[${H},${D}]`))],
    ["another offset", withHeader(file, (header) => header.replace(`[0,${D * 4}]`, `[4,${D * 4 + 4}]`))],
    ["a number that is none", encodeWeights({ ...weights(), outputBias: Float32Array.of(1, NaN, 1) })],
  ];
  it.each(broken)("is refused with a sentence: %s", (_, bytes) => {
    expect(() => parseWeights(bytes)).toThrow(WeightsError);
    expect(() => createPredictor(bytes)).toThrow(WeightsError);
  });

  it("of other features than this build's is refused by the predictor", () => {
    expect(() => createPredictor(file)).toThrow(/features "some".*train again/);
  });
});

it("served with plain arithmetic, a net answers as TensorFlow does, within 1e-5", async () => {
  const given = weights();
  await setBackend("wasm");
  await ready();
  const model: Sequential = sequential({
    layers: [
      layers.dense({ inputShape: [D], units: H, activation: "relu" }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
  });
  model.setWeights([
    tensor2d(given.hiddenWeight, [D, H]),
    tensor1d(given.hiddenBias),
    tensor2d(given.outputWeight, [H, 3]),
    tensor1d(given.outputBias),
  ]);
  for (let round = 0; round < 20; round++) {
    const features = numbers(D);
    const inputs = Float32Array.from(features, (feature, i) => (feature - given.inputMean[i]!) * given.inputScale[i]!);
    const answer = [model.predict(tensor2d(inputs, [1, D]))].flat()[0]!;
    const ours = computeConfidences(given, features);
    (await answer.data()).forEach((confidence, i) => expect(Math.abs(confidence - ours[i]!)).toBeLessThan(1e-5));
  }
});
