import { z } from "zod";
import { IMAGES_PER_REMOVAL_MAX } from "@/lib/domain/limits";
import { count, projectParams, slug, splits, splitWord } from "@/lib/doors/fields";

export const datasetParams = z.object({ project: slug });

export const imageParams = datasetParams.extend({ image: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) });

const wholeNumber = z
  .string()
  .regex(/^[0-9]{1,9}$/, "must be a whole number")
  .transform(Number)
  .optional();

export const uploadQuery = z.object({
  tag: z.array(z.string()).meta({ description: "A tag; may stand many times." }),
  batch: z.string().optional().meta({ description: "The name of the batch that the image belongs to." }),
  sequence_number: wholeNumber.meta({ description: "Its place in a recording; with `sequence_size`." }),
  sequence_size: wholeNumber.meta({ description: "How many images the recording has." }),
  image: z
    .string()
    .max(4_000)
    .optional()
    .meta({ description: "Instead of a form: a URL that the server fetches, of a host that INFER_IMAGE_HOSTS lists." }),
  name: z.string().max(4_096).optional().meta({ description: "With `image`: what it is called." }),
  split: splitWord.optional().meta({ description: "With `image`. `val` is valid." }),
  metadata: z.string().max(65_536).optional().meta({ description: "With `image`: a JSON object." }),
});

const flag = z
  .enum(["true", "false"], { error: "must be true or false" })
  .transform((value) => value === "true")
  .default(false);

export const annotationQuery = z.object({
  name: z
    .string()
    .max(1000, "is too long")
    .default("")
    .meta({ description: "What the annotation file is called; its extension tells YOLO's .txt from the others." }),
  overwrite: flag.meta({ description: "Replace what the image is annotated with; without it that is 409." }),
  prediction: flag.meta({ description: "Not supported: what is sent counts as the truth." }),
});

export const annotationBody = z.object(
  {
    annotationFile: z
      .string({
        error: (issue) =>
          issue.input === undefined ? "is missing" : "must be a string: the text of the annotation file",
      })
      .meta({ description: "COCO JSON, Pascal VOC XML or YOLO text; in a classification project the class." }),
    labelmap: z
      .union([z.record(z.string(), z.string()), z.array(z.string())], { error: "must map class numbers to names" })
      .nullish()
      .meta({ description: "Class names by number, for YOLO." }),
  },
  { error: "must be a JSON object" },
);

export const uploadAnswer = z.union([
  z.strictObject({
    success: z.literal(true),
    id: z.string(),
    notes: z
      .array(z.strictObject({ code: z.enum(["damaged", "first_frame"]), message: z.string() }))
      .optional()
      .meta({ description: "What is to be known of how it was taken: a damaged JPEG, the first of several frames." }),
  }),
  z.strictObject({ duplicate: z.literal(true), id: z.string(), restored: z.literal(true).optional() }).meta({
    description:
      "The project has these bytes already: the id is that image's. `restored`: it waited in Trash, and is back as it was.",
  }),
]);

const problems = z.array(z.strictObject({ code: z.string(), count, message: z.string() }));

export const annotationAnswer = z.union([
  z.strictObject({
    success: z.literal(true),
    problems: problems
      .optional()
      .meta({ description: "What was kept otherwise than it is in the file: polygons as boxes, for example." }),
  }),
  z
    .strictObject({ success: z.literal(false), error: z.string(), saved: count, lost: count, problems })
    .meta({ description: "A part could not be taken: `saved` boxes are the image's now, `lost` are not." }),
]);

export const removalBody = z.object(
  {
    images: z
      .array(z.string({ error: "must be an image's id" }).regex(/^[\x21-\x7e]{1,200}$/, "must be an image's id"), {
        error: (issue) => (issue.input === undefined ? "is missing" : "must be a list of images' ids"),
      })
      .min(1, "must name an image")
      .max(IMAGES_PER_REMOVAL_MAX, `may name at most ${IMAGES_PER_REMOVAL_MAX} images`),
  },
  { error: "must be a JSON object" },
);

/** Ids of a removal, and JSON around them. */
export const REMOVAL_BYTES_MAX = 2 * 1024 * 1024;

export const removalAnswer = z.strictObject({
  deleted: count.meta({ description: "Images that are in Trash now." }),
  skipped: count.meta({ description: "Ids of no image of a live project of this workspace, or of one in Trash." }),
  deletedSources: count,
  skippedSources: count,
  items: z
    .array(z.strictObject({ id: z.string(), name: z.string(), images: count }))
    .meta({ description: "What they are in Trash: an item for each project." }),
});

export const batchParams = projectParams.extend({ batch: z.string().regex(/^[A-Za-z0-9_-]{1,1200}$/) });

const batch = z.strictObject({
  id: z.string(),
  name: z.string(),
  images: count,
  numJobs: count.meta({ description: "0: there are no annotation jobs." }),
  uploaded: z
    .strictObject({ _seconds: count, _nanoseconds: count })
    .meta({ description: "When the first of its images came, since 1970." }),
});

export const batchesAnswer = z.strictObject({ batches: z.array(batch) });
export const batchAnswer = z.strictObject({ batch });

export const healthQuery = z.object({
  regenerate: z.string().optional().meta({ description: "Changes nothing: what is answered is of now." }),
});

const extent = z
  .strictObject({ min: count, median: count, max: count })
  .nullable()
  .meta({ description: "In pixels; null without an image." });

export const healthAnswer = z.strictObject({
  images: count,
  annotations: count.meta({ description: "Classes of images, or boxes." }),
  missingAnnotations: count.meta({ description: "Images with neither class nor box." }),
  splits,
  classes: z
    .array(z.strictObject({ name: z.string(), annotations: count, images: count, share: z.number() }))
    .meta({ description: "The most frequent first; `share` of all annotations." }),
  balance: z.strictObject({ largest: z.string(), smallest: z.string(), ratio: z.number() }).nullable().meta({
    description: "How many times as many annotations the largest class has as the smallest; null without two.",
  }),
  sizes: z.strictObject({
    width: extent,
    height: extent,
    shapes: z.strictObject({ wide: count, square: count, tall: count }),
    distinct: count.meta({ description: "How many different sizes there are." }),
  }),
  nearDuplicates: z.strictObject({
    compared: count.meta({ description: "Images whose pictures were compared: those of older uploads were not." }),
    groups: z
      .array(z.array(z.strictObject({ id: z.string(), name: z.string() })))
      .meta({ description: "Images that look the same, at most 100 groups, at most 20 images of each." }),
  }),
});
