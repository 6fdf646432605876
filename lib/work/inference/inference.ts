import { createHash } from "node:crypto";
import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getServingModel, type ModelRef, type ServingModel } from "@/lib/domain/trainings";
import { ImageDecodeError, RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import type { Prediction } from "@/lib/engine/trainer/predictor";
import { BlobNotFoundError } from "@/lib/platform/blob-store";
import { createGate } from "@/lib/work/gate";
import type { StoredOnnx } from "@/lib/work/models/weights";
import { showAsVersion, type Shown } from "./as-version";
import { type BoxPrediction, presentBoxes } from "./boxes";
import { countCall } from "./calls";
import { notServable, openModel, type ServedModel } from "./models";
import { askOnnx } from "./onnx";

/** Calls that this process works on at once, and how many may wait for one of them to end. */
const admitting = createGate(RENDERS_IN_FLIGHT + 8, 64);
/** Images that it decodes at once; meanwhile others ask the database. */
const predicting = createGate(RENDERS_IN_FLIGHT);
/** What the database said of a model this long ago is asked again. */
const STALE_MS = 100;

/** How an image is asked for. */
export interface Wanted {
  /** 0 to 1: what is less certain is left out. */
  confidence: number;
  /** 0 to 1: the most that a box may cover of a more confident one of its class. */
  overlap?: number;
  /** Only these; [] is all. */
  classes?: readonly string[];
}

interface AnswerBase {
  image: { width: number; height: number };
  inference_id: string;
  /** Seconds that the prediction took here. */
  time: number;
}

/** As it goes over the wire: of a classifier, classes, the most confident first; `top` is the first of them. */
export interface ClassAnswer extends AnswerBase {
  predictions: Prediction["predictions"];
  top: string;
  confidence: number;
}

/** Of a detector, boxes, the most confident first. */
export interface BoxAnswer extends AnswerBase {
  predictions: BoxPrediction[];
}

export type InferenceAnswer = ClassAnswer | BoxAnswer;

const OVERLAP = 0.3;

/**
 * What a model says of an image: a classifier the classes at least as confident as `confidence`, and always the first; a
 * detector the boxes. Of those in `classes` where some are named, which must be the model's. Asks the
 * database at each call, and again when it had to wait, whether the model serves, so that no process answers for one that
 * went to Trash; after a restore the same image gets the same digits. Counts the call.
 *
 * Throws as getServingModel does, `not_servable`, `unreadable_image`, `invalid_input` for classes that it does not have, and `busy` when too many wait already.
 */
export async function predict(ctx: Context, ref: ModelRef, image: Buffer, wanted: Wanted): Promise<InferenceAnswer> {
  const startedAt = performance.now();
  const asked = await admitting(async () => {
    const model = await getServingModel(ctx, ref);
    if (model.onnx === null) return { model, answer: await askOwn(ctx, ref, model, image, wanted) };
    assertKnown((model.onnx as StoredOnnx).classes, wanted.classes);
    return { model, shown: await predicting(() => show(model, image)) };
  });
  const answer = "answer" in asked ? asked.answer : await askOther(ctx, ref, asked.model, image, asked.shown, wanted);
  countCall(asked.model.id, ctx.now);
  return {
    ...answer,
    inference_id: ctx.requestId,
    time: Math.round(performance.now() - startedAt) / 1000,
  };
}

type Said = Omit<ClassAnswer, "inference_id" | "time"> | Omit<BoxAnswer, "inference_id" | "time">;

/** A model of our own trainer, in this process. */
async function askOwn(ctx: Context, ref: ModelRef, found: ServingModel, image: Buffer, wanted: Wanted): Promise<Said> {
  const askedAt = performance.now();
  const { predictions, image: size } = await predicting(async () => {
    const model = performance.now() - askedAt > STALE_MS ? await getServingModel(ctx, ref) : found;
    return ask(await open(ctx, ref, model), image);
  });
  return sayClasses(predictions, size, wanted);
}

/** An ONNX file, in a process of its own: however long that takes, it holds no place that others wait for. */
async function askOther(
  ctx: Context,
  ref: ModelRef,
  model: ServingModel,
  image: Buffer,
  { shown, size, back }: Shown,
  wanted: Wanted,
): Promise<Said> {
  const { classes } = model.onnx as StoredOnnx; // written by storeAndInspect alone
  let askedAt = performance.now();
  /** Once more, when the last answer of the database is old. The default of a version may have changed: this one is asked. */
  async function look(): Promise<void> {
    if (performance.now() - askedAt <= STALE_MS) return;
    askedAt = performance.now();
    await getServingModel(ctx, { workspaceSlug: ref.workspaceSlug, modelSlug: model.slug });
  }
  const { confidence, overlap = OVERLAP } = wanted;
  const answer = await askOnnx(model, shown, { confidence, overlap }, look).catch(explain);
  await look(); // it may have gone to Trash while the model was at work
  if (answer.kind === "classes") {
    const predictions = answer.confidences
      .map((share, id) => ({ class: classes[id] ?? String(id), confidence: share, class_id: id }))
      .sort((a, b) => b.confidence - a.confidence || a.class_id - b.class_id);
    return sayClasses(predictions, size, wanted);
  }
  const seed = `${model.id}:${createHash("sha256").update(image).digest("hex")}`;
  const boxes = presentBoxes(answer.boxes, { back, size, classes, seed });
  const names = wanted.classes ?? [];
  return { predictions: names.length === 0 ? boxes : boxes.filter((box) => names.includes(box.class)), image: size };

  async function explain(error: unknown): Promise<never> {
    if (error instanceof ImageDecodeError) throw new DomainError("unreadable_image", error.message, { ...error.why });
    if (!(error instanceof BlobNotFoundError)) throw error;
    await getServingModel(ctx, ref); // throws when it was purged just now
    throw notServable(model.slug, error);
  }
}

async function show(model: ServingModel, image: Buffer): Promise<Shown> {
  try {
    return await showAsVersion(model.preprocessing, image);
  } catch (error) {
    if (error instanceof ImageDecodeError) throw new DomainError("unreadable_image", error.message, { ...error.why });
    throw error;
  }
}

function sayClasses(
  predictions: Prediction["predictions"],
  image: { width: number; height: number },
  { confidence, classes = [] }: Wanted,
): Said {
  assertKnown(predictions.map((one) => one.class), classes); // prettier-ignore
  const asked = classes.length === 0 ? predictions : predictions.filter((one) => classes.includes(one.class));
  const [top] = asked;
  return {
    predictions: asked.filter((one) => one === top || one.confidence >= confidence),
    top: top!.class, // weights have two classes at least
    confidence: top!.confidence,
    image,
  };
}

function assertKnown(known: readonly string[], classes: readonly string[] = []): void {
  const unknown = classes.find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new DomainError("invalid_input", `The model has no class "${unknown}". Name classes that it has, or none.`, {
      field: "classes",
    });
}

async function open(ctx: Context, ref: ModelRef, model: ServingModel): Promise<ServedModel> {
  try {
    return await openModel(model);
  } catch (error) {
    if (!(error instanceof BlobNotFoundError)) throw error;
    await getServingModel(ctx, ref); // throws when it was purged just now
    throw notServable(model.slug, error);
  }
}

async function ask(model: ServedModel, image: Buffer): Promise<Prediction> {
  try {
    return await model.predict(image);
  } catch (error) {
    if (error instanceof ImageDecodeError) throw new DomainError("unreadable_image", error.message, { ...error.why });
    throw error;
  }
}
