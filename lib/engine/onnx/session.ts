import { InferenceSession, Tensor } from "onnxruntime-node";
import { type Card, readCard } from "@/lib/engine/onnx/card";
import {
  type Head,
  type Output,
  readBoxes,
  readConfidences,
  recognizeHead,
  suppress,
  type Found,
} from "@/lib/engine/onnx/heads";
import { type InputForm, type Placement, prepareInput } from "@/lib/engine/onnx/input";
import type { Answer, Asked, OnnxModel } from "@/lib/engine/onnx/model";
import { OnnxError, readOnnx, type OnnxInfo, type TensorInfo } from "@/lib/engine/onnx/proto";

/*
 * An ONNX file as onnxruntime runs it, on one thread: the same image gives the same digits. What comes from elsewhere is
 * run here and nowhere else, and so this belongs into a process of its own (process.ts).
 */

const OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  enableCpuMemArena: false, // what a large image took is given back
  logSeverityLevel: 3,
};

/** The size for a model that takes any, and does not say which it was trained with. */
const SIDE_PX = 640;
const PIXELS_MAX = 4096 * 4096;

export interface OpenModel {
  ask(image: Buffer, asked: Asked): Promise<Answer>;
}

/** Opens a file that inspectOnnx has looked at before. Throws OnnxError. */
export async function openOnnx(file: string, model: OnnxModel): Promise<OpenModel> {
  const session = await createSession(file);
  return { ask: (image, asked) => ask(session, model, image, asked) };
}

/**
 * Looks at a file that somebody handed in: reads what it says, loads it, and runs it once over an empty image. `json` is
 * the model.json beside it. Throws OnnxError with what to do.
 */
export async function inspectOnnx(file: string, json: string | null): Promise<OnnxModel> {
  const info = readOnnx(file);
  const card = await readCard(info.metadata, json);
  const { form, sizes } = chooseInput(info, card);
  const session = await createSession(file);
  const outputs = await run(session, { input: form, sizes }, emptyInput(form));
  const head = recognizeHead([...outputs.values()], form, card);
  return {
    head,
    input: { ...form, ...howShown(head, card) },
    sizes,
    classes: nameClasses(head, card),
    opset: info.opset,
    producer: info.producer,
  };
}

async function createSession(file: string): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(file, OPTIONS);
  } catch (error) {
    throw new OnnxError(`onnxruntime cannot load this ONNX file: ${firstLine(error)}`, { cause: error });
  }
}

/** What onnxruntime says goes on for pages. */
const firstLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.slice(0, 300);

// ── The input ────────────────────────────────────────────────────────────────────────────────────────────────────────

const describe = ({ name, type, dims }: TensorInfo): string =>
  `"${name}" ${type} [${dims.map((dim) => dim ?? "?").join(", ")}]`;

type Shown = Pick<InputForm, "resize" | "mean" | "std" | "pad">;
const AS_IT_IS: Shown = { resize: "stretch", mean: [0], std: [1], pad: 0 };

function chooseInput({ inputs }: OnnxInfo, card: Card): { form: InputForm; sizes: string | null } {
  const sizes = inputs.find(({ name, type }) => name === "orig_target_sizes" && type === "int64");
  const [image, ...others] = inputs.filter((input) => input !== sizes);
  const unfit = (why: string): OnnxError =>
    new OnnxError(
      `${why}: ${inputs.map(describe).join(", ")}. Export it with one image as its input, float32 [1, 3, height, width].`,
    );
  if (!image || others.length > 0) throw unfit("The model has other inputs than an image");
  const { type, dims } = image;
  if (type !== "float32" && type !== "uint8") throw unfit("The model takes numbers that are not served");
  if (dims.length !== 3 && dims.length !== 4) throw unfit("The model's input is no image");
  if (dims.length === 4 && dims[0] !== null && dims[0] !== 1) throw unfit("The model takes several images at once");
  const [channels, height, width] = dims.slice(-3) as [number | null, number | null, number | null];
  if (channels !== null && channels !== 1 && channels !== 3) throw unfit("The model's input has no place for channels");
  const form: InputForm = {
    name: image.name,
    type,
    rank: dims.length,
    channels: channels ?? 3,
    width: width ?? card.width ?? SIDE_PX,
    height: height ?? card.height ?? SIDE_PX,
    ...AS_IT_IS,
  };
  if (form.width * form.height > PIXELS_MAX) throw unfit("The model's input is too large");
  return { form, sizes: sizes?.name ?? null };
}

const IMAGENET = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
/** The grey that Ultralytics fills edges with. */
const YOLO_PAD = 114;

/** How images are shown to this family, unless its model.json says otherwise. */
function howShown(head: Head, card: Card): Shown {
  const shown = family(head, card);
  return {
    resize: card.resize ?? shown.resize,
    mean: card.mean ?? shown.mean,
    std: card.std ?? shown.std,
    pad: shown.pad,
  };
}

function family(head: Head, card: Card): Shown {
  switch (head.kind) {
    case "yolov5":
    case "yolov8":
    case "end2end":
      return { ...AS_IT_IS, resize: "letterbox", pad: YOLO_PAD };
    case "torchvision":
      return { ...AS_IT_IS, resize: "letterbox" };
    case "rtdetr":
    case "postprocessed":
      return AS_IT_IS;
    case "detr": // DETR and RF-DETR learn on ImageNet's scale, RT-DETR on 0 to 1
      return head.scores === "softmax" || head.boxes === "dets" ? { ...AS_IT_IS, ...IMAGENET } : AS_IT_IS;
    case "classification":
      return card.task === "classify" ? { ...AS_IT_IS, resize: "crop" } : { ...AS_IT_IS, ...IMAGENET, resize: "crop" };
  }
}

/** Each class's name, by its number; a number where nobody gave one. */
function nameClasses(head: Head, card: Card): string[] {
  let names = card.classes ?? new Map<number, string>();
  // torchvision's first class is the background, which is never found
  if (head.kind === "torchvision" && (!names.has(0) || /^_*background_*$/i.test(names.get(0)!)))
    names = new Map([...names].filter(([id]) => id > 0).map(([id, name]) => [id - 1, name]));
  const count = Math.max(head.kind === "detr" ? head.used : (head.classes ?? 0), ...[...names.keys()].map((id) => id + 1)); // prettier-ignore
  return Array.from({ length: count }, (_, id) => names.get(id) ?? String(id));
}

// ── Running ──────────────────────────────────────────────────────────────────────────────────────────────────────────

const emptyInput = ({ type, channels, width, height }: InputForm): Float32Array | Uint8Array =>
  type === "uint8" ? new Uint8Array(channels * width * height) : new Float32Array(channels * width * height);

async function run(
  session: InferenceSession,
  { input, sizes }: Pick<OnnxModel, "input" | "sizes">,
  data: Float32Array | Uint8Array,
): Promise<Map<string, Output>> {
  const { type, rank, channels, width, height } = input;
  const dims = [...(rank === 4 ? [1] : []), channels, height, width];
  const feeds: Record<string, Tensor> = { [input.name]: new Tensor(type, data as never, dims) };
  if (sizes !== null) feeds[sizes] = new Tensor("int64", BigInt64Array.from([BigInt(width), BigInt(height)]), [1, 2]);
  try {
    const answered = await session.run(feeds);
    return new Map(
      Object.entries(answered).map(([name, tensor]) => [
        name,
        { name, type: tensor.type, dims: tensor.dims, data: tensor.data as Float32Array },
      ]),
    );
  } catch (error) {
    throw new OnnxError(`The model cannot be run: ${firstLine(error)}`, { cause: error });
  }
}

async function ask(
  session: InferenceSession,
  model: OnnxModel,
  image: Buffer,
  { confidence, overlap }: Asked,
): Promise<Answer> {
  const { data, placement } = await prepareInput(image, model.input);
  const outputs = await run(session, model, data);
  const { head, input } = model;
  if (head.kind === "classification")
    return { kind: "classes", confidences: readConfidences(outputs.get(head.output)!), image: placement.image };
  const found = suppress(readBoxes(head, outputs, input, confidence), overlap);
  return { kind: "boxes", boxes: found.flatMap((one) => toImage(one, placement)), image: placement.image };
}

/** The box in pixels of the image, cut to it; none where it lies on the edges only. */
function toImage(found: Found, { left, top, scaleX, scaleY, image }: Placement): Found[] {
  const within = (value: number, limit: number) => Math.min(Math.max(value, 0), limit);
  const box = {
    ...found,
    left: within((found.left - left) / scaleX, image.width),
    right: within((found.right - left) / scaleX, image.width),
    top: within((found.top - top) / scaleY, image.height),
    bottom: within((found.bottom - top) / scaleY, image.height),
  };
  return box.right > box.left && box.bottom > box.top ? [box] : [];
}
