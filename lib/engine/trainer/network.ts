import type { Weights } from "@/lib/engine/trainer/weights";

/**
 * The confidence of each class, summing to 1, for one image's features. Plain sums in one order and in double precision:
 * the same features and weights give the same numbers, bit for bit, at every call and in every process.
 */
export function computeConfidences(weights: Weights, features: Float32Array): Float64Array {
  const { inputMean, inputScale, hiddenWeight, hiddenBias, outputWeight, outputBias } = weights;
  const inputs = Float64Array.from(features, (feature, i) => (feature - inputMean[i]!) * inputScale[i]!);
  const hidden = addProducts(inputs, hiddenWeight, hiddenBias);
  for (let i = 0; i < hidden.length; i++) hidden[i] = Math.max(0, hidden[i]!);
  return softmax(addProducts(hidden, outputWeight, outputBias));
}

function addProducts(inputs: Float64Array, weight: Float32Array, bias: Float32Array): Float64Array {
  const outputs = Float64Array.from(bias);
  for (let i = 0; i < inputs.length; i++) {
    const input = inputs[i]!;
    if (input === 0) continue; // hidden units are often off
    const row = i * outputs.length;
    for (let j = 0; j < outputs.length; j++) outputs[j]! += input * weight[row + j]!;
  }
  return outputs;
}

function softmax(logits: Float64Array): Float64Array {
  const highest = logits.reduce((high, logit) => Math.max(high, logit), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - highest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
