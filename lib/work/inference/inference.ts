import type { Context } from "@/lib/domain/context";
import { DomainError } from "@/lib/domain/errors";
import { getServingModel, type ModelRef, type ServingModel } from "@/lib/domain/trainings";
import { ImageDecodeError, RENDERS_IN_FLIGHT } from "@/lib/engine/generate";
import type { Prediction } from "@/lib/engine/trainer/predictor";
import { BlobNotFoundError } from "@/lib/platform/blob-store";
import { createGate } from "@/lib/work/gate";
import { countCall } from "./calls";
import { notServable, openModel, type ServedModel } from "./models";

/** Calls that this process works on at once, and how many may wait for one of them to end. */
const admitting = createGate(RENDERS_IN_FLIGHT + 8, 64);
/** Images that it decodes at once; meanwhile others ask the database. */
const predicting = createGate(RENDERS_IN_FLIGHT);
/** What the database said of a model this long ago is asked again. */
const STALE_MS = 100;

/** As it goes over the wire. */
export interface InferenceAnswer extends Prediction {
  /** The most confident class, and how confident. */
  top: string;
  confidence: number;
  inference_id: string;
  /** Seconds that the prediction took here. */
  time: number;
}

/**
 * What a model says of an image: the classes at least as confident as `confidence` (0 to 1), and always the first; of those
 * in `classes` where some are named, which must be the model's. Asks the
 * database at each call, and again when it had to wait, whether the model serves, so that no process answers for one that
 * went to Trash; after a restore the same image gets the same digits. Counts the call.
 *
 * Throws as getServingModel does, `not_servable`, `unreadable_image`, `invalid_input` for classes that it does not have, and `busy` when too many wait already.
 */
export async function predict(
  ctx: Context,
  ref: ModelRef,
  image: Buffer,
  { confidence, classes = [] }: { confidence: number; classes?: readonly string[] },
): Promise<InferenceAnswer> {
  const startedAt = performance.now();
  const { model, prediction } = await admitting(async () => {
    const askedAt = performance.now();
    const found = await getServingModel(ctx, ref);
    return predicting(async () => {
      const model = performance.now() - askedAt > STALE_MS ? await getServingModel(ctx, ref) : found;
      return { model, prediction: await ask(await open(ctx, ref, model), image) };
    });
  });
  countCall(model.id, ctx.now);
  const asked = only(prediction.predictions, classes);
  const [top] = asked;
  return {
    predictions: asked.filter((one) => one === top || one.confidence >= confidence),
    top: top!.class, // weights have two classes at least
    confidence: top!.confidence,
    image: prediction.image,
    inference_id: ctx.requestId,
    time: Math.round(performance.now() - startedAt) / 1000,
  };
}

function only(predictions: Prediction["predictions"], classes: readonly string[]): Prediction["predictions"] {
  const known = new Set(predictions.map((one) => one.class));
  const unknown = classes.find((name) => !known.has(name));
  if (unknown !== undefined)
    throw new DomainError("invalid_input", `The model has no class "${unknown}". Name classes that it has, or none.`, {
      field: "classes",
    });
  return classes.length === 0 ? predictions : predictions.filter((one) => classes.includes(one.class));
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
