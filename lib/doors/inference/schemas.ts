import { z } from "zod";
import { count, modelSlug, share, slug, versionNumber } from "@/lib/doors/fields";

/** `project/3` is the default model of a version, in the key's workspace; `workspace/hard-hats-3-1` a model by its own name. */
export const inferenceParams = z.object({
  owner: slug.meta({ description: "A project of the key's workspace, or the workspace itself." }),
  model: z.union([versionNumber, modelSlug.meta({ description: "The model's slug.", examples: ["hard-hats-3-1"] })]),
});

/** A percentage from 1 on, below 1 a share, as the client's own inference server reads it. */
const percentage = z
  .string()
  .transform(Number)
  .refine((value) => value >= 0 && value <= 100, "must be a number from 0 to 100")
  .transform((value) => (value >= 1 ? value / 100 : value));

export const inferenceQuery = z.object({
  confidence: percentage.default(0.4).meta({
    description:
      "Boxes and classes less confident than this are left out, save a classifier's first: a percentage from 1 on, below 1 a share. 40 unless given.",
  }),
  overlap: percentage.default(0.3).meta({
    description:
      "A box goes that covers a more confident one of its class by more than this (intersection over union): a percentage from 1 on, below 1 a share. 30 unless given.",
  }),
  classes: z
    .string()
    .max(10_000, "is too long")
    .transform((names) => names.split(",").map((name) => name.trim()))
    .transform((names) => names.filter((name) => name !== ""))
    .default([])
    .meta({ description: "Only these classes of the model, separated by commas; all unless given." }),
  format: z
    .literal("json", { error: "must be json: pictures with predictions drawn on them are not made here" })
    .default("json"),
  image: z.string().max(4096, "is too long").optional().meta({
    description: "The URL of an image, instead of a body; only of hosts that the server's INFER_IMAGE_HOSTS lists.",
  }),
});

/** What a signed-in browser says of the image that it sends. */
export const tryQuery = inferenceQuery
  .pick({ confidence: true, overlap: true })
  .extend({ model: modelSlug.optional() });

const pixels = z.number().min(0).meta({ description: "Pixels of the image that was sent, EXIF orientation applied." });

const answered = {
  image: z.strictObject({ width: count, height: count }),
  inference_id: z.string(),
  time: z.number().min(0).meta({ description: "Seconds." }),
};

/** Of a classifier, or of a detector. */
export const inferenceAnswer = z.union([
  z.strictObject({
    predictions: z
      .array(z.strictObject({ class: z.string(), class_id: count, confidence: share }))
      .meta({ description: "The most confident first." }),
    top: z.string(),
    confidence: share,
    ...answered,
  }),
  z.strictObject({
    predictions: z
      .array(
        z.strictObject({
          x: pixels,
          y: pixels,
          width: pixels,
          height: pixels,
          class: z.string(),
          class_id: count,
          confidence: share,
          detection_id: z.string(),
        }),
      )
      .meta({ description: "Boxes, x and y their centres; the most confident first." }),
    ...answered,
  }),
]);
