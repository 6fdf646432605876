import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/*
 * What an ONNX file says of itself, read from its protobuf (onnx/onnx.proto) in place: weights are stepped over, so that a
 * file of gigabytes costs a window of memory, and nothing of it is run.
 */

/** The file cannot be served; the message is a sentence for whoever handed it in. */
export class OnnxError extends Error {
  override readonly name = "OnnxError";
}

/** TensorProto.DataType, as far as inputs and outputs of models that we serve have them. */
const ELEMENT_TYPES = new Map([
  [1, "float32"],
  [2, "uint8"],
  [6, "int32"],
  [7, "int64"],
  [10, "float16"],
  [11, "float64"],
]);

export interface TensorInfo {
  name: string;
  /** "float32" and the like; "other" for what no model that we serve has. */
  type: string;
  /** null where it is not fixed. */
  dims: (number | null)[];
}

export interface OnnxInfo {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  /** Of the standard operators. */
  opset: number;
  producer: string;
  /** As exporters write it: Ultralytics has `names`, `imgsz`, `stride`, `task`. */
  metadata: Map<string, string>;
}

const WINDOW_BYTES = 64 * 1024;
/** Names and descriptions; Ultralytics' longest value has some kilobytes. */
const TEXT_BYTES_MAX = 1024 ** 2;
/** Graphs within nodes of graphs. */
const DEPTH_MAX = 32;

const notOnnx = (why: string): OnnxError =>
  new OnnxError(`This is not an ONNX file that can be read: ${why}. Export the model again.`);

/** Reads the file at `path`. Throws OnnxError for one that is broken, or whose weights lie in other files. */
export function readOnnx(path: string): OnnxInfo {
  const file = openSync(path, "r");
  try {
    return readModel(new Cursor(file, fstatSync(file).size));
  } finally {
    closeSync(file);
  }
}

/** Reads forwards through a file, a window at a time. */
class Cursor {
  readonly #window = Buffer.alloc(WINDOW_BYTES);
  #windowAt = 0;
  #held = 0;
  at = 0;

  constructor(
    private readonly file: number,
    readonly sizeBytes: number,
  ) {}

  byte(): number {
    let offset = this.at - this.#windowAt;
    if (offset < 0 || offset >= this.#held) {
      this.#windowAt = this.at;
      this.#held = readSync(this.file, this.#window, 0, WINDOW_BYTES, this.at);
      if (this.#held === 0) throw notOnnx("it is cut off");
      offset = 0;
    }
    this.at += 1;
    return this.#window[offset]!;
  }

  /** Of 64 bits; as a number, exact up to 2^53. Negative ones, which have ten bytes, come out negative. */
  varint(): number {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw notOnnx("a number in it does not end");
  }

  text(end: number): string {
    const length = end - this.at;
    if (length > TEXT_BYTES_MAX) throw notOnnx("a name in it is too long");
    const bytes = Buffer.alloc(length);
    for (let read = 0; read < length;) {
      const count = readSync(this.file, bytes, read, length - read, this.at + read);
      if (count === 0) throw notOnnx("it is cut off");
      read += count;
    }
    this.at = end;
    return bytes.toString("utf8");
  }
}

/** A field's value: its number, or where its bytes end, with the cursor at their beginning. */
type Field = { number: number } | { end: number };

/** Calls `take` for each field of the message that ends at `end`; what it does not read is stepped over. */
function readFields(cursor: Cursor, end: number, take: (field: number, value: Field) => void): void {
  while (cursor.at < end) {
    const key = cursor.varint();
    const wire = key & 7;
    const field = Math.floor(key / 8);
    if (wire === 0) take(field, { number: cursor.varint() });
    else if (wire === 1) cursor.at += 8;
    else if (wire === 5) cursor.at += 4;
    else if (wire === 2) {
      const length = cursor.varint();
      const valueEnd = cursor.at + length;
      if (length < 0 || valueEnd > end) throw notOnnx("it is cut off");
      take(field, { end: valueEnd });
      cursor.at = valueEnd;
    } else throw notOnnx("it is no protobuf");
    if (field <= 0) throw notOnnx("it is no protobuf");
  }
  if (cursor.at !== end) throw notOnnx("it is cut off");
}

const endOf = (value: Field): number => {
  if ("end" in value) return value.end;
  throw notOnnx("a part of it has the wrong form");
};
const numberOf = (value: Field): number => {
  if ("number" in value) return value.number;
  throw notOnnx("a part of it has the wrong form");
};

function readModel(cursor: Cursor): OnnxInfo {
  const metadata = new Map<string, string>();
  const graphs: Graph[] = [];
  let [producer, opset] = ["", 0];
  readFields(cursor, cursor.sizeBytes, (field, value) => {
    if (field === 2) producer = cursor.text(endOf(value));
    else if (field === 7) graphs.push(readGraph(cursor, endOf(value), 0));
    else if (field === 8) opset = Math.max(opset, readOpset(cursor, endOf(value)));
    else if (field === 14) {
      const [key, text] = readPair(cursor, endOf(value));
      metadata.set(key, text);
    } else if (field === 25) readFunction(cursor, endOf(value));
  });
  const [graph] = graphs;
  if (graphs.length !== 1 || !graph) throw notOnnx("it has no graph");
  if (opset === 0) throw notOnnx("it does not say which operators it uses");
  const inputs = graph.inputs.filter(({ name }) => !graph.initializers.has(name)); // older exporters list weights as inputs
  if (inputs.length === 0 || graph.outputs.length === 0) throw notOnnx("it has no input, or no output");
  return { inputs, outputs: graph.outputs, opset, producer, metadata };
}

/** Of the standard operators; 0 for another domain's. */
function readOpset(cursor: Cursor, end: number): number {
  let [domain, version] = ["", 0];
  readFields(cursor, end, (field, value) => {
    if (field === 1) domain = cursor.text(endOf(value));
    else if (field === 2) version = numberOf(value);
  });
  return domain === "" || domain === "ai.onnx" ? version : 0;
}

function readPair(cursor: Cursor, end: number): [key: string, value: string] {
  let [key, text] = ["", ""];
  readFields(cursor, end, (field, value) => {
    if (field === 1) key = cursor.text(endOf(value));
    else if (field === 2) text = cursor.text(endOf(value));
  });
  return [key, text];
}

interface Graph {
  inputs: TensorInfo[];
  outputs: TensorInfo[];
  initializers: Set<string>;
}

function readGraph(cursor: Cursor, end: number, depth: number): Graph {
  if (depth > DEPTH_MAX) throw notOnnx("it is nested too deeply");
  const graph: Graph = { inputs: [], outputs: [], initializers: new Set() };
  readFields(cursor, end, (field, value) => {
    if (field === 1) readNode(cursor, endOf(value), depth);
    else if (field === 5) graph.initializers.add(readTensor(cursor, endOf(value)));
    else if (field === 15) graph.initializers.add(readSparse(cursor, endOf(value)));
    else if (field === 11) graph.inputs.push(readValueInfo(cursor, endOf(value)));
    else if (field === 12) graph.outputs.push(readValueInfo(cursor, endOf(value)));
  });
  return graph;
}

function readFunction(cursor: Cursor, end: number): void {
  readFields(cursor, end, (field, value) => {
    if (field === 7) readNode(cursor, endOf(value), 0);
  });
}

/** For its attributes, which may hold tensors and graphs. */
function readNode(cursor: Cursor, end: number, depth: number): void {
  readFields(cursor, end, (field, value) => {
    if (field !== 5) return;
    readFields(cursor, endOf(value), (part, held) => {
      if (part === 5 || part === 10) readTensor(cursor, endOf(held));
      else if (part === 22 || part === 23) readSparse(cursor, endOf(held));
      else if (part === 6 || part === 11) readGraph(cursor, endOf(held), depth + 1);
    });
  });
}

/** Answers its name. Throws for one whose numbers lie in another file: it would be looked for beside ours. */
function readTensor(cursor: Cursor, end: number): string {
  let name = "";
  readFields(cursor, end, (field, value) => {
    if (field === 8) name = cursor.text(endOf(value));
    else if (field === 13 || (field === 14 && numberOf(value) === 1))
      throw new OnnxError(
        'The weights of this ONNX file lie in another file ("external data"), which is not here. Save the model as one file, with onnx.save(model, path, save_as_external_data=False).',
      );
  });
  return name;
}

function readSparse(cursor: Cursor, end: number): string {
  let name = "";
  readFields(cursor, end, (field, value) => {
    if (field === 1) name = readTensor(cursor, endOf(value));
    else if (field === 2) readTensor(cursor, endOf(value));
  });
  return name;
}

function readValueInfo(cursor: Cursor, end: number): TensorInfo {
  const info: TensorInfo = { name: "", type: "other", dims: [] };
  const readDim = (dimEnd: number) => {
    let size: number | null = null;
    readFields(cursor, dimEnd, (field, value) => {
      if (field === 1) size = numberOf(value) > 0 ? numberOf(value) : null;
    });
    info.dims.push(size);
  };
  const readTensorType = (typeEnd: number) =>
    readFields(cursor, typeEnd, (field, value) => {
      if (field === 1) info.type = ELEMENT_TYPES.get(numberOf(value)) ?? "other";
      else if (field === 2) readFields(cursor, endOf(value), (part, dim) => part === 1 && readDim(endOf(dim)));
    });
  readFields(cursor, end, (field, value) => {
    if (field === 1) info.name = cursor.text(endOf(value));
    else if (field === 2) readFields(cursor, endOf(value), (part, held) => part === 1 && readTensorType(endOf(held)));
  });
  return info;
}
