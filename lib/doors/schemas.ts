import { z } from "zod";
import { versionSettingsSchema } from "@/lib/work/versions/plan";

/*
 * What the REST API takes and gives, field by field. Answers are strict: a field that is not written here does not go
 * out. Shapes follow the official Python client, which breaks on null where it expects an object, on numbers where it
 * expects "workspace/project/3", and on milliseconds where it expects epoch seconds.
 */

// ── Into: paths, queries, bodies ─────────────────────────────────────────────────────────────────────────────────────

export const slug = z
  .string()
  .regex(/^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  .meta({ examples: ["hard-hats"] });

const NUMBER_MAX = 2_147_483_647;

const versionNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,9}$/)
  .transform(Number)
  .refine((number) => number <= NUMBER_MAX)
  .meta({ description: "The version's number: 1, 2, 3 …", examples: ["3"] });

export const workspaceParams = z.object({ workspace: slug });
export const projectParams = workspaceParams.extend({ project: slug });
export const versionParams = projectParams.extend({ version: versionNumber });

/** What trained YOLOv5 trains YOLOv8: the client asks for the older name before it starts a training. */
export const exportParams = versionParams.extend({
  format: z
    .enum(["folder", "coco", "yolov8", "voc", "yolov5pytorch"])
    .transform((format) => (format === "yolov5pytorch" ? "yolov8" : format))
    .meta({ description: "`yolov5pytorch` is `yolov8`." }),
});
export const linkParams = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{1,200}\.[A-Za-z0-9_-]{43}$/) });

const LIMIT_MAX = 10_000;
const ITEM_TYPES = { project: "PROJECT", version: "VERSION", training: "TRAINING" } as const;

export const trashQuery = z.object({
  limit: z
    .string()
    .regex(/^[1-9][0-9]{0,4}$/, `must be a whole number from 1 to ${LIMIT_MAX}`)
    .transform(Number)
    .refine((limit) => limit <= LIMIT_MAX, `must be at most ${LIMIT_MAX}`)
    .optional()
    .meta({
      description:
        "Items a page, 1 to 10,000. Without it: all, newest first, but never more than 10,000 (`truncated` says so).",
    }),
  cursor: z
    .string()
    .max(200, "is not one that we gave")
    .optional()
    .meta({ description: "`nextCursor` of the page before." }),
  type: z
    .enum(["project", "version", "training"], { error: "must be project, version or training" })
    .transform((type) => ITEM_TYPES[type])
    .optional(),
});

/** Ids as Trash lists them. No control characters: PostgreSQL takes no NUL. */
const itemId = z
  .string({
    error: (issue) =>
      issue.input === undefined
        ? "is missing: give it as the Trash listing shows it"
        : "must be a string, as the Trash listing shows it",
  })
  .regex(/^[\x21-\x7e]{1,200}$/, "must be an id as the Trash listing shows it");

/** A number that no version can have stands for a version that does not exist. */
const versionItemId = z
  .union([z.string(), z.number()], {
    error: (issue) =>
      issue.input === undefined ? "is missing: give the version's number" : "must be the version's number",
  })
  .meta({ description: "The version's number, as the Trash listing shows it." });

export const restoreBody = z.discriminatedUnion(
  "type",
  [
    z.object({ type: z.literal("project"), id: itemId }),
    z.object({
      type: z.literal("version"),
      id: versionItemId,
      parentId: itemId.meta({ description: "The project's opaque id: `parentId` of the item." }),
    }),
    z.object({ type: z.literal("training"), id: itemId }),
    z.object({ type: z.literal("workflow"), id: itemId }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union" ? "must be project, version or training" : "must be a JSON object",
  },
);

const NEW_PROJECT_TYPES = {
  "object-detection": "OBJECT_DETECTION",
  classification: "CLASSIFICATION",
  "single-label-classification": "CLASSIFICATION",
} as const;

export const text = (max: number) =>
  z
    .string({ error: (issue) => (issue.input === undefined ? "is missing" : "must be a string") })
    .max(max, `has at most ${max} characters`);

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

const modelSlug = z.string().regex(/^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/);

/** `project/3` is the default model of a version, in the key's workspace; `workspace/hard-hats-3-1` a model by its own name. */
export const inferenceParams = z.object({
  owner: slug.meta({ description: "A project of the key's workspace, or the workspace itself." }),
  model: z.union([versionNumber, modelSlug.meta({ description: "The model's slug.", examples: ["hard-hats-3-1"] })]),
});

export const inferenceQuery = z.object({
  confidence: z
    .string()
    .transform(Number)
    .refine((value) => value >= 0 && value <= 100, "must be a number from 0 to 100")
    .transform((value) => (value > 1 ? value / 100 : value))
    .default(0.4)
    .meta({
      description:
        "Classes less confident than this are left out, save the first: a percentage, or up to 1 a share. 40 unless given.",
    }),
  image: z.string().max(4096, "is too long").optional().meta({
    description: "The URL of an image, instead of a body; only of hosts that the server's INFER_IMAGE_HOSTS lists.",
  }),
});

export const modelParams = workspaceParams.extend({
  model: modelSlug.meta({ description: "The model's slug.", examples: ["hard-hats-3-1"] }),
});

export const modelsQuery = z.object({
  group: z
    .string()
    .max(200, "is too long")
    .optional()
    .meta({ description: "Only the models of this training: its `modelGroup`." }),
});

/** `version` is a number, and then the version's default model, or a model's slug. */
export const weightsParams = projectParams.extend({
  version: z.union([versionNumber, modelSlug]).meta({
    description: "The version's number, for its default model, or a model's slug.",
    examples: ["3", "hard-hats-3-1"],
  }),
});

/** What a signed-in browser says of the image that it sends. */
export const tryQuery = inferenceQuery.pick({ confidence: true }).extend({ model: modelSlug.optional() });

/** `versionName`, in the official client's words; the seed is ours alone. */
export const generateBody = versionSettingsSchema.extend({
  versionName: z.string().optional().meta({ description: "Left out: date and time, UTC." }),
});

// ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const epochSeconds = z
  .number()
  .max(1e11)
  .meta({ description: "Seconds since 1970, with milliseconds as the fraction." });
export const count = z.int().min(0);
export const splits = z.strictObject({ train: count, valid: count, test: count });
const settings = z.record(z.string(), z.unknown()).meta({ description: "By name, as the version was generated." });

const workspaceSummary = z.strictObject({ name: z.string(), url: slug, members: count });

const project = z
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

const versionId = z
  .string()
  .regex(/^[a-z0-9-]+\/[a-z0-9-]+\/[1-9][0-9]*$/)
  .meta({ description: "workspace/project/number", examples: ["acme/hard-hats/3"] });

const versionFields = {
  id: versionId,
  name: z.string(),
  created: epochSeconds,
  images: count,
  splits,
  preprocessing: settings,
  augmentation: settings,
  exports: z.array(z.string()),
};

export const modelUrl = z.string().meta({ description: "workspace/model", examples: ["acme/hard-hats-3-1"] });

export const keyAnswer = z.strictObject({
  welcome: z.string(),
  instructions: z.string(),
  docs: z.string(),
  workspace: slug,
});

export const workspaceAnswer = z.strictObject({ workspace: workspaceSummary.extend({ projects: z.array(project) }) });

export const projectAnswer = z.strictObject({
  workspace: workspaceSummary,
  project,
  versions: z.array(
    z.strictObject({
      ...versionFields,
      model: z
        .strictObject({ id: z.string(), url: modelUrl })
        .optional()
        .meta({ description: "Left out when the version serves none." }),
    }),
  ),
});

export const newProjectAnswer = project;

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

export const trainState = z.strictObject({
  status: z
    .enum(["queued", "running", "finished", "failed"])
    .meta({ description: "Of the newest training; a cancelled one is `failed`." }),
  reason: z.string().optional(),
  results: z.record(z.string(), z.unknown()).optional().meta({ description: "Its metrics, once it is finished." }),
});

const epochs = z.array(
  z.strictObject({ epoch: count, mAP: z.number(), box_loss: z.number(), class_loss: z.number(), obj_loss: z.number() }),
);

export const versionAnswer = z.strictObject({
  workspace: workspaceSummary,
  project,
  version: z.strictObject({
    ...versionFields,
    generating: z.boolean(),
    progress: z.number().min(0).max(1),
    train: trainState.optional(),
    models: z
      .record(z.string(), z.union([z.strictObject({ url: modelUrl }), z.strictObject({ epochs })]))
      .meta({ description: "By their slugs; under `roboflow-train` the epochs of a training that is running." }),
    classes: z.array(z.string()),
  }),
});

export const exportAnswer = z.strictObject({
  export: z.strictObject({ link: z.url().meta({ description: "The zip; works without a key, for 15 minutes." }) }),
});
export const exportProgress = z.strictObject({ progress: z.number().min(0).max(1) });

export const generateAnswer = z.strictObject({
  message: z.literal("Generating"),
  version: z.int().min(1).meta({ description: "The new version's number." }),
});

export const share = z.number().min(0).max(1);

export const inferenceAnswer = z.strictObject({
  predictions: z
    .array(z.strictObject({ class: z.string(), class_id: count, confidence: share }))
    .meta({ description: "The most confident first." }),
  top: z.string(),
  confidence: share,
  image: z.strictObject({ width: count, height: count }),
  inference_id: z.string(),
  time: z.number().min(0).meta({ description: "Seconds." }),
});

export const modelAnswer = z.strictObject({
  url: modelUrl,
  modelType: z.string(),
  metrics: z.record(z.string(), z.unknown()).meta({ description: "As its trainer measured them." }),
  recommended: z.boolean().meta({ description: "It is what `project/version` serves." }),
  version: versionId,
  group: z.string().meta({ description: "The id of the training that made it." }),
  sizeBytes: count,
  created: epochSeconds,
});
export const modelsAnswer = z.array(modelAnswer);

export const weightsAnswer = z.strictObject({
  weightsUrl: z.url().meta({ description: "The weights; works without a key, for 15 minutes." }),
});

export const trashedVersionAnswer = z.strictObject({
  deleted: z.literal(true),
  type: z.literal("version"),
  workspace: slug,
  project: slug,
  version: z.string(),
  trash: z.literal(true),
});
export const trashedProjectAnswer = z.strictObject({
  deleted: z.literal(true),
  type: z.literal("project"),
  workspace: slug,
  project: slug,
  projectId: z.string(),
  trash: z.literal(true),
});
export const trashedTrainingAnswer = trashedVersionAnswer.extend({
  type: z.literal("training"),
  trainingId: z.string(),
});

const inTrash = {
  id: z.string(),
  name: z.string(),
  deletedAt: z.iso.datetime(),
  scheduledCleanupAt: z.iso.datetime(),
  deletedBy: z.string(),
  deletedByName: z.string(),
};
const parent = { parentId: z.string(), parentUrl: z.string(), parentName: z.string() };

const trashedProject = z
  .strictObject({ type: z.literal("project"), ...inTrash, url: slug })
  .meta({ id: "TrashedProject" });
const trashedVersion = z.strictObject({ type: z.literal("version"), ...inTrash, ...parent }).meta({
  id: "TrashedVersion",
  description: "`id` is the version's number, `parentId` the project's opaque id, `parentUrl` its slug.",
});
const trashedTraining = z
  .strictObject({ type: z.literal("training"), ...inTrash, ...parent })
  .meta({ id: "TrashedTraining", description: "`parentId` is the version's opaque id, `parentUrl` project/number." });

export const trashAnswer = z.strictObject({
  items: z.array(z.discriminatedUnion("type", [trashedProject, trashedVersion, trashedTraining])),
  sections: z.strictObject({
    projects: z.array(trashedProject),
    versions: z.array(trashedVersion),
    trainings: z.array(trashedTraining),
    workflows: z.array(z.never()),
  }),
  nextCursor: z.string().nullable().meta({ description: "Give it back as `cursor` to read on; null at the end." }),
  truncated: z
    .literal(true)
    .optional()
    .meta({ description: "Only when there was no `limit` and more than 10,000 items." }),
});

export const restoreAnswer = z.strictObject({
  restored: z.literal(true),
  type: z.enum(["project", "version", "training"]),
  id: z.string(),
  parentId: z.string().optional(),
});

export const healthAnswer = z.strictObject({ status: z.literal("ok") });

export const purgeAnswer = z.strictObject({
  purged: count,
  skipped: count,
  failed: count,
  remaining: count,
  files: z.strictObject({ verified: count, postponed: count }),
});
