import { z } from "zod";
import { SPLIT_WORDS } from "@/lib/domain/splits";

/*
 * What the REST API takes and gives, field by field: here what several nouns share, in each noun's schemas.ts what is its
 * own. Answers are strict: a field that is not written there does not go out. Shapes follow the official Python client,
 * which breaks on null where it expects an object, on numbers where it expects "workspace/project/3", and on milliseconds
 * where it expects epoch seconds.
 */

export const slug = z
  .string()
  .regex(/^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/)
  .meta({ examples: ["hard-hats"] });

export const NUMBER_MAX = 2_147_483_647;

export const versionNumber = z
  .string()
  .regex(/^[1-9][0-9]{0,9}$/)
  .transform(Number)
  .refine((number) => number <= NUMBER_MAX)
  .meta({ description: "The version's number: 1, 2, 3 …", examples: ["3"] });

export const workspaceParams = z.object({ workspace: slug });

export const projectParams = workspaceParams.extend({ project: slug });

export const versionParams = projectParams.extend({ version: versionNumber });
export type VersionPath = z.output<typeof versionParams>;

export const text = (max: number) =>
  z
    .string({ error: (issue) => (issue.input === undefined ? "is missing" : "must be a string") })
    .max(max, `has at most ${max} characters`);

export const modelSlug = z.string().regex(/^(?=[^a-z]*[a-z])[a-z0-9](?:[a-z0-9-]{0,126}[a-z0-9])?$/);

export const epochSeconds = z
  .number()
  .max(1e11)
  .meta({ description: "Seconds since 1970, with milliseconds as the fraction." });
export const toEpochSeconds = (instant: Date): number => instant.getTime() / 1000;

export const count = z.int().min(0);

export const share = z.number().min(0).max(1);

/** A split by any of its names: `val` is valid. */
export const splitWord = z
  .enum(Object.keys(SPLIT_WORDS) as [keyof typeof SPLIT_WORDS, ...(keyof typeof SPLIT_WORDS)[]], {
    error: "must be train, valid or test",
  })
  .transform((word) => SPLIT_WORDS[word]);

export const splits = z.strictObject({ train: count, valid: count, test: count });

export const versionId = z
  .string()
  .regex(/^[a-z0-9-]+\/[a-z0-9-]+\/[1-9][0-9]*$/)
  .meta({ description: "workspace/project/number", examples: ["acme/hard-hats/3"] });

export const modelUrl = z.string().meta({ description: "workspace/model", examples: ["acme/hard-hats-3-1"] });
