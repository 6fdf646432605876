import { z } from "zod";
import { IMAGES_PER_CALL_MAX } from "@/lib/domain/limits";
import { SPLITS } from "@/lib/domain/splits";
import { count, splitWord, workspaceParams } from "@/lib/doors/fields";

const opaqueId = z.string().regex(/^[A-Za-z0-9-]{1,64}$/);

export const imageParams = workspaceParams.extend({ image: opaqueId });
export const taskParams = workspaceParams.extend({ task: opaqueId });

const words = z.array(z.string({ error: "must hold strings" }), { error: "must be a list of strings" }).nullish();
const change = {
  metadata: z
    .record(z.string(), z.unknown(), { error: "must be a JSON object" })
    .nullish()
    .meta({ description: "Keys to set, each to a text, a number, true or false; others stay." }),
  removeMetadata: words,
  addTags: words,
  removeTags: words,
};

export const describeBody = z.object(change, { error: "must be a JSON object" });

export const describeManyBody = z.object(
  {
    updates: z
      .array(z.object({ imageId: z.string({ error: "is missing" }).max(200), ...change }), {
        error: "must be a list of changes",
      })
      .min(1, "is empty")
      .max(IMAGES_PER_CALL_MAX, `names at most ${IMAGES_PER_CALL_MAX} images`),
  },
  { error: "must be a JSON object" },
);

export const describeAnswer = z.strictObject({ success: z.literal(true) });

export const taskBegun = z.strictObject({ taskId: z.string(), url: z.string() });

export const taskAnswer = z.strictObject({
  taskId: z.string(),
  status: z.enum(["queued", "running", "completed", "failed"]),
  progress: z.strictObject({
    current: count,
    total: count.optional().meta({ description: "Left out until it is known." }),
  }),
  result: z
    .strictObject({
      succeeded: count,
      failed: count,
      failedItems: z.array(z.strictObject({ imageId: z.string(), error: z.string() })),
    })
    .optional()
    .meta({ description: "Once it is completed." }),
  error: z.string().optional().meta({ description: "Why it failed." }),
});

export const zipBody = z.object(
  {
    split: splitWord
      .nullish()
      .transform((name) => (name ? SPLITS[name] : null))
      .meta({ description: "Without it, as the folders in the zip say, else by the files' names." }),
    tags: words,
    batchName: z.string().max(1_000).nullish(),
    unpack: z
      .boolean({ error: "must be true or false" })
      .nullish()
      .meta({ description: "false: the zip waits to become a version (importVersion), for 7 days." }),
  },
  { error: "must be a JSON object" },
);

export const zipBegun = z.strictObject({
  taskId: z.string(),
  signedUrl: z.string().meta({ description: "PUT the zip there within a day; it needs no key." }),
});

export const zipLinkParams = z.object({ token: z.string().regex(/^[A-Za-z0-9_.-]{1,400}$/) });

export const zipTaken = z.strictObject({ taken: z.literal(true) });

export const zipAnswer = z.strictObject({
  taskId: z.string(),
  status: z.enum(["queued", "running", "completed", "failed"]),
  progress: z.strictObject({
    current: count.meta({ description: "Images that were looked at." }),
    total: count.optional(),
  }),
  result: z
    .strictObject({
      added: count,
      duplicates: count.meta({ description: "In the project already." }),
      annotated: count.meta({ description: "Images that got boxes." }),
      failed: count.meta({ description: "What was left out." }),
      failures: z
        .array(z.strictObject({ file: z.string(), error: z.string() }))
        .meta({ description: "The first of it." }),
      notes: z
        .array(z.strictObject({ file: z.string(), note: z.string() }))
        .meta({ description: "What was taken, but not as it is: polygons as boxes, for example. The first of it." }),
    })
    .optional(),
  error: z.string().optional().meta({ description: "Why nothing more of it was added." }),
});
