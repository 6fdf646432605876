import { DomainError } from "@/lib/domain/errors";
import { TAGS_PER_IMAGE_MAX, METADATA_KEYS_MAX } from "@/lib/domain/limits";
import { normalizeName } from "@/lib/domain/names";

/*
 * What people say of an image beside its class and boxes: where it came from, what it is to be found by. Versions do not
 * keep it, and are not changed by it.
 */

export type MetadataValue = string | number | boolean;
export type Metadata = Readonly<Record<string, MetadataValue>>;

export interface ImageDescription {
  /** In the order of their bytes, each once. */
  tags: readonly string[];
  /** The name of the batch that it was uploaded with. */
  batch: string | null;
  /** Its place in a recording of so many images. */
  sequence: { number: number; size: number } | null;
  metadata: Metadata;
}

/** As it comes in. */
export interface GivenDescription {
  tags?: readonly string[] | undefined;
  batch?: string | undefined;
  sequence?: { number: number; size: number } | undefined;
  metadata?: unknown;
}

export const NO_DESCRIPTION: ImageDescription = { tags: [], batch: null, sequence: null, metadata: {} };

/** A description fit to be stored. Throws `invalid_input`. */
export function parseDescription({ tags = [], batch = "", sequence, metadata }: GivenDescription): ImageDescription {
  return {
    tags: parseTags(tags),
    batch: parseBatch(batch),
    sequence: sequence ?? null,
    metadata: metadata === undefined ? {} : parseMetadata(metadata),
  };
}

const LENGTH_MAX = 200;
const TEXT_MAX = 1_000;
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

const refuse = (field: string, sentence: string): DomainError => new DomainError("invalid_input", sentence, { field });

/** Compared by code units, as the database's "C" collation does for all but rare characters. */
export const sortTags = (tags: Iterable<string>): string[] => [...new Set(tags)].sort();

/** Empty ones are passed over: that is what a comma too many gives. Throws `invalid_input`. */
export function parseTags(given: readonly string[], field = "tag"): string[] {
  const tags = sortTags(given.map(normalizeName).filter((tag) => tag !== ""));
  if (tags.some((tag) => tag.length > LENGTH_MAX || UNFIT.test(tag)))
    throw refuse(field, `A tag has 1 to ${LENGTH_MAX} characters and no line breaks.`);
  if (tags.length > TAGS_PER_IMAGE_MAX) throw refuse(field, `An image has at most ${TAGS_PER_IMAGE_MAX} tags.`);
  return tags;
}

function parseBatch(given: string): string | null {
  const batch = normalizeName(given);
  if (batch.length > LENGTH_MAX || UNFIT.test(batch))
    throw refuse("batch", `The name of a batch has at most ${LENGTH_MAX} characters and no line breaks.`);
  return batch === "" ? null : batch;
}

/** Throws `invalid_input`. */
export function parseMetadata(given: unknown, field = "metadata"): Metadata {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw refuse(field, `"${field}" must be a JSON object of keys and values.`);
  const entries = Object.entries(given);
  if (entries.length > METADATA_KEYS_MAX)
    throw refuse(field, `An image's metadata has at most ${METADATA_KEYS_MAX} keys.`);
  for (const [key, value] of entries) {
    parseMetadataKeys([key], field);
    if (!(typeof value === "string" ? isText(value) : typeof value === "number" || typeof value === "boolean"))
      throw refuse(
        field,
        `A value in "${field}" must be a text of at most ${TEXT_MAX} characters, a number, true or false.`,
      );
  }
  return Object.fromEntries(entries) as Metadata;
}

/** PostgreSQL keeps no NUL, and no half of a character. */
const isText = (value: string): boolean => value.length <= TEXT_MAX && !/[\0\p{Cs}]/u.test(value);

/** Throws `invalid_input`. */
export function parseMetadataKeys(keys: readonly string[], field = "removeMetadata"): readonly string[] {
  if (keys.some((key) => key === "" || key.length > LENGTH_MAX || UNFIT.test(key)))
    throw refuse(field, `A key in "${field}" has 1 to ${LENGTH_MAX} characters and no line breaks.`);
  return keys;
}

/** A batch's id is its name, written so that it fits into a path. */
export const batchId = (batch: string): string => Buffer.from(batch).toString("base64url");

/** The name that an id stands for; null for what is no id. */
export function batchOfId(id: string): string | null {
  const name = Buffer.from(id, "base64url").toString();
  return name !== "" && batchId(name) === id && !UNFIT.test(name) ? name : null;
}
