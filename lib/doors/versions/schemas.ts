import { z } from "zod";
import { IMPORT_FORMATS, IMPORT_NUMBER_MAX } from "@/lib/domain/versions";
import { waitingFor } from "@/lib/doors/trainings/schemas";
import { versionSettingsSchema } from "@/lib/work/versions/plan";
import { count, modelUrl, projectParams } from "@/lib/doors/fields";
import { workspaceSummary, project, versionFields } from "@/lib/doors/projects/schemas";

/** `versionName`, in the official client's words; the seed is ours alone. */
export const generateBody = versionSettingsSchema.extend({
  versionName: z.string().optional().meta({ description: "Left out: date and time, UTC." }),
});

export const trainState = z.strictObject({
  status: z
    .enum(["queued", "running", "finished", "failed"])
    .meta({ description: "Of the newest training; a cancelled one is `failed`." }),
  waitingFor,
  reason: z.string().optional(),
  results: z.record(z.string(), z.unknown()).optional().meta({ description: "Its metrics, once it is finished." }),
});

const epochs = z.array(
  z.strictObject({ epoch: count, mAP: z.number(), box_loss: z.number(), class_loss: z.number(), obj_loss: z.number() }),
);

const leftOut = z.strictObject({
  count: count.meta({ description: "Files, or what they say, that were not taken." }),
  files: z.array(z.strictObject({ file: z.string(), error: z.string() })).meta({ description: "The first of it." }),
});

/** Where a version came from that was not generated here. */
const imported = z.strictObject({
  file: z.string(),
  format: z.enum(IMPORT_FORMATS),
  at: z.iso.datetime(),
  workspace: z.string().optional(),
  project: z.string().optional(),
  version: z.int().min(1).optional().meta({ description: "The number that it had." }),
  leftOut,
});

export const versionAnswer = z.strictObject({
  workspace: workspaceSummary,
  project,
  version: z.strictObject({
    ...versionFields,
    exports: z.array(z.string()).meta({ description: "Every format in which it can be had." }),
    generating: z.boolean(),
    progress: z.number().min(0).max(1),
    imported: imported.optional().meta({ description: "Of a version that was made elsewhere." }),
    train: trainState.optional(),
    models: z
      .record(z.string(), z.union([z.strictObject({ url: modelUrl }), z.strictObject({ epochs })]))
      .meta({ description: "By their slugs; under `roboflow-train` the epochs of a training that is running." }),
    classes: z.array(z.string()),
  }),
});

export const generateAnswer = z.strictObject({
  message: z.literal("Generating"),
  version: z.int().min(1).meta({ description: "The new version's number." }),
});

const opaqueId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

/** An instant as the official client has it (seconds since 1970), or as ISO 8601. */
const instant = z.union([
  z.coerce
    .number()
    .min(0)
    .max(1e11)
    .transform((seconds) => new Date(seconds * 1000)),
  z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
]);

/** How an imported version shall be; what is left out is as the zip says. */
export const importWishes = z.object({
  file: z.string().max(4_096).optional().meta({ description: "What the zip is called." }),
  number: z.coerce
    .number()
    .int()
    .min(1)
    .max(IMPORT_NUMBER_MAX)
    .optional()
    .meta({ description: "This number, or 409. Without it: the one that it had, else the next." }),
  name: z.string().max(1_000).optional(),
  created: instant.optional().meta({ description: "When it was made: seconds since 1970, or ISO 8601." }),
});

export const importQuery = importWishes.extend({
  upload: opaqueId.optional().meta({
    description: 'The task of a zip that was sent before (beginZipUpload with "unpack": false), instead of a body.',
  }),
});

export const importParams = projectParams.extend({ import: opaqueId });

export const importBegun = z.strictObject({ taskId: z.string(), url: z.string() });

export const importAnswer = z.strictObject({
  taskId: z.string(),
  file: z.string(),
  status: z.enum(["queued", "running", "completed", "failed"]),
  progress: z.strictObject({
    current: count.meta({ description: "Images that were looked at." }),
    total: count.optional().meta({ description: "Left out until it is known." }),
  }),
  version: z.int().min(1).optional().meta({ description: "Its number, once it is known." }),
  leftOut: leftOut.optional().meta({ description: "Once it is completed." }),
  error: z.string().optional().meta({ description: "Why it failed." }),
});

export const importCancelled = z.strictObject({ outcome: z.enum(["cancelled", "over"]) });
