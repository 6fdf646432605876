import { z } from "zod";
import { count, slug } from "@/lib/doors/fields";

export const datasetParams = z.object({ project: slug });

export const imageParams = datasetParams.extend({ image: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) });

export const uploadQuery = z.object({
  image: z.string().optional().meta({ description: "Not supported: the server fetches nothing from elsewhere." }),
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
  z.strictObject({ success: z.literal(true), id: z.string() }),
  z
    .strictObject({ duplicate: z.literal(true), id: z.string() })
    .meta({ description: "The project has these bytes already: the id is that image's." }),
]);

export const annotationAnswer = z.strictObject({
  success: z.literal(true),
  problems: z
    .array(z.strictObject({ code: z.string(), count }))
    .optional()
    .meta({ description: "What of the file could not be taken; left out when all of it was." }),
});
