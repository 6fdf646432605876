import { z } from "zod";
import { IMAGES_PER_CALL_MAX } from "@/lib/domain/limits";
import { count, slug } from "@/lib/doors/fields";

const LIMIT_MAX = 10_000;

const ITEM_TYPES = { project: "PROJECT", version: "VERSION", training: "TRAINING", images: "IMAGES" } as const;
/** The words of the API for what goes to Trash. */
export const TYPE_NAMES = ["project", "version", "training", "images"] as const;

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
    .enum(TYPE_NAMES, { error: "must be project, version, training or images" })
    .transform((type) => ITEM_TYPES[type])
    .optional(),
});

/** Its length and its characters are the domain's to judge. */
export const reasonQuery = z.object({
  reason: z
    .string()
    .optional()
    .meta({ description: "Why, in at most 500 characters without line breaks: shown in Trash and in the audit log." }),
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
    z.object({
      type: z.literal("images"),
      id: itemId,
      images: z
        .array(itemId)
        .min(1, "must name an image")
        .max(IMAGES_PER_CALL_MAX, `may name at most ${IMAGES_PER_CALL_MAX} images`)
        .optional()
        .meta({ description: "Ids of those to restore; all unless said." }),
    }),
    z.object({ type: z.literal("workflow"), id: itemId }),
  ],
  {
    error: (issue) =>
      issue.code === "invalid_union" ? "must be project, version, training or images" : "must be a JSON object",
  },
);

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
  deletedWithKey: z
    .string()
    .nullable()
    .meta({ description: "The name of the API key that did it for that person; null: they did it themselves." }),
  reason: z.string().nullable().meta({ description: "Why, in that person's words." }),
  bytes: count.meta({ description: "What its purge would free." }),
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

const trashedImages = z.strictObject({ type: z.literal("images"), ...inTrash, ...parent, images: count }).meta({
  id: "TrashedImages",
  description: "Source images that were removed together. `parentId` is the project's opaque id, `parentUrl` its slug.",
});

export const trashAnswer = z.strictObject({
  items: z.array(z.discriminatedUnion("type", [trashedProject, trashedVersion, trashedTraining, trashedImages])),
  sections: z.strictObject({
    projects: z.array(trashedProject),
    versions: z.array(trashedVersion),
    trainings: z.array(trashedTraining),
    images: z.array(trashedImages),
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
  type: z.enum(TYPE_NAMES),
  id: z.string(),
  parentId: z.string().optional(),
  images: count.optional().meta({ description: "Of images: how many came back." }),
  left: count.optional().meta({ description: "Of images: how many stay in Trash." }),
});

const failedItem = z.strictObject({
  type: z.enum(TYPE_NAMES),
  id: z.string().meta({ description: "The opaque id." }),
  name: z.string().nullable(),
  project: slug.nullable(),
  version: z.string().nullable(),
  training: z.int().nullable(),
  reason: z.string().meta({ description: "A word: `database_full`, `database_away`, `still_referred` …" }),
  message: z.string(),
});

const scheduledRun = z
  .strictObject({
    startedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().nullable(),
    by: z.enum(["cron", "worker", "admin"]),
    state: z.enum(["under_way", "ended", "failed", "lost"]).meta({
      description: "`failed`: it broke down, for `reason`; `lost`: its process was gone before its end.",
    }),
    reason: z.string().nullable(),
    message: z.string().nullable(),
    reportOnly: z.boolean(),
    purged: count,
    skipped: count,
    failed: count,
    due: count.meta({ description: "What a run with `PURGE=report` counted, and did not purge." }),
    failures: z.array(failedItem).meta({ description: "The first items that failed, and why." }),
  })
  .meta({ id: "ScheduledRun", description: "Its counts are of this workspace." });

export const scheduleAnswer = z.strictObject({
  purge: z.enum(["on", "report"]).meta({ description: "`report`: the scheduler counts, and purges nothing." }),
  lastRun: scheduledRun.nullable(),
  lastRunHere: scheduledRun.nullable().meta({ description: "The last one that did something in this workspace." }),
  nextRunAt: z.iso.datetime().nullable(),
  overdue: z.boolean(),
  next24Hours: z.strictObject({
    until: z.iso.datetime(),
    items: count,
    projects: count,
    versions: count,
    trainings: count,
    imageItems: count.meta({ description: "Source images that were removed together are one." }),
    images: count.meta({ description: "Generated ones." }),
    files: count,
    bytes: count,
    more: z.boolean().meta({ description: "There is more: so many items are counted, and no more." }),
  }),
});
