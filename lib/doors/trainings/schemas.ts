import { z } from "zod";
import { EPOCHS_DEFAULT, EPOCHS_MAX } from "@/lib/domain/trainings";
import {
  count,
  epochSeconds,
  modelUrl,
  share,
  slug,
  splits,
  text,
  versionParams,
  workspaceParams,
} from "@/lib/doors/fields";

/*
 * What the REST API takes and gives about trainings: in the official client's words where it asks, in our own for trainers
 * elsewhere. See fields.ts.
 */

const id = z
  .string({ error: (issue) => (issue.input === undefined ? "is missing" : "must be a string") })
  .regex(/^[A-Za-z0-9-]{1,64}$/, "must be an id as we gave it");

// ── Into ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const trainingParams = versionParams.extend({ training: id });
export const trainingQuery = z.object({
  trainingId: id.optional().meta({ description: "Which one; may be left out where the version has only one." }),
});
export const recipeQuery = z.object({ modelType: z.string().max(64, "is too long").optional() });

const object = { error: "must be a JSON object" };
const epochs = z.number({ error: "must be a number" });

export const trainBody = z
  .looseObject(
    {
      modelType: text(64).nullish().meta({
        description:
          "hog-mlp, unless given: our own classifier, trained by this server's workers; answers call it hog-mlp-cls, which is the same. Any other waits for a trainer of yours that leases runs over HTTP.",
      }),
      epochs: epochs.nullish().meta({ description: `1 to ${EPOCHS_MAX}; ${EPOCHS_DEFAULT} unless given.` }),
      trainRecipe: z
        .looseObject({ hyperparameters: z.looseObject({ epochs: epochs.nullish() }, object).nullish() }, object)
        .nullish()
        .meta({ description: "As `recipe` gives it. `hyperparameters.epochs` goes before `epochs`." }),
    },
    object,
  )
  .meta({
    description:
      "Whatever else asks for something, such as `speed`, `checkpoint` or another hyperparameter, is 422: nobody would heed it.",
  });

const ref = {
  trainingId: id.nullish().meta({ description: "Which one; may be left out where only one is under way." }),
};
export const cancelBody = z.object(
  { ...ref, continueIfNoRefund: z.unknown().optional().meta({ description: "Ignored: nothing is paid for." }) },
  object,
);
export const stopBody = z.object(ref, object);

export const jobParams = workspaceParams.extend({
  job: id.meta({ description: "The training's id: `trainingId` of the lease." }),
});
export const leaseQuery = z.object({ leaseId: id });

const figure = z.number({ error: "must be a number" }); // JSON has neither NaN nor infinity

const epoch = z.object(
  {
    epoch: z
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .max(EPOCHS_MAX, `must be at most ${EPOCHS_MAX}`),
    loss: figure,
    accuracy: figure
      .min(0, "must be at least 0")
      .max(1, "must be at most 1")
      .meta({ description: "Or what else your model is judged by, as a share." }),
    validLoss: figure.nullable().default(null),
    validAccuracy: figure.min(0, "must be at least 0").max(1, "must be at most 1").nullable().default(null),
  },
  object,
);

export const heartbeatBody = z.object(
  {
    leaseId: id,
    epochs: z
      .array(epoch)
      .max(EPOCHS_MAX, `has at most ${EPOCHS_MAX} epochs`)
      .refine(
        (list) => list.every((one, i) => i === 0 || one.epoch > list[i - 1]!.epoch),
        "must be in order, each epoch once",
      )
      .default([])
      .meta({ description: "Those that ended since the last heartbeat; one that was reported before is passed over." }),
  },
  object,
);

export const finishBody = z.object(
  {
    leaseId: id,
    metrics: z
      .record(z.string(), z.unknown(), object)
      .refine((metrics) => !JSON.stringify(metrics).includes("\\u0000"), "must have no NUL characters")
      .default({})
      .meta({
        description:
          "As you measured them; shown as they are. `accuracy`, a share from 0 to 1, is shown beside the model.",
      }),
  },
  object,
);

export const failBody = z.object(
  {
    leaseId: id,
    reason: text(500)
      .trim()
      .regex(/^\P{Cc}+$/u, "must be a sentence on one line"),
  },
  object,
);

// ── Out ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const waitingFor = z
  .string()
  .optional()
  .meta({ description: "Who must take it before it begins, where that is no worker of this server." });

const training = {
  trainingId: z.string(),
  number: z.int().min(1),
  status: z.enum(["queued", "running", "finished", "failed", "cancelled"]),
  stopped: z
    .literal(true)
    .optional()
    .meta({ description: "It was asked to stop, ended early and kept what it had learned." }),
  waitingFor,
  statusReason: z.string().optional().meta({ description: "Why it failed or was cancelled." }),
  epoch: count.meta({ description: "The last one finished." }),
  epochs: count,
  modelType: z.string(),
  modelGroup: z.string().meta({ description: "What lists its models: `…/models?group=`." }),
  start: epochSeconds,
  end: epochSeconds.optional(),
  modelIds: z.array(modelUrl),
};

export const trainingsAnswer = z.strictObject({ trainings: z.array(z.strictObject(training)) });

export const trainingAnswer = z.strictObject({
  ...training,
  jobType: z.literal("training"),
  modelCount: count,
  models: z.array(
    z.strictObject({ modelId: modelUrl, modelType: z.string(), metrics: z.record(z.string(), z.unknown()) }),
  ),
  curve: z
    .array(
      z.strictObject({
        epoch: count,
        loss: z.number(),
        accuracy: share,
        validLoss: z.number().nullable(),
        validAccuracy: share.nullable(),
      }),
    )
    .meta({ description: "The finished epochs, in order." }),
});

export const resultsAnswer = trainingAnswer.extend({
  status: z.string().meta({
    description:
      "As elsewhere; of one that is queued also what it waits for: the client's command line shows nothing else.",
  }),
});

export const recipeAnswer = z.strictObject({
  modelType: z.string(),
  schema: z.strictObject({
    hyperparameters: z.array(
      z.strictObject({ key: z.literal("epochs"), type: z.literal("int"), min: count, max: count, default: count }),
    ),
  }),
  template: z
    .strictObject({ schema_version: z.literal(1), hyperparameters: z.strictObject({ epochs: count }) })
    .meta({ description: "To be edited, and given back as `trainRecipe`." }),
});

export const startedAnswer = z.strictObject({
  trainingId: z.string(),
  jobId: z.string().meta({ description: "The same." }),
  number: z.int().min(1),
  status: z.literal("queued"),
  modelType: z.string(),
  waitingFor,
});

export const cancelledAnswer = z.strictObject({ trainingId: z.string(), status: z.literal("cancelled") });
export const stoppedAnswer = z.strictObject({
  success: z.literal(true),
  trainingId: z.string(),
  outcome: z.enum(["stopping", "cancelled", "already_over"]),
});

export const leaseAnswer = z.strictObject({
  job: z
    .strictObject({
      trainingId: z.string(),
      leaseId: z.string().meta({ description: "Your hold on the run: give it with every later call." }),
      leaseSeconds: count.meta({
        description:
          "So long after your last heartbeat another trainer may take the run. Send one each second or two: cancels are heard so.",
      }),
      project: slug,
      type: z.string().meta({ description: "The project's.", examples: ["object-detection"] }),
      version: z.int().min(1),
      number: z.int().min(1).meta({ description: "The training's." }),
      modelType: z.string(),
      epochs: count,
      classes: z.record(z.string(), count).meta({ description: "Images of each class." }),
      splits,
      downloads: z.record(z.string(), z.string()).meta({
        description:
          "The version's images and labels by format, as paths under /api: ask there, with a key of the scope `version:read`, until the answer is 200 with a link to a zip.",
        examples: [{ coco: "/acme/hard-hats/3/coco" }],
      }),
    })
    .nullable()
    .meta({ description: "null: no run waits. Ask again in some seconds." }),
});

export const heartbeatAnswer = z.strictObject({
  answer: z.enum(["go on", "stop", "cancel"]).meta({
    description:
      "stop: end after this epoch and hand in what there is. cancel: the run is over for you; end now and hand in nothing.",
  }),
});
export const weightsStored = z.strictObject({
  sizeBytes: count,
  servable: z.boolean().meta({ description: "The model can be asked here; else it is kept for download." }),
});
export const finishAnswer = z.strictObject({ trainingId: z.string(), modelId: modelUrl });
export const failAnswer = z.strictObject({ trainingId: z.string(), status: z.literal("failed") });
