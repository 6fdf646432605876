import { z } from "zod";
import { waitingFor } from "@/lib/doors/trainings/schemas";
import { versionSettingsSchema } from "@/lib/work/versions/plan";
import { count, modelUrl } from "@/lib/doors/fields";
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

export const versionAnswer = z.strictObject({
  workspace: workspaceSummary,
  project,
  version: z.strictObject({
    ...versionFields,
    exports: z.array(z.string()).meta({ description: "Every format in which it can be had." }),
    generating: z.boolean(),
    progress: z.number().min(0).max(1),
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
