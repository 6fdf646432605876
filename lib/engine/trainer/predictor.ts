import type { ImageHeader } from "@/lib/engine/decode";
import { extractFeatures, FEATURE_COUNT, FEATURES } from "@/lib/engine/trainer/features";
import { computeConfidences } from "@/lib/engine/trainer/network";
import { parseWeights, WeightsError } from "@/lib/engine/trainer/weights";

export interface Predictor {
  classes: readonly string[];
  /**
   * Every class with its confidence (0 to 1, summing to 1), the highest first; `class_id` is its place in `classes`. Width
   * and height are the image's own, EXIF orientation applied. The same bytes give the same answer to the last bit.
   *
   * The image should be as the training images were: who trained on a version whose preprocessing changes more than the
   * size must preprocess what is shown here, too. `header` is the image's, of who has read it already. Throws ImageDecodeError.
   */
  predict(image: Buffer, header?: ImageHeader): Promise<Prediction>;
}

/** As the inference API presents it. */
export interface Prediction {
  predictions: { class: string; confidence: number; class_id: number }[];
  image: { width: number; height: number };
}

/**
 * Serves weights with plain arithmetic: TensorFlow is not loaded, and any number of predictors can live side by side.
 * Throws WeightsError for bytes that are not weights, or weights of features that this build does not know.
 */
export function createPredictor(bytes: Uint8Array): Predictor {
  const weights = parseWeights(bytes);
  if (weights.features !== FEATURES || weights.inputMean.length !== FEATURE_COUNT) {
    throw new WeightsError(
      `The weights want the image features "${weights.features}", and this build knows "${FEATURES}": train again.`,
    );
  }
  return {
    classes: weights.classes,
    async predict(image, header) {
      const { features, width, height } = await extractFeatures(image, header);
      const confidences = computeConfidences(weights, features);
      const predictions = weights.classes
        .map((name, index) => ({ class: name, confidence: confidences[index]!, class_id: index }))
        .sort((a, b) => b.confidence - a.confidence || a.class_id - b.class_id);
      return { predictions, image: { width, height } };
    },
  };
}
