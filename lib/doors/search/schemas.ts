import { z } from "zod";
import { SEARCH_PAGE_MAX } from "@/lib/domain/limits";
import { count, epochSeconds, projectParams, workspaceParams } from "@/lib/doors/fields";

/* What is found of images, in the words of the official client. */

export const imageParams = projectParams.extend({ image: z.string().regex(/^[A-Za-z0-9-]{1,64}$/) });

/** What may be asked for of an image that a search of a project finds; `id` always comes. */
export const SEARCH_FIELDS = [
  "id",
  "name",
  "created",
  "labels",
  "split",
  "tags",
  "annotations",
  "owner",
  "user_metadata",
] as const;

/** The client sends null for what it does not mean, in some calls "". */
const word = z
  .string()
  .max(500)
  .nullish()
  .transform((text) => (text === "" || text === null ? undefined : text));

const flag = z.union([z.boolean(), z.literal("")]).nullish();

export const searchBody = z.object(
  {
    offset: z
      .int("must be a whole number")
      .min(0, "must not be negative")
      .max(10_000_000, "is too large")
      .nullish()
      .transform((offset) => offset ?? 0),
    limit: z
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .max(SEARCH_PAGE_MAX, `is at most ${SEARCH_PAGE_MAX}`)
      .nullish()
      .transform((limit) => limit ?? 50),
    fields: z
      .array(z.enum(SEARCH_FIELDS, { error: `has what there is not; there are: ${SEARCH_FIELDS.join(", ")}` }), {
        error: "must be a list of names",
      })
      .nullish(),
    tag: word.meta({ description: "Images with this tag." }),
    class_name: word.meta({ description: "Images of this class, or with a box of it." }),
    batch: flag.meta({ description: "true: images of any batch." }),
    batch_id: word.meta({ description: "Images of this batch, by the id that the list of batches says." }),
    in_dataset: z
      .union([z.boolean(), z.string().max(500)])
      .nullish()
      .meta({
        description: "Every image of a project is in its dataset: true, or the project's own slug, changes nothing.",
      }),
    prompt: z
      .unknown()
      .optional()
      .meta({ description: "Not supported: images are found by what is written down of them." }),
    like_image: z.unknown().optional().meta({ description: "Not supported, as `prompt`." }),
    annotation_job: z.unknown().optional().meta({ description: "Not supported: there are no annotation jobs." }),
    annotation_job_id: z.unknown().optional().meta({ description: "Not supported, as `annotation_job`." }),
  },
  { error: "must be a JSON object" },
);

const metadata = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

export const searchAnswer = z.strictObject({
  results: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string().optional(),
      created: epochSeconds.optional(),
      labels: z.array(z.string()).optional().meta({ description: "Its class, or the classes of its boxes." }),
      split: z.enum(["train", "valid", "test"]).optional(),
      tags: z.array(z.string()).optional(),
      annotations: z
        .strictObject({ count, classes: z.record(z.string(), count) })
        .optional()
        .meta({ description: "How many classes or boxes it has, in all and of each class." }),
      owner: z.string().optional().meta({ description: "The workspace." }),
      user_metadata: metadata.optional(),
    }),
  ),
  total: count.meta({ description: "All that match, not only these." }),
});

export const imageAnswer = z.strictObject({
  image: z.strictObject({
    id: z.string(),
    name: z.string(),
    split: z.enum(["train", "valid", "test"]),
    labels: z.array(z.string()),
    tags: z.array(z.string()),
    created: epochSeconds,
    annotation: z.strictObject({
      width: count,
      height: count,
      boxes: z
        .array(
          z.strictObject({ label: z.string(), x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
        )
        .meta({ description: "In pixels of the image as people see it; x and y are the middle of the box." }),
    }),
    batch: z.string().nullable(),
    sequence: z.strictObject({ number: count, size: count }).nullable(),
    user_metadata: metadata,
    urls: z
      .strictObject({ original: z.string(), thumb: z.string() })
      .meta({ description: "Links that need no key, for 15 minutes, while the image is live." }),
  }),
});

/** What the client asks for of images of a workspace; `id` always comes. */
export const WORKSPACE_SEARCH_FIELDS = [
  "id",
  "filename",
  "name",
  "tags",
  "projects",
  "labels",
  "split",
  "created",
  "owner",
  "user_metadata",
  "width",
  "height",
] as const;

const query = z
  .string({ error: (issue) => (issue.input === undefined ? "is missing" : "must be a string") })
  .max(2_000, "is too long")
  .meta({
    description:
      'Terms that must all hold: tag:review, class:apple, split:train, project:digits, batch:"June 3", filename:cam1_*. "*" is every image.',
  });

export const workspaceSearchBody = z.object(
  {
    query,
    pageSize: z
      .int("must be a whole number")
      .min(1, "must be at least 1")
      .nullish()
      .transform((size) => Math.min(size ?? 50, SEARCH_PAGE_MAX))
      .meta({ description: `At most ${SEARCH_PAGE_MAX} come on a page.` }),
    fields: z
      .array(
        z.enum(WORKSPACE_SEARCH_FIELDS, {
          error: `has what there is not; there are: ${WORKSPACE_SEARCH_FIELDS.join(", ")}`,
        }),
        { error: "must be a list of names" },
      )
      .nullish(),
    continuationToken: z
      .string()
      .regex(/^[0-9]{1,12}_[A-Za-z0-9-]{1,64}$/, "is not one that a page before gave")
      .nullish(),
  },
  { error: "must be a JSON object" },
);

export const workspaceSearchAnswer = z.strictObject({
  results: z.array(
    z.strictObject({
      id: z.string(),
      filename: z.string().optional(),
      name: z.string().optional(),
      tags: z.array(z.string()).optional(),
      projects: z.array(z.string()).optional().meta({ description: "The slug of its project." }),
      labels: z.array(z.string()).optional(),
      split: z.enum(["train", "valid", "test"]).optional(),
      created: epochSeconds.optional(),
      owner: z.string().optional(),
      user_metadata: metadata.optional(),
      width: count.optional(),
      height: count.optional(),
    }),
  ),
  total: count.meta({ description: "All that matched when the first page was asked for." }),
  continuationToken: z.string().nullable(),
});

const token = z.string().regex(/^[A-Za-z0-9_.-]{1,8000}$/);

export const searchExportBody = z.object(
  {
    query: query.max(1_000, "is too long"),
    format: z.string({ error: "is missing" }).max(100),
    dataset: word.meta({ description: "The slug of the one project to look in." }),
    annotationGroup: z
      .unknown()
      .optional()
      .meta({ description: "Not supported: a project has one set of annotations." }),
    name: word,
  },
  { error: "must be a JSON object" },
);

export const searchExportBegun = z.strictObject({ link: z.string().meta({ description: "The export's id." }) });

export const searchExportParams = workspaceParams.extend({ export: token });
export const searchLinkParams = z.object({ token });

export const searchExportAnswer = z.strictObject({ ready: z.literal(true), link: z.string() });
