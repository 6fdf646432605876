import { DomainError } from "@/lib/domain/errors";
import { type ServingModel, weightsPath } from "@/lib/domain/trainings";
import { versionPrefix } from "@/lib/domain/grants";
import { createPredictor, type Prediction, type Predictor } from "@/lib/engine/trainer/predictor";
import { WeightsError } from "@/lib/engine/trainer/weights";
import { blobStore } from "@/lib/platform/blob-store";
import { createCache, type Loaded } from "@/lib/work/cache";
import { showAsVersion } from "./as-version";

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
    `The model "${slug}" is kept here and cannot be asked: only models of this server's own trainer and ONNX files can. Export it to ONNX and hand that in, or download it to use it elsewhere.`,
    {},
    { cause },
  );

async function loadModel({ slug, sizeBytes, preprocessing, ...model }: ServingModel): Promise<Loaded<ServedModel>> {
  if (sizeBytes > KEPT_BYTES_MAX) throw notServable(slug);
  const bytes = await blobStore().get(`${versionPrefix(model.versionId)}${weightsPath(model)}`);
  const predictor = parse(slug, bytes);
  const predict = async (image: Buffer): Promise<Prediction> => {
    const { shown, header, size } = await showAsVersion(preprocessing, image);
    return { ...(await predictor.predict(shown, header)), image: size };
  };
  return { value: { predict }, sizeBytes: bytes.length };
}

function parse(slug: string, bytes: Buffer): Predictor {
  try {
    return createPredictor(bytes);
  } catch (error) {
    throw error instanceof WeightsError ? notServable(slug, error) : error;
  }
}
