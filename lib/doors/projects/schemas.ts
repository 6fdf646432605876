import { z } from "zod";
import { count, epochSeconds, modelUrl, slug, splits, text, versionId } from "@/lib/doors/fields";

const NEW_PROJECT_TYPES = {
  "object-detection": "OBJECT_DETECTION",
  classification: "CLASSIFICATION",
  "single-label-classification": "CLASSIFICATION",
} as const;

export const newProjectBody = z.object(
  {
    name: text(200),
    type: z
      .enum(["object-detection", "single-label-classification", "classification"], {
        error: "must be object-detection or single-label-classification; other kinds of projects are not supported",
      })
      .transform((type) => NEW_PROJECT_TYPES[type]),
    annotation: text(200).nullish().meta({ description: "What is labelled, in a word or two." }),
    license: z.unknown().optional().meta({ description: "Passed over: every project is private." }),
  },
  { error: "must be a JSON object" },
);

export const workspaceSummary = z.strictObject({ name: z.string(), url: slug, members: count });

export const project = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9-]+\/[a-z0-9-]+$/)
      .meta({ description: "workspace/project", examples: ["acme/hard-hats"] }),
    type: z.enum([
      "object-detection",
      "classification",
      "instance-segmentation",
      "semantic-segmentation",
      "keypoint-detection",
      "text-image-pairs",
    ]),
    name: z.string(),
    created: epochSeconds,
    updated: epochSeconds,
    images: count,
    unannotated: count,
    annotation: z.string(),
    versions: count.meta({ description: "Live versions; those in Trash are not counted." }),
    public: z.literal(false),
    splits,
    colors: z.record(z.string(), z.string().regex(/^#[0-9a-f]{6}$/)),
    classes: z.record(z.string(), count),
  })
  .meta({ id: "Project" });

const percent = z.int().min(0).max(100);

const settings = z.record(z.string(), z.unknown()).meta({ description: "By name, as the version was generated." });

/** What a version says of itself, alone or in the list of its project. */
export const versionFields = {
  id: versionId,
  name: z.string(),
  created: epochSeconds,
  images: count,
  splits,
  preprocessing: settings,
  augmentation: settings,
  rebalanced: z
    .strictObject({ train: percent, valid: percent, test: percent })
    .nullable()
    .meta({ description: "In what shares the images were dealt; null: each stayed in the split that it had." }),
  seed: z.int().min(0).meta({ description: "What chance was drawn from; the project's unless another was asked for." }),
};

export const projectAnswer = z.strictObject({
  workspace: workspaceSummary,
  project,
  versions: z.array(
    z.strictObject({
      ...versionFields,
      exports: z
        .array(z.string())
        .meta({ description: "Formats that are made; others are made when somebody asks for them." }),
      model: z
        .strictObject({ id: z.string(), url: modelUrl })
        .optional()
        .meta({ description: "Left out when the version serves none." }),
    }),
  ),
});

export const newProjectAnswer = project;
