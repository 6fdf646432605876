/*
 * ONNX files written by hand (onnx/onnx.proto), so that a test knows every number in them. Opset 13.
 */

type Field = readonly [field: number, value: number | bigint | string | Uint8Array];

function varint(value: number | bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

/** A protobuf message: numbers as varints, everything else by its length. */
export function message(...fields: readonly Field[]): Buffer {
  const parts = fields.flatMap(([field, value]): Uint8Array[] => {
    if (typeof value === "number" || typeof value === "bigint")
      return [Uint8Array.from([...varint(field << 3), ...varint(value)])];
    const bytes = typeof value === "string" ? Buffer.from(value) : value;
    return [Uint8Array.from([...varint((field << 3) | 2), ...varint(bytes.length)]), bytes];
  });
  return Buffer.concat(parts);
}

const TYPES = { float32: 1, uint8: 2, int32: 6, int64: 7, bool: 9, float16: 10 } as const;
export type ElementType = keyof typeof TYPES;

export function tensor(name: string, type: ElementType, dims: readonly number[], data: ArrayBufferView): Buffer {
  const raw = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return message(...dims.map((dim): Field => [1, dim]), [2, TYPES[type]], [8, name], [9, raw]);
}

/** One whose numbers would lie in a file beside it. */
export const externalTensor = (name: string, dims: readonly number[], location: string): Buffer =>
  message(
    ...dims.map((dim): Field => [1, dim]),
    [2, TYPES.float32],
    [8, name],
    [13, message([1, "location"], [2, location])],
    [14, 1],
  );

/** Of an input or output; a string or null is a size that is not fixed. */
export function valueInfo(name: string, type: ElementType, dims: readonly (number | string)[]): Buffer {
  const shape = message(...dims.map((dim): Field => [1, message(typeof dim === "number" ? [1, dim] : [2, dim])]));
  return message([1, name], [2, message([1, message([1, TYPES[type]], [2, shape])])]);
}

const INT = 2;
const GRAPH = 5;
const INTS = 7;

export const intAttribute = (name: string, value: number): Buffer => message([1, name], [3, value], [20, INT]);
export const intsAttribute = (name: string, values: readonly number[]): Buffer =>
  message([1, name], ...values.map((value): Field => [8, value]), [20, INTS]);
export const graphAttribute = (name: string, graph: Buffer): Buffer => message([1, name], [6, graph], [20, GRAPH]);

export function node(
  type: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: readonly Buffer[] = [],
): Buffer {
  return message(
    ...inputs.map((name): Field => [1, name]),
    ...outputs.map((name): Field => [2, name]),
    [4, type],
    ...attributes.map((attribute): Field => [5, attribute]),
  );
}

export interface GraphParts {
  nodes: readonly Buffer[];
  initializers?: readonly Buffer[];
  inputs: readonly Buffer[];
  outputs: readonly Buffer[];
}

export const graph = ({ nodes, initializers = [], inputs, outputs }: GraphParts): Buffer =>
  message(
    ...nodes.map((one): Field => [1, one]),
    [2, "graph"],
    ...initializers.map((one): Field => [5, one]),
    ...inputs.map((one): Field => [11, one]),
    ...outputs.map((one): Field => [12, one]),
  );

/** A whole file. */
export const onnxFile = (parts: GraphParts, metadata: Readonly<Record<string, string>> = {}): Buffer =>
  message(
    [1, 8],
    [2, "reprieve-tests"],
    [7, graph(parts)],
    [8, message([1, ""], [2, 13])],
    ...Object.entries(metadata).map(([key, value]): Field => [14, message([1, key], [2, value])]),
  );

const int64s = (values: readonly number[]) => BigInt64Array.from(values, BigInt);

export interface LinearOutput {
  name: string;
  dims: readonly number[];
  /** float32 unless said. */
  type?: ElementType;
  /** What it says of a black image, in the order of its numbers. */
  bias: readonly number[];
  /** It rises by `weight` times the input's number at [channel, y, x]. */
  picks?: readonly { at: number; channel: number; y: number; x: number; weight: number }[];
}

export interface LinearModel {
  /** [1, channels, height, width], or without the 1; strings are sizes that are not fixed, and need no picks. */
  input?: readonly (number | string)[];
  inputName?: string;
  inputType?: "float32" | "uint8";
  outputs: readonly LinearOutput[];
  metadata?: Readonly<Record<string, string>>;
  moreInputs?: readonly Buffer[];
  /** Zeros that nothing reads, to make the file large. */
  ballastBytes?: number;
}

/** A model that multiplies the image's numbers, each output by its own weights, and adds its bias. */
export function linearOnnx({
  input = [1, 3, 32, 32],
  inputName = "images",
  inputType = "float32",
  outputs,
  metadata = {},
  moreInputs = [],
  ballastBytes = 0,
}: LinearModel): Buffer {
  const fixed = input.map((dim) => (typeof dim === "number" ? dim : 0));
  const size = fixed.reduce((product, dim) => product * dim, 1);
  const [height, width] = [fixed.at(-2)!, fixed.at(-1)!];
  const nodes = [node("Cast", [inputName], ["image"], [intAttribute("to", TYPES.float32)])];
  const initializers: Buffer[] = [];
  if (outputs.some(({ picks = [] }) => picks.length > 0)) {
    initializers.push(tensor("flat.shape", "int64", [2], int64s([1, size])));
    nodes.push(node("Reshape", ["image", "flat.shape"], ["flat"]));
  }
  for (const { name, dims, type = "float32", bias, picks = [] } of outputs) {
    const length = bias.length;
    initializers.push(tensor(`${name}.bias`, "float32", [1, length], Float32Array.from(bias)));
    initializers.push(tensor(`${name}.shape`, "int64", [dims.length], int64s(dims)));
    let last = `${name}.bias`;
    if (picks.length > 0) {
      const weights = new Float32Array(size * length);
      for (const { at, channel, y, x, weight } of picks)
        weights[((channel * height + y) * width + x) * length + at]! += weight;
      initializers.push(tensor(`${name}.weight`, "float32", [size, length], weights));
      nodes.push(node("MatMul", ["flat", `${name}.weight`], [`${name}.product`]));
      nodes.push(node("Add", [`${name}.product`, `${name}.bias`], [`${name}.sum`]));
      last = `${name}.sum`;
    }
    nodes.push(node("Reshape", [last, `${name}.shape`], [`${name}.shaped`]));
    nodes.push(node("Cast", [`${name}.shaped`], [name], [intAttribute("to", TYPES[type])]));
  }
  if (ballastBytes > 0) initializers.push(tensor("ballast", "uint8", [ballastBytes], new Uint8Array(ballastBytes)));
  return onnxFile(
    {
      nodes,
      initializers,
      inputs: [valueInfo(inputName, inputType, input), ...moreInputs],
      outputs: outputs.map(({ name, dims, type = "float32" }) => valueInfo(name, type, dims)),
    },
    metadata,
  );
}

/** Boxes of a YOLOv8-shaped output for an input of 32 × 32 (21 cells): each row [x, y, width, height, …scores]. */
export function yolov8Output(rows: readonly (readonly number[])[], picks?: LinearOutput["picks"]): LinearOutput {
  const cells = 21;
  const attributes = rows[0]!.length;
  const bias = Array.from({ length: attributes * cells }, (_, i) => rows[i % cells]?.[Math.floor(i / cells)] ?? 0);
  return { name: "output0", dims: [1, attributes, cells], bias, ...(picks ? { picks } : {}) };
}

/** As Ultralytics writes it. */
export const namesOf = (...names: readonly string[]): Record<string, string> => ({
  names: `{${names.map((name, id) => `${id}: ${name.includes("'") ? `"${name}"` : `'${name}'`}`).join(", ")}}`,
  task: "detect",
  stride: "32",
  imgsz: "[32, 32]",
});

/** A model that never comes back. */
export function endlessOnnx(): Buffer {
  const body = graph({
    nodes: [node("Identity", ["going"], ["goes.on"]), node("Add", ["carried", "carried"], ["carried.next"])],
    inputs: [valueInfo("turn", "int64", []), valueInfo("going", "bool", []), valueInfo("carried", "float32", [1])],
    outputs: [valueInfo("goes.on", "bool", []), valueInfo("carried.next", "float32", [1])],
  });
  return onnxFile({
    nodes: [
      node("ReduceMax", ["images"], ["highest"], [intAttribute("keepdims", 0)]),
      node("Greater", ["highest", "minus"], ["true"]),
      node("Reshape", ["highest", "one.shape"], ["start"]),
      node("Loop", ["", "true", "start"], ["looped"], [graphAttribute("body", body)]),
      node("Reshape", ["looped", "shape"], ["output0"]),
    ],
    initializers: [
      tensor("minus", "float32", [], Float32Array.of(-1)),
      tensor("one.shape", "int64", [1], int64s([1])),
      tensor("shape", "int64", [2], int64s([1, 1])),
    ],
    inputs: [valueInfo("images", "float32", [1, 3, 32, 32])],
    outputs: [valueInfo("output0", "float32", [1, 1])],
  });
}

/** A model that asks for so many bytes when it is run. */
export function hungryOnnx(bytes: number): Buffer {
  return onnxFile({
    nodes: [
      node("Shape", ["images"], ["dims"]), // [1, 3, 32, 32]
      node("Mul", ["dims", "factors"], ["large"]),
      node("ConstantOfShape", ["large"], ["zeros"]),
      node("ReduceMax", ["zeros"], ["highest"], [intsAttribute("axes", [2, 3]), intAttribute("keepdims", 0)]),
      node("Reshape", ["highest", "shape"], ["output0"]),
    ],
    initializers: [
      tensor("factors", "int64", [4], int64s([1, 1, 32, Math.ceil(bytes / (4 * 3 * 1024 * 32))])),
      tensor("shape", "int64", [2], int64s([1, 3])),
    ],
    inputs: [valueInfo("images", "float32", ["batch", 3, 32, 32])],
    outputs: [valueInfo("output0", "float32", [1, 3])],
  });
}
