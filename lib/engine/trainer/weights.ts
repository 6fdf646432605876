import { z } from "zod";

/**
 * A weights file is a safetensors file (https://github.com/huggingface/safetensors): eight bytes with the length of the
 * header (little endian), the header as JSON, then the numbers as 32-bit floats (little endian). Reading one runs no code.
 *
 * Its metadata says `format` "reprieve-classifier", the `version` of the format, the `features` that the net was trained
 * on (features.ts) and the `classes` as a JSON array. Its tensors, for D features, H hidden units and C classes:
 *
 *     input.mean [D]   input.scale [D]   hidden.weight [D, H]   hidden.bias [H]   output.weight [H, C]   output.bias [C]
 *
 * The net: x = (features - input.mean) · input.scale; h = max(0, x · hidden.weight + hidden.bias);
 * confidences = softmax(h · output.weight + output.bias).
 */
export interface Weights {
  features: string;
  classes: string[];
  inputMean: Float32Array;
  inputScale: Float32Array;
  hiddenWeight: Float32Array;
  hiddenBias: Float32Array;
  outputWeight: Float32Array;
  outputBias: Float32Array;
}

/** The bytes are no weights that we can use; the message is a sentence that says why. */
export class WeightsError extends Error {
  override readonly name = "WeightsError";
}

const FORMAT = "reprieve-classifier";
const VERSION = "1";
const PREFIX_BYTES = 8;
const FLOAT_BYTES = 4;
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

const TENSORS = {
  "input.mean": "inputMean",
  "input.scale": "inputScale",
  "hidden.weight": "hiddenWeight",
  "hidden.bias": "hiddenBias",
  "output.weight": "outputWeight",
  "output.bias": "outputBias",
} as const;
type TensorName = keyof typeof TENSORS;

const tensorSchema = z.strictObject({
  dtype: z.literal("F32"),
  shape: z.array(z.int().min(1)).min(1).max(2),
  data_offsets: z.tuple([z.int().min(0), z.int().min(0)]),
});
const headerSchema = z.strictObject({
  __metadata__: z.object({
    format: z.literal(FORMAT),
    version: z.literal(VERSION),
    features: z.string(),
    classes: z.string(),
  }),
  "input.mean": tensorSchema,
  "input.scale": tensorSchema,
  "hidden.weight": tensorSchema,
  "hidden.bias": tensorSchema,
  "output.weight": tensorSchema,
  "output.bias": tensorSchema,
});
const classesSchema = z.array(z.string()).min(2);

/** The same weights give the same bytes. */
export function encodeWeights(weights: Weights): Buffer {
  const shapes = shapesOf(weights.inputMean.length, weights.hiddenBias.length, weights.classes.length);
  const header: Record<string, unknown> = {
    __metadata__: {
      format: FORMAT,
      version: VERSION,
      features: weights.features,
      classes: JSON.stringify(weights.classes),
    },
  };
  const data: Buffer[] = [];
  let offset = 0;
  for (const { name, shape } of shapes) {
    const values = weights[TENSORS[name]];
    const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + bytes.length] };
    data.push(bytes);
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  // spaces up to the next multiple of eight, so that readers can map the numbers in place
  const padded = Buffer.concat([json, Buffer.alloc(-json.length & 7, " ")]);
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeBigUInt64LE(BigInt(padded.length));
  return Buffer.concat([prefix, padded, ...data]);
}

/** The weights that the bytes hold, checked whole: every shape fits the classes, every number is finite. Throws WeightsError. */
export function parseWeights(bytes: Uint8Array): Weights {
  const { header, data } = split(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const { features, classes: classesJson } = header.__metadata__;
  const classes = check(classesSchema, parseJson(classesJson), "The classes of the weights");
  const inputs = header["input.mean"].shape[0] ?? 0;
  const hidden = header["hidden.bias"].shape[0] ?? 0;
  const tensors = new Map<TensorName, Float32Array>();
  let end = 0;
  for (const { name, shape } of shapesOf(inputs, hidden, classes.length)) {
    const tensor = header[name];
    const size = shape.reduce((product, side) => product * side, FLOAT_BYTES);
    const fits =
      tensor.shape.join() === shape.join() && tensor.data_offsets[0] === end && tensor.data_offsets[1] === end + size;
    if (!fits || end + size > data.length)
      throw new WeightsError(`The weights' tensor "${name}" does not have the size that it should have.`);
    // copied, because floats must lie at a multiple of four
    const values = new Float32Array(Uint8Array.from(data.subarray(end, end + size)).buffer);
    if (!values.every(Number.isFinite))
      throw new WeightsError(`The weights' tensor "${name}" holds something that is not a number.`);
    tensors.set(name, values);
    end += size;
  }
  if (end !== data.length) throw new WeightsError("The weights go on after their last tensor.");
  const take = (name: TensorName) => tensors.get(name) ?? new Float32Array();
  return {
    features,
    classes,
    inputMean: take("input.mean"),
    inputScale: take("input.scale"),
    hiddenWeight: take("hidden.weight"),
    hiddenBias: take("hidden.bias"),
    outputWeight: take("output.weight"),
    outputBias: take("output.bias"),
  };
}

function shapesOf(inputs: number, hidden: number, classes: number): { name: TensorName; shape: number[] }[] {
  return [
    { name: "input.mean", shape: [inputs] },
    { name: "input.scale", shape: [inputs] },
    { name: "hidden.weight", shape: [inputs, hidden] },
    { name: "hidden.bias", shape: [hidden] },
    { name: "output.weight", shape: [hidden, classes] },
    { name: "output.bias", shape: [classes] },
  ];
}

function split(file: Buffer): { header: z.infer<typeof headerSchema>; data: Buffer } {
  if (file.length < PREFIX_BYTES) throw new WeightsError("The weights are cut off.");
  const length = file.readBigUInt64LE();
  if (length > MAX_HEADER_BYTES) throw new WeightsError("This is not a weights file: its header would be too long.");
  const end = PREFIX_BYTES + Number(length);
  if (end > file.length) throw new WeightsError("The weights are cut off.");
  return {
    header: check(headerSchema, parseJson(file.toString("utf8", PREFIX_BYTES, end)), "The header of the weights"),
    data: file.subarray(end),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new WeightsError("This is not a weights file: its header is not JSON.", { cause: error });
  }
}

function check<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new WeightsError(`${what} are not valid at "${issue?.path.join(".") ?? ""}": ${issue?.message ?? "unknown"}`, {
    cause: result.error,
  });
}
