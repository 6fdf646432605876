import { DomainError } from "@/lib/domain/errors";
import { type ServingModel, weightsPath } from "@/lib/domain/trainings";
import { versionPrefix } from "@/lib/domain/grants";
import { readHeader } from "@/lib/engine/decode";
import { renderOutputs } from "@/lib/engine/generate";
import { planOutputs } from "@/lib/engine/plan";
import { preprocessingSchema, type Preprocessing } from "@/lib/engine/settings";
import { createPredictor, type Prediction, type Predictor } from "@/lib/engine/trainer/predictor";
import { WeightsError } from "@/lib/engine/trainer/weights";
import { blobStore } from "@/lib/platform/blob-store";
import { createCache, type Loaded } from "@/lib/work/cache";

/** Weights of all models that this process holds in memory. */
const KEPT_BYTES_MAX = 256 * 1024 ** 2;

/** A model in memory. */
export interface ServedModel {
  /** As Predictor's, for an image that nothing was done to yet. Throws ImageDecodeError. */
  predict(image: Buffer): Promise<Prediction>;
}

const keep = createCache<ServedModel>(KEPT_BYTES_MAX);

/** The model, from memory or the store. Whether it may serve, the caller asked before. Throws `not_servable`, BlobNotFoundError. */
export const openModel = (model: ServingModel): Promise<ServedModel> => keep(model.id, () => loadModel(model));

/** Why a model cannot be asked here, though it is live. */
export const notServable = (slug: string, cause?: unknown): DomainError =>
  new DomainError(
    "not_servable",
    `The model "${slug}" has no weights of this server's own trainer, and no others can be served here. Download them to use them elsewhere.`,
    {},
    { cause },
  );

async function loadModel({ slug, sizeBytes, preprocessing, ...model }: ServingModel): Promise<Loaded<ServedModel>> {
  if (sizeBytes > KEPT_BYTES_MAX) throw notServable(slug);
  const bytes = await blobStore().get(`${versionPrefix(model.versionId)}${weightsPath(model)}`);
  const predictor = parse(slug, bytes);
  const settings = preprocessingSchema.parse(preprocessing);
  return { value: { predict: (image) => predictAsVersion(predictor, settings, image) }, sizeBytes: bytes.length };
}

function parse(slug: string, bytes: Buffer): Predictor {
  try {
    return createPredictor(bytes);
  } catch (error) {
    throw error instanceof WeightsError ? notServable(slug, error) : error;
  }
}

/**
 * Shows the predictor the image as the version's own test images went to the trainer, file format and all, so that an image
 * of the project gets the answer that its file in the version gets. Of a version in tiles it sees the whole image. Steps
 * that change no pixels are spared: small images are asked for most.
 */
async function predictAsVersion(predictor: Predictor, settings: Preprocessing, image: Buffer): Promise<Prediction> {
  const { tile: _tile, "filter-null": _filter, remap: _remap, ...steps } = settings;
  const header = await readHeader(image);
  const { contentType, orientation, width, height } = header;
  const { "auto-orient": upright, ...others } = steps;
  const changed =
    (orientation !== 1 && upright !== true) ||
    Object.values(others).some((step) => step !== undefined && step !== false);
  if (!changed) return predictor.predict(image, header);
  const { predictions } = await predictor.predict(await render(image, contentType, steps));
  return { predictions, image: { width, height } };
}

async function render(image: Buffer, contentType: string, preprocessing: Preprocessing): Promise<Buffer> {
  const settings = { preprocessing, augmentation: {}, seed: 0 };
  const asked = { id: "asked", split: "test", boxes: [] } as const;
  for await (const { bytes } of renderOutputs(image, asked, planOutputs({ ...asked, contentType }, settings), settings))
    return bytes;
  throw new Error("An image without tiles gave no output.");
}
